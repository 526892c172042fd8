// Loops over plain arrays: no tape, no threads, no allocation. ops.h wraps them.
//
//   std::vector<real> y(1000);
//   kernels::gelu(x.data(), 1000, y.data(), nullptr);
//
// Letters: N rows (tokens of all strings), D width of a row, H heads, C = D/H width of a head, T tokens of
// one string. dx is the gradient of x, "+=" adds to it, and beta is 1, or 0 if dx has no value yet and must
// not be read. Arrays of different arguments do not overlap unless a comment allows it.
#pragma once
#include <cmath>

#include "tensor/real.h"
#include "tensor/tape.h"

namespace banel::kernels {

// The longest string and the widest head of attention(): they bound its buffers on the stack.
constexpr Index max_context = 128, max_head = 64;

// y[c][r] = x[r][c]: (R,C) -> (C,R). Rows of x are `stride` apart, rows of y `ld`; each row of y is filled
// with 0 up to simd::round_up(R).
void transpose(const real* x, Index R, Index C, Index stride, real* y, Index ld);
// y[n] = bias + residual[n]: (D), (N,D) -> (N,D); residual nullptr: y[n] = bias
void start_rows(const real* bias, const real* residual, Index N, Index D, real* y);
// dbias += sum over n of dy[n]: (N,D) -> (D)
void sum_rows(const real* dy, Index N, Index D, real* dbias);
// dx = beta dx + a dy, for n numbers
void accumulate(const real* dy, real a, Index n, real beta, real* dx);
// dx = beta dx + dy slope, element by element, for n numbers
void accumulate_product(const real* dy, const real* slope, Index n, real beta, real* dx);

// y = x s(2u), u = sqrt(2/pi) (x + 0.044715 x^3), s(z) = 1 / (1 + e^-z), which is x (1 + tanh u) / 2
// (Hendrycks & Gimpel 2016). slope = dy/dx, for the backward pass; nullptr: not computed.
void gelu(const real* x, Index n, real* y, real* slope);

// For each row, y = gain (x - mean) rstd + bias with rstd = 1 / sqrt(variance + 1e-5). mean and rstd (N) are
// for the backward pass, which adds to dx, dgain and dbias.
void layer_norm(const real* x, const real* gain, const real* bias, Index N, Index D, real* y, real* mean,
                real* rstd);
void layer_norm_backward(const real* x, const real* gain, const real* mean, const real* rstd, const real* dy,
                         Index N, Index D, real* dx, real* dgain, real* dbias);

// p[i] = exp(x[i] - top) / sum for i < n, n >= 1. Both arrays have room for simd::round_up(n) numbers: those
// of x after the first n are ignored, those of p become 0. x == p is allowed.
struct Softmax {
  real top, sum;                                        // max of x[i]; sum of exp(x[i] - top)
  real log_sum() const { return top + std::log(sum); }  // log of sum of exp(x[i])
};
Softmax softmax(const real* x, Index n, real* p);
// dx = scale p (dp - sum over j of p[j] dp[j]), written over dp. Both have simd::round_up(n) numbers; after
// the first n those of p are 0 and those of dp finite.
void softmax_backward(const real* p, Index n, real scale, real* dp);

// Causal attention of one head in one string:
//   out[t] = sum over j <= t of p[t][j] v[j],  p[t] = softmax over j <= t of (q[t] . k[j] / sqrt(C))
// for t = from..T-1.
// q, k and v have T rows, `stride` apart; out has T - from rows, D apart; p is (T - from, simd::round_up(T)),
// of which a row has 0 after its first t + 1 weights up to a multiple of simd::width, and undefined numbers
// after that. The backward pass adds to dq, dk and dv. tests/support/plain_attention.h says the same in plain
// loops.
void attention(const real* q, const real* k, const real* v, Index from, Index T, Index C, Index stride,
               Index D, real* out, real* p);
void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout,
                        Index from, Index T, Index C, Index stride, Index D, real* dq, real* dk, real* dv);

// Attention of all heads for one new token at position t of up to simd::width strings, each in one lane of
// the vectors. x[lane] is (3 H C): query, key and value of the string in this lane; nullptr: no string.
// out[lane] is (H C). cache is (1 + 2 context, H C, simd::width): the query of this token, then the keys of
// all positions, then their values; those of position t are added.
void attention_step(const real* const* x, Index heads, Index t, Index C, Index context, real* cache,
                    real* const* out);

}  // namespace banel::kernels
