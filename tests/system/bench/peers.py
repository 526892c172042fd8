"""How many times as fast as PyTorch `banel bench` is on the same tiny GPTs, on the same cores.

    python3 tests/system/bench/peers.py build/native/tasks/banel [--rounds 5] [--seconds 0.5]
        [--configs S M F] [--works train loglik sample]

Rounds take turns: this program's measurement and PyTorch's with 1 and with 2 threads, each in a process of
its own (OpenBLAS reads its thread count when it is loaded), in every second round the other way round. A
round's ratio is that of the better thread counts; the table shows the median ratio and the lowest and
highest. --json FILE keeps every number. Both use the OpenBLAS kernels of this CPU: for PyTorch
OPENBLAS_CORETYPE is set to the family that `banel doctor` names, without which Debian's OpenBLAS can fall
back to its slowest. The version of PyTorch goes to stderr.

A token is one row of the batch; train is forward, backward, clipping and AdamW; loglik is one summed
log-likelihood per string; sample draws whole strings with a cache of keys and values.
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

VOCAB = 13
CONFIGS = {
    "S": dict(d=48, layers=3, heads=4, batch=256, length=18),
    "M": dict(d=128, layers=4, heads=4, batch=128, length=36),
    "F": dict(d=64, layers=2, heads=4, batch=64, length=12),
}
WORKS = ("train", "loglik", "sample")
THREADS = (1, 2)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.attention_out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp_in, self.mlp_out = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x, mask=None, cache=None, position=0):
        batch, n, d = x.shape
        size = d // self.heads
        q, k, v = self.qkv(self.norm1(x)).view(batch, n, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        if cache is not None:  # (2, batch, heads, length, size), filled up to position
            cache[0, :, :, position:position + n] = k
            cache[1, :, :, position:position + n] = v
            k, v = cache[:, :, :, :position + n]
        scores = (q * (1 / math.sqrt(size))) @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores + mask
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, n, d)
        x = x + self.attention_out(y)
        return x + self.mlp_out(F.gelu(self.mlp_in(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, d, layers, heads, length):
        super().__init__()
        self.d, self.heads, self.length = d, heads, length
        self.token_embedding = nn.Embedding(VOCAB, d)
        self.position_embedding = nn.Parameter(0.02 * torch.randn(length, d))
        self.blocks = nn.ModuleList(Block(d, heads) for _ in range(layers))
        self.final_norm, self.head = nn.LayerNorm(d), nn.Linear(d, VOCAB)
        self.register_buffer("mask", torch.full((length, length), -math.inf).triu(1))

    def forward(self, tokens):
        n = tokens.shape[1]
        x = self.token_embedding(tokens) + self.position_embedding[:n]
        for block in self.blocks:
            x = block(x, self.mask[:n, :n])
        return self.head(self.final_norm(x))

    def new_cache(self, batch):
        return torch.empty(
            len(self.blocks), 2, batch, self.heads, self.length, self.d // self.heads)

    def next_logits(self, tokens, position, cache):
        """One token per string (batch) at this position -> (batch, VOCAB)."""
        x = (self.token_embedding(tokens) + self.position_embedding[position]).unsqueeze(1)
        for block, block_cache in zip(self.blocks, cache):
            x = block(x, None, block_cache, position)
        return self.head(self.final_norm(x)).squeeze(1)


def train_work(model, batch, length):
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=0.1), dict(params=others, weight_decay=0.0)],
        lr=1e-3, betas=(0.9, 0.98), foreach=True)
    text = torch.randint(VOCAB, (batch, length + 1))
    tokens, targets = text[:, :-1].contiguous(), text[:, 1:].reshape(-1)

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(tokens).view(-1, VOCAB), targets).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()

    return step


def loglik_work(model, batch, length):
    text = torch.randint(VOCAB, (batch, length + 1))
    tokens, targets = text[:, :-1].contiguous(), text[:, 1:].reshape(-1)

    @torch.inference_mode()
    def step():
        nll = F.cross_entropy(model(tokens).view(-1, VOCAB), targets, reduction="none")
        return -nll.view(batch, length).sum(1)

    return step


def sample_work(model, batch, length):
    cache = model.new_cache(batch)

    @torch.inference_mode()
    def step():
        tokens = torch.zeros(batch, dtype=torch.long)
        strings = torch.empty(batch, length, dtype=torch.long)
        for position in range(length):
            p = model.next_logits(tokens, position, cache).softmax(-1)
            tokens = torch.multinomial(p, 1).squeeze(1)
            strings[:, position] = tokens
        return strings

    return step


@torch.inference_mode()
def check_cache(model, length):
    tokens = torch.randint(VOCAB, (3, length))
    cache = model.new_cache(3)
    steps = [model.next_logits(tokens[:, i], i, cache) for i in range(length)]
    assert torch.allclose(torch.stack(steps, 1), model(tokens), atol=1e-4)


def measure(step, seconds, parts=5):
    """Calls per second: the median of some parts, as `banel bench` measures it."""
    for _ in range(3):
        step()
    rates = []
    for _ in range(parts):
        calls, start, elapsed = 0, time.perf_counter(), 0
        while elapsed < seconds / parts:
            step()
            calls += 1
            elapsed = time.perf_counter() - start
        rates.append(calls / elapsed)
    return statistics.median(rates)


def worker(options):
    torch.set_num_threads(options.worker)
    for config in options.configs:
        shape = dict(CONFIGS[config])
        batch, length = shape.pop("batch"), shape["length"]
        for work in options.works:
            torch.manual_seed(1)
            model = Gpt(**shape)
            check_cache(model, length)
            make = dict(train=train_work, loglik=loglik_work, sample=sample_work)[work]
            rate = measure(make(model, batch, length), options.seconds)
            print(json.dumps(dict(
                config=config, work=work, threads=options.worker,
                tokens_per_s=round(rate * batch * length), strings_per_s=round(rate * batch))))


def best_of(rows):
    """(config, work) -> the row of the best thread count."""
    best = {}
    for row in rows:
        key = row["config"], row["work"]
        if key not in best or row["tokens_per_s"] > best[key]["tokens_per_s"]:
            best[key] = row
    return best


def run_banel(options):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "bench.json"
        subprocess.run(
            [options.banel, "bench", "--quiet", "--threads", ",".join(map(str, THREADS)),
             "--seconds", str(options.seconds), "--configs", ",".join(options.configs),
             "--works", ",".join(options.works), "--json", file],
            check=True, stdout=subprocess.DEVNULL)
        return json.loads(file.read_text())["rows"]


def run_torch(options, core):
    rows = []
    for threads in THREADS:
        count = str(threads)
        environment = dict(os.environ, OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count,
                           OPENBLAS_CORETYPE=core)
        command = [sys.executable, __file__, options.banel, "--worker", count,
                   "--seconds", str(options.seconds), "--configs", *options.configs,
                   "--works", *options.works]
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE,
                                text=True).stdout
        rows += [json.loads(line) for line in output.splitlines()]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("banel", help="the program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="per measurement and round")
    parser.add_argument("--configs", nargs="+", choices=CONFIGS, default=list(CONFIGS))
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--json", type=pathlib.Path, help="keep every number in this file")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)  # thread count of a child
    options = parser.parse_args()
    if options.worker:
        worker(options)
        return

    doctor = json.loads(subprocess.run([options.banel, "doctor"], check=True, capture_output=True).stdout)
    print("torch", torch.__version__, "OpenBLAS", doctor["blas_kernels"], file=sys.stderr)
    rounds = []
    for number in range(options.rounds):
        sides = dict(banel=lambda: run_banel(options),
                     torch=lambda: run_torch(options, doctor["blas_kernels"]))
        order = list(sides) if number % 2 == 0 else reversed(sides)
        rounds.append({side: sides[side]() for side in order})
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(rounds, indent=1))

    print("| config | work | banel, tokens/s | threads | PyTorch, tokens/s | threads | times as fast |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    best = [(best_of(r["banel"]), best_of(r["torch"])) for r in rounds]
    for key in best[0][0]:
        ratios = sorted(ours[key]["tokens_per_s"] / theirs[key]["tokens_per_s"] for ours, theirs in best)
        middle = [statistics.median(side[key]["tokens_per_s"] for side in sides) for sides in zip(*best)]
        threads = ["/".join(sorted({str(side[key]["threads"]) for side in sides})) for sides in zip(*best)]
        print(f"| {key[0]} | {key[1]} | {middle[0]:,.0f} | {threads[0]} | {middle[1]:,.0f} | {threads[1]} "
              f"| {statistics.median(ratios):.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f}) |")


if __name__ == "__main__":
    main()
