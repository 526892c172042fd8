// The whole vocabulary of operations: result, shapes, preconditions. All throw UsageError naming the
// operation and the shapes. Spans passed in (ids, offsets, targets, weights) must stay alive until backward()
// has run.
#pragma once
#include <span>

#include "tensor/tape.h"

namespace banel {

Tensor add(const Tensor& a, const Tensor& b);         // a + b, same shape
Tensor sub(const Tensor& a, const Tensor& b);         // a - b, same shape
Tensor mul(const Tensor& a, const Tensor& b);         // a b element by element, same shape
Tensor scale(const Tensor& a, real c);                // c a
Tensor exp(const Tensor& a);                          // e^a, a clamped to [-87, 88] in float
Tensor log(const Tensor& a);                          // ln a; a > 0
Tensor sum(const Tensor& a);                          // scalar: sum of all numbers
Tensor mean(const Tensor& a);                         // scalar: sum / count; at least one number
Tensor reshape(const Tensor& a, const Shape& shape);  // the same numbers, the same count, another shape
Tensor gelu(const Tensor& a);                         // tanh form of GELU (Hendrycks & Gimpel 2016)

// table[ids[n]] for each n: (V,D) -> (N,D); ids in 0..V-1.
Tensor embedding(const Tensor& table, std::span<const int> ids);

// x[rows[m]] for each m: (N,D) -> (M,D); rows in 0..N-1.
Tensor select(const Tensor& x, std::span<const int> rows);

// Row by row (x - mean) / sqrt(variance + 1e-5) * gain + bias: (N,D), (D), (D) -> (N,D) (Ba et al. 2016).
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias);

// x W + b: (N,K), (K,M), (M) -> (N,M); with a residual (N,M): residual + x W + b.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual);

// Causal multi-head self-attention (Vaswani et al. 2017): qkv (N,3D) -> (N,D). String b is the first
// shared[b] rows of string b-1, whose results do not change, then rows offsets[b]..offsets[b+1]-1; empty
// `shared`: these rows alone. D divisible by heads; strings of at most kernels::max_context rows.
Tensor attention(const Tensor& qkv, int heads, std::span<const int> offsets,
                 std::span<const int> shared = {});

// sum over n of weights[n] (-log softmax(logits[n])[targets[n]]): (N,V) -> scalar.
Tensor cross_entropy(const Tensor& logits, std::span<const int> targets, std::span<const real> weights);

// Keys and values of the tokens read so far, for one layer and `slots` strings (see kernels::attention_step).
struct KeyValueCache {
  int slots = 0, heads = 0, head_width = 0, context = 0;
  Reals numbers;  // one after the other for every simd::width strings
  KeyValueCache(int slots, int heads, int d_model, int context);
  void copy(int from, int to, int positions);  // a slot's keys and values at 0..positions-1 to another slot
};

// One new token for each string: row n of qkv (N,3D) is the token at `position` of the string in slots[n].
// Forward only (needs a tape made with Record::no).
Tensor attention_step(const Tensor& qkv, KeyValueCache& cache, std::span<const int> slots, int position);

}  // namespace banel
