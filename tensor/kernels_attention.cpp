#include <algorithm>
#include <cmath>
#include <type_traits>

#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel::kernels {

using simd::Vec;

namespace {

// Both products below handle R rows at once: independent sums to overlap, and one load for R of them.

// s[r][j] = scale sum over c of x[r][c] keys[c][j] for j < n, in whole vectors: what stands behind n is not
// used.
template <Index R>
void dot(const real* x, Index stride, const real* keys, Index ld, Index n, Index C, real scale, real* s) {
  for (Index j = 0; j < n; j += simd::width) {
    Vec total[R]{};
    for (Index c = 0; c < C; ++c) {
      const Vec key = simd::load(keys + c * ld + j);
      for (Index r = 0; r < R; ++r) total[r] = simd::fma(x[r * stride + c], key, total[r]);
    }
    for (Index r = 0; r < R; ++r) simd::store(s + r * ld + j, scale * total[r]);
  }
}

// out[r] = beta out[r] + sum over i < n of w[r w_row + i w_step] rows[i], each of C numbers.
template <Index R>
void mix(const real* w, Index w_row, Index w_step, const real* rows, Index stride, Index n, Index C,
         real beta, real* out, Index out_stride) {
  for (Index c = 0; c < C; c += simd::width) {
    Vec total[R]{};
    if (beta != 0)
      for (Index r = 0; r < R; ++r) total[r] = simd::load_first(out + r * out_stride + c, C - c);
    for (Index i = 0; i < n; ++i) {
      const Vec row = simd::load_first(rows + i * stride + c, C - c);
      for (Index r = 0; r < R; ++r) total[r] = simd::fma(w[r * w_row + i * w_step], row, total[r]);
    }
    for (Index r = 0; r < R; ++r) simd::store_first(out + r * out_stride + c, total[r], C - c);
  }
}

// body(t, R) for rows t .. t+R-1: four at a time, all in the same vector of a row of p, then one by one.
template <class Body>
void in_fours(Index T, Body body) {
  Index t = 0;
  for (; t + 4 <= T; t += 4) body(t, std::integral_constant<Index, 4>());
  for (; t < T; ++t) body(t, std::integral_constant<Index, 1>());
}

real score_scale(Index C) { return 1 / std::sqrt(static_cast<real>(C)); }

}  // namespace

void attention(const real* q, const real* k, const real* v, Index T, Index C, Index stride, Index D,
               real* out, real* p) {
  const Index ld = simd::round_up(T);
  alignas(64) real keys[max_head * max_context];
  transpose(k, T, C, stride, keys, ld);
  in_fours(T, [&](Index t, auto R) {  // 1. scores
    dot<R.value>(q + t * stride, stride, keys, ld, t + R, C, score_scale(C), p + t * ld);
  });
  for (Index t = 0; t < T; ++t) softmax(p + t * ld, t + 1, p + t * ld);  // 2. probabilities
  in_fours(T, [&](Index t, auto R) {                                     // 3. mixture
    mix<R.value>(p + t * ld, ld, 1, v, stride, t + R, C, 0, out + t * D, D);
  });
}

void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout, Index T,
                        Index C, Index stride, Index D, real beta, real* dq, real* dk, real* dv) {
  const Index ld = simd::round_up(T);
  alignas(64) real values[max_head * max_context], ds[max_context * max_context];
  transpose(v, T, C, stride, values, ld);
  in_fours(T, [&](Index j, auto R) {  // 3. dv[j] += sum over t >= j of p[t][j] dout[t]
    mix<R.value>(p + j * ld + j, 1, ld, dout + j * D, D, T - j, C, beta, dv + j * stride, stride);
  });
  in_fours(T, [&](Index t, auto R) {  //    dp[t][j] = dout[t] . v[j]
    dot<R.value>(dout + t * D, D, values, ld, t + R, C, 1, ds + t * ld);
  });
  for (Index t = 0; t < T; ++t)
    softmax_backward(p + t * ld, t + 1, score_scale(C), ds + t * ld);  // 2. dp to ds
  in_fours(T, [&](Index t, auto R) {  // 1. dq[t] += sum over j <= t of ds[t][j] k[j]
    mix<R.value>(ds + t * ld, ld, 1, k, stride, t + R, C, beta, dq + t * stride, stride);
  });
  in_fours(T, [&](Index j, auto R) {  //    dk[j] += sum over t >= j of ds[t][j] q[t]
    mix<R.value>(ds + j * ld + j, 1, ld, q + j * stride, stride, T - j, C, beta, dk + j * stride, stride);
  });
}

void attention_step(const real* q, const real* k, const real* v, Index t, Index C, Index context,
                    real* cache_k, real* cache_v, real* out) {
  const Index ld = simd::round_up(context);
  alignas(64) real p[max_context];
  for (Index c = 0; c < C; ++c) cache_k[c * ld + t] = k[c];
  std::copy_n(v, C, cache_v + t * C);
  dot<1>(q, 0, cache_k, ld, t + 1, C, score_scale(C), p);
  softmax(p, t + 1, p);
  mix<1>(p, 0, 1, cache_v, C, t + 1, C, 0, out, 0);
}

}  // namespace banel::kernels
