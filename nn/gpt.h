// A GPT (Radford et al. 2019): pre-norm transformer decoder, smallest part first.
//   x = token + position;  each block: x += attention(norm(x)), x += mlp(norm(x));  logits = head(norm(x))
// Strings are not padded: the rows of all strings of a batch stand one after the other.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "nn/parameters.h"
#include "tensor/ops.h"
#include "tensor/rng.h"

namespace banel {

struct GPTConfig {
  int vocabulary = 13;  // token ids 0..vocabulary-1
  int context = 32;     // longest input, in tokens; at most kernels::max_context
  int d_model = 64;     // width of the residual stream
  int layers = 2;
  int heads = 4;  // d_model must be divisible by it
  bool operator==(const GPTConfig&) const = default;
};

struct LayerNorm {
  std::size_t gain, bias;
  LayerNorm(Parameters&, const std::string& name, int width);
  Tensor operator()(const Weights& w, const Tensor& x) const { return layer_norm(x, w[gain], w[bias]); }
};

struct Linear {
  std::size_t weight, bias;  // weight is (inputs, outputs): y = x W + b
  Linear(Parameters&, const std::string& name, int inputs, int outputs);
  Tensor operator()(const Weights& w, const Tensor& x) const { return linear(x, w[weight], w[bias]); }
  Tensor operator()(const Weights& w, const Tensor& x, const Tensor& residual) const {
    return linear(x, w[weight], w[bias], residual);
  }
};

using Wanted = std::optional<std::span<const int>>;  // the rows whose results are wanted; nothing: all

struct Block {
  LayerNorm norm1;
  Linear qkv, attention_out;
  LayerNorm norm2;
  Linear mlp_in, mlp_out;
  Block(Parameters&, const std::string& name, int width);
  template <class Attend>
  Tensor operator()(const Weights& w, Tensor x, Attend attend, const Wanted& wanted) const {
    Tensor attended = attend(qkv(w, norm1(w, x)));  // to the keys and values of all rows
    if (wanted) attended = select(attended, *wanted), x = select(x, *wanted);
    x = attention_out(w, attended, x);
    return mlp_out(w, gelu(mlp_in(w, norm2(w, x))), x);
  }
};

// What the network reads: row n is token tokens[n] at position positions[n] of its string.
struct Rows {
  std::span<const int> tokens, positions;
  // Whole strings: string b is rows offsets[b]..offsets[b+1]-1, behind the first shared[b] rows of string
  // b-1; empty `shared`: behind none.
  std::span<const int> offsets, shared = {};
  std::span<const int> slots = {};  // or one new token per string, all at one position: each row's cache slot
  Wanted wanted = {};
};

class GPT {
 public:
  GPT(const GPTConfig&, Rng);  // errors: UsageError naming the setting that is out of range

  const GPTConfig& config() const { return config_; }
  Tensor hidden(const Weights&, const Rows&) const;  // whole strings, before the head (wanted, d_model)
  Tensor logits(const Weights&, const Rows&) const;  // whole strings (wanted, vocabulary)
  Tensor logits(const Weights&, const Rows&,
                std::vector<KeyValueCache>& layers) const;  // one new token per string
  std::vector<KeyValueCache> make_cache(int slots) const;
  double flops_per_token() const;  // forward pass: 2 x (weights of the linear layers)

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
