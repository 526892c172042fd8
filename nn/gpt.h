// A GPT (Radford et al. 2019): a transformer decoder with the norms first. The smallest part comes first.
//
//   x = token_embedding + position_embedding
//   for each block:  x = x + attention(norm(x));  x = x + mlp(norm(x))
//   logits = head(norm(x))
//
//   GPT gpt({.vocabulary = 13, .context = 16}, Rng(1, "my weights"));
//   const std::vector<int> tokens = {4, 0, 2, 7, 7}, positions = {0, 1, 2, 0, 1}, offsets = {0, 3, 5};
//   Tape tape(Record::no);
//   Tensor logits = gpt.logits(Weights(tape, gpt.parameters), {tokens, positions, offsets});  // (5, 13)
//
// Strings are not padded. The rows of all strings of a batch follow one another; N is their number, D the
// width d_model, V the vocabulary.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "nn/parameters.h"
#include "tensor/ops.h"
#include "tensor/rng.h"

namespace banel {

struct GPTConfig {
  int vocabulary = 13;  // V: token ids are 0..V-1
  int context = 32;     // the longest string that is read, in tokens; at most kernels::max_context
  int d_model = 64;     // D: width of the residual stream
  int layers = 2;       // blocks
  int heads = 4;        // of each attention; d_model / heads is a whole number, at most kernels::max_head
  bool operator==(const GPTConfig&) const = default;
};

// Some rows of a result, in increasing order; nothing: all rows.
using OutputRows = std::optional<std::span<const int>>;

struct LayerNorm {
  std::size_t gain, bias;  // numbers of parameters, as in all parts below
  LayerNorm(Parameters&, const std::string& name, int width);
  Tensor operator()(const Weights& w, const Tensor& x) const { return layer_norm(x, w[gain], w[bias]); }
};

struct Linear {
  std::size_t weight, bias;  // (inputs, outputs), (outputs)
  Linear(Parameters&, const std::string& name, int inputs, int outputs);
  // x W + b, and residual + x W + b
  Tensor operator()(const Weights& w, const Tensor& x) const { return linear(x, w[weight], w[bias]); }
  Tensor operator()(const Weights& w, const Tensor& x, const Tensor& residual) const {
    return linear(x, w[weight], w[bias], residual);
  }
};

struct SelfAttention {
  Linear qkv, out;
  SelfAttention(Parameters&, const std::string& block, int width);
  // residual + out(attend(qkv(x))), where attend() maps (N,3D) to (N,D). With M output rows only these are
  // computed, from the keys and values of all N rows: (M,D).
  template <class Attend>
  Tensor operator()(const Weights& w, const Tensor& x, Tensor residual, Attend attend,
                    const OutputRows& rows) const {
    Tensor attended = attend(qkv(w, x));
    if (rows) attended = select(attended, *rows), residual = select(residual, *rows);
    return out(w, attended, residual);
  }
};

struct Mlp {
  Linear in, out;
  Mlp(Parameters&, const std::string& block, int width);
  // residual + out(gelu(in(x))): widths D -> 4D -> D
  Tensor operator()(const Weights& w, const Tensor& x, const Tensor& residual) const {
    return out(w, gelu(in(w, x)), residual);
  }
};

struct Block {
  LayerNorm norm1;
  SelfAttention attention;
  LayerNorm norm2;
  Mlp mlp;
  Block(Parameters&, const std::string& name, int width);
  template <class Attend>
  Tensor operator()(const Weights& w, Tensor x, Attend attend, const OutputRows& rows) const {
    x = attention(w, norm1(w, x), x, attend, rows);  // x + attention(norm(x)): (N,D) -> (N,D), or (M,D)
    return mlp(w, norm2(w, x), x);                   // x + mlp(norm(x)):       the same shape
  }
};

// What the network reads: row n is the token tokens[n] at position positions[n] of its string. The spans must
// stay alive until the tape is reset.
struct Rows {
  std::span<const int> tokens, positions;
  // Whole strings: string b is rows offsets[b]..offsets[b+1]-1, after the first shared[b] rows of string b-1
  // (which may in turn be shared); empty `shared`: after none.
  std::span<const int> offsets = {}, shared = {};
  // Or one token of each string, all at one position: slots[n] is the slot in the cache of the string of row
  // n.
  std::span<const int> slots = {};
  OutputRows output_rows = {};  // rows whose results are asked for: M of N
};

class GPT {
 public:
  // Fresh weights from the generator. Errors: UsageError that names the setting that is out of range.
  GPT(const GPTConfig&, Rng);

  const GPTConfig& config() const { return config_; }
  // Whole strings: the input of the head (M,D), and the logits (M,V).
  Tensor hidden(const Weights&, const Rows&) const;
  Tensor logits(const Weights&, const Rows&) const;
  // The logits (M,V) of one token of each string. The cache holds the keys and values of the tokens before it
  // and takes those of this one. Needs a tape made with Record::no.
  Tensor logits(const Weights&, const Rows&, std::vector<KeyValueCache>& layers) const;
  std::vector<KeyValueCache> make_cache(int slots) const;  // empty, one for each block
  double flops_per_token() const;  // of a forward pass: 2 for each weight of the linear layers

  Parameters parameters;

 private:
  template <class Attend>
  Tensor blocks(const Weights&, const Rows&, Attend) const;
  void initialise(Rng);

  GPTConfig config_;
  std::size_t token_embedding_, position_embedding_;
  std::vector<Block> blocks_;
  LayerNorm final_norm_;
  Linear head_;
};

}  // namespace banel
