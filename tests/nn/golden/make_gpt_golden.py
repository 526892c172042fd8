"""Golden numbers for the tiny GPT: 10 AdamW steps, computed independently with PyTorch.

Run from anywhere with a python3 that has torch, writes gpt.safetensors next to this file:

    python3 tests/nn/golden/make_gpt_golden.py

The model, the optimizer and the file writer are spelled out here with nothing but tensors and
autograd. All arithmetic is float64; the inputs (initial weights, row weights) are float32 values
and everything is stored as F32. Linear weights are (in, out): y = x W + b.

Tensors (t = 0..9):
    init.NAME, final.NAME                    parameters before step 0 and after step 9
    step{t}.tokens, .targets, .weights (N)   rows of all sequences, one after the other
    step{t}.offsets (B+1)                    sequence i is rows offsets[i] .. offsets[i+1]
    step{t}.loss, step{t}.grad_norm (1)      grad_norm and grad before clipping
    step{t}.grad.NAME

Row weights are multiples of 1/256 that sum to exactly 1, some are 0. The clip norm of 2 lies
between the gradient norms, so some steps are clipped and some are not.

The key bias, block{l}.qkv.bias[D:2D], shifts all scores of a softmax alike: its true gradient is 0
and what is stored is rounding noise. Adam blows that noise up (a float32 gradient of 1e-9 is not
small against eps = 1e-8), so do not compare final key biases tightly; the model does not see them.
The noise depends on the BLAS kernels; with the same ones a second run gives identical bytes.
"""
import json
import math
import pathlib
import struct

import torch

V, T_MAX, D, LAYERS, HEADS = 13, 8, 8, 2, 2
STEPS, SEQUENCES, SEED = 10, 4, 5
LR, BETA1, BETA2, EPS, DECAY, CLIP = 1e-2, 0.9, 0.98, 1e-8, 0.1, 2.0
NORM_EPS = 1e-5


def parameter_shapes():
    shapes = {"token_embedding": (V, D), "position_embedding": (T_MAX, D)}

    def norm(name):
        shapes[name + ".gain"] = shapes[name + ".bias"] = (D,)

    def linear(name, n_in, n_out):
        shapes[name + ".weight"] = (n_in, n_out)
        shapes[name + ".bias"] = (n_out,)

    for layer in range(LAYERS):
        block = f"block{layer}."
        norm(block + "norm1")
        linear(block + "qkv", D, 3 * D)
        linear(block + "attention_out", D, D)
        norm(block + "norm2")
        linear(block + "mlp_in", D, 4 * D)
        linear(block + "mlp_out", 4 * D, D)
    norm("final_norm")
    linear("head", D, V)
    return shapes


def initial_parameters(generator):
    parameters = {}
    for name, shape in parameter_shapes().items():
        normal = torch.randn(shape, generator=generator, dtype=torch.float64)
        if len(shape) == 2:
            value = 0.3 * normal
        elif name.endswith(".gain"):
            value = 1 + 0.1 * normal
        else:
            value = 0.1 * normal
        parameters[name] = value.float()
    return parameters


def make_batch(generator):
    """Ragged sequences of different lengths; the target of a row is the next token."""
    lengths = (torch.randperm(T_MAX, generator=generator)[:SEQUENCES] + 1).tolist()
    texts = [torch.randint(V, (n + 1,), generator=generator) for n in lengths]
    rows = sum(lengths)
    likely = torch.rand(rows, generator=generator, dtype=torch.float64)
    likely[torch.randperm(rows, generator=generator)[: max(1, rows // 5)]] = 0
    drawn = torch.multinomial(likely, 256, replacement=True, generator=generator)
    return {
        "tokens": torch.cat([text[:-1] for text in texts]),
        "targets": torch.cat([text[1:] for text in texts]),
        "weights": torch.bincount(drawn, minlength=rows) / 256,
        "offsets": torch.tensor([0] + lengths).cumsum(0),
    }


def layer_norm(x, p, name):
    centred = x - x.mean(-1, keepdim=True)
    variance = (centred * centred).mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + NORM_EPS) * p[name + ".gain"] + p[name + ".bias"]


def linear(x, p, name):
    return x @ p[name + ".weight"] + p[name + ".bias"]


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(x, p, block):
    n, size = len(x), D // HEADS
    q, k, v = linear(x, p, block + "qkv").split(D, dim=-1)
    future = torch.ones(n, n, dtype=torch.bool).triu(1)
    heads = []
    for h in range(HEADS):
        part = slice(h * size, (h + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        heads.append(scores.masked_fill(future, -math.inf).softmax(-1) @ v[:, part])
    return linear(torch.cat(heads, dim=-1), p, block + "attention_out")


def logits_of(tokens, p):
    """(n) tokens of one sequence -> (n, V)."""
    x = p["token_embedding"][tokens] + p["position_embedding"][: len(tokens)]
    for layer in range(LAYERS):
        block = f"block{layer}."
        x = x + attention(layer_norm(x, p, block + "norm1"), p, block)
        hidden = gelu(linear(layer_norm(x, p, block + "norm2"), p, block + "mlp_in"))
        x = x + linear(hidden, p, block + "mlp_out")
    return linear(layer_norm(x, p, "final_norm"), p, "head")


def loss_of(batch, p):
    offsets = batch["offsets"].tolist()
    logits = torch.cat(
        [logits_of(batch["tokens"][a:b], p) for a, b in zip(offsets, offsets[1:])])
    picked = logits.log_softmax(-1)[torch.arange(len(logits)), batch["targets"]]
    return -(batch["weights"].double() * picked).sum()


def run():
    generator = torch.Generator().manual_seed(SEED)
    initial = initial_parameters(generator)
    stored = {"init." + name: value for name, value in initial.items()}
    p = {name: value.double().requires_grad_() for name, value in initial.items()}
    mean = {name: torch.zeros_like(value) for name, value in p.items()}
    square = {name: torch.zeros_like(value) for name, value in p.items()}

    for t in range(STEPS):
        batch = make_batch(generator)
        loss = loss_of(batch, p)
        grads = dict(zip(p, torch.autograd.grad(loss, list(p.values()))))
        norm = torch.sqrt(sum((g * g).sum() for g in grads.values()))
        for name, value in batch.items():
            stored[f"step{t}.{name}"] = value
        stored[f"step{t}.loss"] = loss.detach().reshape(1)
        stored[f"step{t}.grad_norm"] = norm.reshape(1)
        for name, g in grads.items():
            stored[f"step{t}.grad.{name}"] = g

        scale = min(1.0, CLIP / (norm.item() + 1e-6))
        with torch.no_grad():
            for name, value in p.items():
                g = scale * grads[name]
                mean[name] = BETA1 * mean[name] + (1 - BETA1) * g
                square[name] = BETA2 * square[name] + (1 - BETA2) * g * g
                unbiased_mean = mean[name] / (1 - BETA1 ** (t + 1))
                unbiased_square = square[name] / (1 - BETA2 ** (t + 1))
                if value.dim() == 2:
                    value -= LR * DECAY * value
                value -= LR * unbiased_mean / (unbiased_square.sqrt() + EPS)

    stored.update({"final." + name: value.detach() for name, value in p.items()})
    return stored


def check(stored):
    assert all(torch.isfinite(value).all() for value in stored.values())
    norms = [stored[f"step{t}.grad_norm"].item() for t in range(STEPS)]
    assert any(n > 1.05 * CLIP for n in norms) and any(n < 0.95 * CLIP for n in norms), norms
    lengths = set()
    for t in range(STEPS):
        weights = stored[f"step{t}.weights"]
        assert weights.sum() == 1 and (weights >= 0).all() and (weights == 0).any()
        lengths |= set(stored[f"step{t}.offsets"].diff().tolist())
    assert lengths == set(range(1, T_MAX + 1))

    def mean_loss(which):
        p = {name: stored[f"{which}.{name}"].double() for name in parameter_shapes()}
        batches = [{k: stored[f"step{t}.{k}"] for k in ("tokens", "targets", "weights", "offsets")}
                   for t in range(STEPS)]
        return sum(loss_of(batch, p).item() for batch in batches) / STEPS

    assert mean_loss("final") < mean_loss("init"), "the steps do not lower the loss on their data"


def write_safetensors(path, tensors, metadata):
    header, blobs, position = {"__metadata__": metadata}, [], 0
    for name, value in tensors.items():
        blob = value.float().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape),
                        "data_offsets": [position, position + len(blob)]}
        blobs.append(blob)
        position += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main():
    torch.set_num_threads(1)
    stored = run()
    check(stored)
    config = dict(vocab=V, context=T_MAX, d_model=D, layers=LAYERS, heads=HEADS, mlp=4 * D,
                  norm_eps=NORM_EPS, steps=STEPS, sequences=SEQUENCES, seed=SEED, lr=LR,
                  beta1=BETA1, beta2=BETA2, eps=EPS, weight_decay=DECAY, clip=CLIP)
    path = pathlib.Path(__file__).with_name("gpt.safetensors")
    write_safetensors(path, stored, {key: str(value) for key, value in config.items()})
    print(f"{path.name}: {path.stat().st_size} bytes, {len(stored)} tensors")
    for t in range(STEPS):
        print(f"step {t}: loss {stored[f'step{t}.loss'].item():.8f}"
              f" grad_norm {stored[f'step{t}.grad_norm'].item():.8f}")


if __name__ == "__main__":
    main()
