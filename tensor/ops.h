// The operations on tensors, each with its formula and shapes. All but attention_step have a derivative.
//
//   Tensor h = gelu(linear(x, w1, b1));  // x (N,K), w1 (K,M), b1 (M): h is (N,M)
//
// N is the number of rows, D their width. The result is on the tape of the first argument; all arguments must
// be on this tape. Errors: UsageError that names the operation, the shapes and what was expected. Spans (ids,
// rows, offsets, targets, weights) must stay alive until backward() has run.
//
// A new operation takes a line here, a function in one of the ops_*.cpp, a loop in kernels/ if it is a long
// one, and a row in the table of tests/tensor/ops_grad_test.cpp, which fails for an operation that it does
// not know.
#pragma once
#include <span>

#include "tensor/tape.h"

namespace banel {

Tensor add(const Tensor& a, const Tensor& b);         // a + b, same shape
Tensor sub(const Tensor& a, const Tensor& b);         // a - b, same shape
Tensor mul(const Tensor& a, const Tensor& b);         // a b element by element, same shape
Tensor scale(const Tensor& a, real c);                // c a
Tensor exp(const Tensor& a);                          // e^a; in float a is clamped to [-87, 88]
Tensor log(const Tensor& a);                          // ln a, for a > 0
Tensor sum(const Tensor& a);                          // sum of all numbers, a scalar
Tensor mean(const Tensor& a);                         // sum / count, a scalar, of at least one number
Tensor reshape(const Tensor& a, const Shape& shape);  // the same numbers in a shape of the same size
Tensor gelu(const Tensor& a);                         // tanh form of GELU (Hendrycks & Gimpel 2016)

// y[n] = table[ids[n]]: (V,D) -> (N,D). ids are in 0..V-1.
Tensor embedding(const Tensor& table, std::span<const int> ids);

// y[m] = x[rows[m]]: (N,D) -> (M,D). rows are in 0..N-1.
Tensor select(const Tensor& x, std::span<const int> rows);

// For each row, y = gain (x - mean) / sqrt(variance + 1e-5) + bias: (N,D), (D), (D) -> (N,D) (Ba et al.
// 2016).
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias);

// x W + b: (N,K), (K,M), (M) -> (N,M). With a residual (N,M): residual + x W + b.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual);

// Causal self-attention of several heads (Vaswani et al. 2017): (N,3D) -> (N,D). A row of qkv is query, key
// and value, each D wide; head h is columns hC..(h+1)C-1 of each, with C = D / heads. Within a string,
//   out[t] = sum over j <= t of p[t][j] v[j],  p[t] = softmax over j <= t of (q[t] . k[j] / sqrt(C)).
// String b is rows offsets[b]..offsets[b+1]-1, after the first shared[b] rows of string b-1; empty `shared`:
// after none. A string has at most kernels::max_context rows, a head at most kernels::max_head columns.
Tensor attention(const Tensor& qkv, int heads, std::span<const int> offsets,
                 std::span<const int> shared = {});

// - sum over n of weights[n] log softmax(logits[n])[targets[n]], in nats: (N,V) -> scalar.
Tensor cross_entropy(const Tensor& logits, std::span<const int> targets, std::span<const real> weights);

// The keys and values of the tokens read so far, for one layer and up to `slots` strings.
struct KeyValueCache {
  int slots = 0, heads = 0, head_width = 0, context = 0;
  Reals numbers;  // for each simd::width slots, one block in the layout of kernels::attention_step
  KeyValueCache(int slots, int heads, int d_model, int context);
  void copy(int from, int to, int positions);  // keys and values at positions 0..positions-1, slot to slot
};

// attention() for one new token of each string: (N,3D) -> (N,D). Row n is the token at `position` of the
// string in slots[n]; its key and value are added to the cache. The slots differ. Needs a tape made with
// Record::no.
Tensor attention_step(const Tensor& qkv, KeyValueCache& cache, std::span<const int> slots, int position);

}  // namespace banel
