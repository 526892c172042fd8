#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel::kernels {

using simd::Vec;

namespace {

// All of these handle R rows at once: independent sums to overlap, and in the products one load for R of
// them.

// s[r][j] = scale sum over c of x[r][c] keys[c][j] for j < n, in whole vectors: what stands behind n is not
// used. Keys are ld apart from one c to the next, and `vector` from one vector of them to the next.
template <Index R>
void dot(const real* x, Index stride, const real* keys, Index ld, Index vector, Index n, Index C, real scale,
         real* s, Index s_ld) {
  for (Index j = 0; j < n; j += simd::width, keys += vector) {
    Vec total[R]{};
    for (Index c = 0; c < C; ++c) {
      const Vec key = simd::load(keys + c * ld);
      for (Index r = 0; r < R; ++r) total[r] = simd::fma(x[r * stride + c], key, total[r]);
    }
    for (Index r = 0; r < R; ++r) simd::store(s + r * s_ld + j, scale * total[r]);
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

template <Index R>
struct Rows {
  Softmax of[R];
};

// softmax, see kernels.h, of the first n + r n_step numbers of each x[r], all in as many vectors.
template <Index R>
Rows<R> softmax_rows(const real* x, Index ld, Index n, Index n_step, real* p) {
  constexpr real lowest = -std::numeric_limits<real>::infinity();
  Vec highest[R], total[R]{};
  std::fill_n(highest, R, simd::splat(lowest));
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r)
      highest[r] = simd::max(highest[r], simd::first(simd::load(x + r * ld + i), n + r * n_step - i, lowest));
  Rows<R> result;
  for (Index r = 0; r < R; ++r) result.of[r].top = simd::max(highest[r]);
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r) {
      const Vec e = simd::exp(simd::load(x + r * ld + i) - simd::splat(result.of[r].top));
      simd::store(p + r * ld + i, simd::first(e, n + r * n_step - i, 0));
      total[r] = total[r] + simd::load(p + r * ld + i);
    }
  for (Index r = 0; r < R; ++r) result.of[r].sum = simd::sum(total[r]);
  for (Index i = 0; i < n; i += simd::width)
    for (Index r = 0; r < R; ++r)
      simd::store(p + r * ld + i, simd::splat(1 / result.of[r].sum) * simd::load(p + r * ld + i));
  return result;
}

// body(t, R) for rows t .. t+R-1: four at a time, all in the same vector of a row of p, then one by one.
template <class Body>
void in_fours(Index T, Body body) {
  Index t = 0;
  for (; t + 4 <= T; t += 4) body(t, std::integral_constant<Index, 4>());
  for (; t < T; ++t) body(t, std::integral_constant<Index, 1>());
}

real score_scale(Index C) { return 1 / std::sqrt(static_cast<real>(C)); }

// Scores of the first t keys and of k, which becomes number t among them. Each vector of keys is read before
// the one number is written to it: the other way round a CPU waits long.
void scores_with(const real* k, const real* q, Index t, Index C, real* keys, real* s) {
  const Index before = t / simd::width * simd::width;
  dot<1>(q, 0, keys, simd::width, C * simd::width, before, C, score_scale(C), s, 0);
  Vec total{};
  for (Index c = 0; c < C; ++c) {
    real* const number = keys + before * C + c * simd::width;
    total = simd::fma(q[c], simd::first(simd::load(number), t - before, k[c]), total);
    number[t - before] = k[c];
  }
  simd::store(s + before, score_scale(C) * total);
}

}  // namespace

Softmax softmax(const real* x, Index n, real* p) { return softmax_rows<1>(x, 0, n, 0, p).of[0]; }

void softmax_backward(const real* p, Index n, real scale, real* dp) {
  Vec products{};
  for (Index i = 0; i < n; i += simd::width)
    products = simd::fma(simd::load(p + i), simd::load(dp + i), products);
  const Vec mean = simd::splat(simd::sum(products));
  for (Index i = 0; i < n; i += simd::width)
    simd::store(dp + i, scale * simd::load(p + i) * (simd::load(dp + i) - mean));
}

void attention(const real* q, const real* k, const real* v, Index T, Index C, Index stride, Index D,
               real* out, real* p) {
  const Index ld = simd::round_up(T);
  alignas(64) real keys[max_head * max_context];
  transpose(k, T, C, stride, keys, ld);
  in_fours(T, [&](Index t, auto R) {  // 1. scores
    dot<R.value>(q + t * stride, stride, keys, ld, simd::width, t + R, C, score_scale(C), p + t * ld, ld);
  });
  in_fours(T, [&](Index t, auto R) {  // 2. probabilities
    softmax_rows<R.value>(p + t * ld, ld, t + 1, 1, p + t * ld);
  });
  in_fours(T, [&](Index t, auto R) {  // 3. mixture
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
    dot<R.value>(dout + t * D, D, values, ld, simd::width, t + R, C, 1, ds + t * ld, ld);
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

void attention_step(const real* q, const real* k, const real* v, Index heads, Index t, Index C, Index context,
                    real* cache_k, real* cache_v, real* out) {
  const Index ld = simd::round_up(context), key_size = C * ld, value_size = context * C;
  alignas(64) real p[4 * max_context];
  in_fours(heads, [&](Index h, auto R) {
    for (Index r = 0; r < R; ++r)
      scores_with(k + (h + r) * C, q + (h + r) * C, t, C, cache_k + (h + r) * key_size, p + r * ld);
    softmax_rows<R.value>(p, ld, t + 1, 0, p);
    for (Index r = 0; r < R; ++r) {
      real* const values = cache_v + (h + r) * value_size;
      std::copy_n(v + (h + r) * C, C, values + t * C);
      mix<1>(p + r * ld, 0, 1, values, C, t + 1, C, 0, out + (h + r) * C, 0);
    }
  });
}

}  // namespace banel::kernels
