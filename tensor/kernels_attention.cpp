#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel::kernels {

using simd::Vec;

namespace {

// All of these handle R rows at once: independent sums to overlap, and one load for the R of them where they
// share what they read.

// Keys laid out for dot: width of them side by side for each c, `vector` from one such group of keys to the
// next, `row` from those of one row to those of the next (0: all rows have the same).
struct Keys {
  const real* first;
  Index c, vector, row;
};
// s[r][j] = scale sum over c of x[r][c] keys[r][c][j] for j < n, in whole vectors: what stands behind n is
// not used.
template <Index R>
void dot(const real* x, Index stride, Keys keys, Index n, Index C, real scale, real* s, Index ld) {
  for (Index j = 0; j < n; j += simd::width) {
    const real* key = keys.first + j / simd::width * keys.vector;
    Vec total[R]{};
    for (Index c = 0; c < C; ++c)
      for (Index r = 0; r < R; ++r)
        total[r] = simd::fma(x[r * stride + c], simd::load(key + r * keys.row + c * keys.c), total[r]);
    for (Index r = 0; r < R; ++r) simd::store(s + r * ld + j, scale * total[r]);
  }
}

// out[r] = beta out[r] + sum over i < n of w[r w_row + i w_step] rows[r][i], each of C numbers. rows_step 0:
// the same rows for all r.
template <Index R>
void mix(const real* w, Index w_row, Index w_step, const real* rows, Index rows_step, Index stride, Index n,
         Index C, real beta, real* out, Index out_stride) {
  for (Index c = 0; c < C; c += simd::width) {
    Vec total[R]{};
    if (beta != 0)
      for (Index r = 0; r < R; ++r) total[r] = simd::load_first(out + r * out_stride + c, C - c);
    for (Index i = 0; i < n; ++i)
      for (Index r = 0; r < R; ++r)
        total[r] = simd::fma(w[r * w_row + i * w_step],
                             simd::load_first(rows + r * rows_step + i * stride + c, C - c), total[r]);
    for (Index r = 0; r < R; ++r) simd::store_first(out + r * out_stride + c, total[r], C - c);
  }
}

// softmax, see kernels.h, of the first n + r n_step numbers of each x[r], all in as many vectors.
template <Index R>
std::array<Softmax, R> softmax_rows(const real* x, Index ld, Index n, Index n_step, real* p) {
  constexpr real lowest = -std::numeric_limits<real>::infinity();
  Vec highest[R], total[R]{};
  std::fill_n(highest, R, simd::splat(lowest));
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r)
      highest[r] = simd::max(highest[r], simd::first(simd::load(x + r * ld + i), n + r * n_step - i, lowest));
  std::array<Softmax, R> result;
  for (Index r = 0; r < R; ++r) result[r].top = simd::max(highest[r]);
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r) {
      const Vec e = simd::exp(simd::load(x + r * ld + i) - simd::splat(result[r].top));
      simd::store(p + r * ld + i, simd::first(e, n + r * n_step - i, 0));
      total[r] = total[r] + simd::load(p + r * ld + i);
    }
  for (Index r = 0; r < R; ++r) result[r].sum = simd::sum(total[r]);
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r)
      simd::store(p + r * ld + i, simd::splat(1 / result[r].sum) * simd::load(p + r * ld + i));
  return result;
}
// body(t, R) for rows t .. t+R-1: four at a time, all in the same vector of a row of p, then one by one.
template <class Body>
void in_fours(Index T, Body body) {
  Index t = 0;
  for (; t + 4 <= T; t += 4) body(t, std::integral_constant<Index, 4>());
  for (; t < T; ++t) body(t, std::integral_constant<Index, 1>());
}

// Writes key number i, and copies behind it, among keys that lie side by side for each c: whole vectors,
// because a CPU waits long for one of which it just wrote a single number.
void append_key(const real* k, Index C, Index i, real* keys) {
  for (Index c = 0; c < C; ++c, keys += simd::width)
    simd::store(keys, simd::first(simd::load(keys), i, k[c]));
}

real score_scale(Index C) { return 1 / std::sqrt(static_cast<real>(C)); }

// softmax_backward likewise.
template <Index R>
void softmax_backward_rows(const real* p, Index ld, Index n, real scale, real* dp) {
  Vec products[R]{};
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r)
      products[r] = simd::fma(simd::load(p + r * ld + i), simd::load(dp + r * ld + i), products[r]);
  real mean[R];
  for (Index r = 0; r < R; ++r) mean[r] = simd::sum(products[r]);
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r) {
      const Vec centred = simd::load(dp + r * ld + i) - simd::splat(mean[r]);
      simd::store(dp + r * ld + i, scale * simd::load(p + r * ld + i) * centred);
    }
}

}  // namespace

Softmax softmax(const real* x, Index n, real* p) { return softmax_rows<1>(x, 0, n, 0, p)[0]; }

void softmax_backward(const real* p, Index n, real scale, real* dp) {
  softmax_backward_rows<1>(p, 0, n, scale, dp);
}

void attention(const real* q, const real* k, const real* v, Index T, Index C, Index stride, Index D,
               real* out, real* p) {
  const Index ld = simd::round_up(T);
  alignas(64) real keys[max_head * max_context];
  transpose(k, T, C, stride, keys, ld);
  in_fours(T, [&](Index t, auto R) {
    dot<R.value>(q + t * stride, stride, {keys, ld, simd::width, 0}, t + R, C, score_scale(C), p + t * ld,
                 ld);                                                            // 1. scores
    softmax_rows<R.value>(p + t * ld, ld, t + 1, 1, p + t * ld);                 // 2. probabilities
    mix<R.value>(p + t * ld, ld, 1, v, 0, stride, t + R, C, 0, out + t * D, D);  // 3. mixture
  });
}

void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout, Index T,
                        Index C, Index stride, Index D, real beta, real* dq, real* dk, real* dv) {
  const Index ld = simd::round_up(T);
  alignas(64) real values[max_head * max_context], ds[max_context * max_context];
  transpose(v, T, C, stride, values, ld);
  in_fours(T, [&](Index j, auto R) {  // 3. dv[j] += sum over t >= j of p[t][j] dout[t]
    mix<R.value>(p + j * ld + j, 1, ld, dout + j * D, 0, D, T - j, C, beta, dv + j * stride, stride);
  });
  in_fours(T, [&](Index t, auto R) {  //    dp[t][j] = dout[t] . v[j], 2. dp to ds
    dot<R.value>(dout + t * D, D, {values, ld, simd::width, 0}, t + R, C, 1, ds + t * ld, ld);
    softmax_backward_rows<R.value>(p + t * ld, ld, t + R, score_scale(C), ds + t * ld);
  });
  in_fours(T, [&](Index t, auto R) {  // 1. dq[t] += sum over j <= t of ds[t][j] k[j]
    mix<R.value>(ds + t * ld, ld, 1, k, 0, stride, t + R, C, beta, dq + t * stride, stride);
  });
  in_fours(T, [&](Index j, auto R) {  //    dk[j] += sum over t >= j of ds[t][j] q[t]
    mix<R.value>(ds + j * ld + j, 1, ld, q + j * stride, 0, stride, T - j, C, beta, dk + j * stride, stride);
  });
}

void attention_step(const real* q, const real* k, const real* v, Index heads, Index t, Index C, Index context,
                    real* cache_k, real* cache_v, real* out) {
  const Index ld = simd::round_up(context), key_size = C * ld, value_size = context * C;
  alignas(64) real p[4 * max_context];
  in_fours(heads, [&](Index h, auto R) {
    real *keys = cache_k + h * key_size, *values = cache_v + h * value_size;
    for (Index r = 0; r < R; ++r) {
      append_key(k + (h + r) * C, C, t % simd::width,
                 keys + r * key_size + t / simd::width * C * simd::width);
      std::copy_n(v + (h + r) * C, C, values + r * value_size + t * C);
    }
    dot<R.value>(q + h * C, C, {keys, simd::width, C * simd::width, key_size}, t + 1, C, score_scale(C), p,
                 ld);
    softmax_rows<R.value>(p, ld, t + 1, 0, p);
    mix<R.value>(p, ld, 1, values, value_size, C, t + 1, C, 0, out + h * C, C);
  });
}

}  // namespace banel::kernels
