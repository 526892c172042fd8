// Loops over plain arrays: no graph, no threads, no allocation. Forward stands next to backward.
//   N rows (tokens of all strings of a shard, one after the other), D width of a row, V vocabulary,
//   H heads, C = D/H width of a head, T tokens of one string. dx is the gradient of x; "+=" accumulates; beta
//   is 1, or 0 for a dx without a value so far, which is not read.
#pragma once
#include <cmath>

#include "tensor/real.h"
#include "tensor/tape.h"

namespace banel::kernels {

constexpr Index max_context = 128;  // longest string attention accepts, and
constexpr Index max_head = 64;      // widest head: both bound buffers on the stack

// y[c][r] = x[r][c], 0 from R to simd::round_up(R); rows are `stride` and `ld` apart     (R,C) -> (C,R)
void transpose(const real* x, Index R, Index C, Index stride, real* y, Index ld);
// y[n] = bias (+ residual[n] if given)                          (D), (N,D) -> (N,D)
void start_rows(const real* bias, const real* residual, Index N, Index D, real* y);
// dbias += sum over n of dy[n]                                  (N,D) -> (D)
void sum_rows(const real* dy, Index N, Index D, real* dbias);
// dx = beta dx + a dy                                           any n numbers
void accumulate(const real* dy, real a, Index n, real beta, real* dx);
// dx = beta dx + dy slope, element by element
void accumulate_product(const real* dy, const real* slope, Index n, real beta, real* dx);

// y = x s(2u), u = sqrt(2/pi) (x + 0.044715 x^3), s the logistic function; slope = dy/dx, kept for backward
// unless it is nullptr.
void gelu(const real* x, Index n, real* y, real* slope);

// y = gain (x - mean) / sqrt(variance + 1e-5) + bias, for each row; mean and rstd (N) are kept for backward.
void layer_norm(const real* x, const real* gain, const real* bias, Index N, Index D, real* y, real* mean,
                real* rstd);
void layer_norm_backward(const real* x, const real* gain, const real* mean, const real* rstd, const real* dy,
                         Index N, Index D, real* dx, real* dgain, real* dbias);

// p[i] = exp(x[i] - top) / sum, i < n. Both arrays have room for simd::round_up(n) numbers; what stands
// behind x's n is ignored, behind p's n it becomes 0. x == p is allowed. n >= 1.
struct Softmax {
  real top, sum;                                        // the largest x; the sum of exp(x[i] - top)
  real log_sum() const { return top + std::log(sum); }  // log of the sum of exp(x[i])
};
Softmax softmax(const real* x, Index n, real* p);
void softmax_backward(const real* p, Index n, real scale,
                      real* dp);  // dp = scale p (dp - sum of p dp), likewise padded

// One string, one head, causal attention: out[t] = sum over j <= t of p[t][j] v[j], p[t] = softmax(q[t] k^T /
// sqrt(C)), for t = from..T-1. q, k, v point into rows of width `stride`, out into rows of width D, the first
// of which is that of t = from. p is (T - from, simd::round_up(T)): the row of t holds the weights of keys
// 0..t, then 0 up to the end of their last vector, then nothing that may be read. Backward adds to dq, dk
// and dv.
void attention(const real* q, const real* k, const real* v, Index from, Index T, Index C, Index stride,
               Index D, real* out, real* p);
void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout,
                        Index from, Index T, Index C, Index stride, Index D, real* dq, real* dk, real* dv);

// The same for all heads of one new token, at position t, of up to simd::width strings whose past is cached,
// each in one lane of the vectors: appends k and v, then attends. x[lane] is (3 H C): q, k, v of the string
// in that lane, or nullptr; out[lane] is (H C). cache is (1 + 2 context, H C, simd::width): the present q,
// then keys, then values.
void attention_step(const real* const* x, Index heads, Index t, Index C, Index context, real* cache,
                    real* const* out);

}  // namespace banel::kernels
