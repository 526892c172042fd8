// Softmax and attention in vectors. tests/support/plain_attention.h is the same attention in plain loops,
// which a test holds these kernels to: read it first. The stages are numbered alike, forward 1-3 and backward
// 3-1.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel::kernels {

using simd::Vec;

namespace {

// The next three functions take R rows at once: their sums do not wait for one another, and a load serves R
// products.

// s[r][j] = scale sum over c of x[r][c] keys[c][j] for j < simd::round_up(n); those from n on are not used.
template <Index R>
void dot(const real* x, Index stride, const real* keys, Index ld, Index n, Index C, real scale, real* s,
         Index s_ld) {
  for (Index j = 0; j < n; j += simd::width, keys += simd::width) {
    Vec total[R]{};
    for (Index c = 0; c < C; ++c) {
      const Vec key = simd::load(keys + c * ld);
      for (Index r = 0; r < R; ++r) total[r] = simd::fma(x[r * stride + c], key, total[r]);
    }
    for (Index r = 0; r < R; ++r) simd::store(s + r * s_ld + j, scale * total[r]);
  }
}

// out[r] = beta out[r] + sum over i < n of w[r w_row + i w_step] rows[i], where a row has C numbers.
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

// softmax() of the first n + r n_step numbers of each x[r]. All R rows must end in the same vector.
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

// Calls body(t, R) for the rows t..t+R-1 of from..T-1. R is 4 where t is divisible by 4, so that the diagonal
// of p crosses one vector in all four rows, and 1 for the rows before and after.
template <class Body>
void in_blocks_of_4(Index from, Index T, Body body) {
  Index t = from;
  for (; t % 4 && t < T; ++t) body(t, std::integral_constant<Index, 1>());
  for (; t + 4 <= T; t += 4) body(t, std::integral_constant<Index, 4>());
  for (; t < T; ++t) body(t, std::integral_constant<Index, 1>());
}

real score_scale(Index C) { return 1 / std::sqrt(static_cast<real>(C)); }

// From here on each lane of a vector belongs to another string (attention_step).

// y[c][lane] = x[lane][first + c]; 0 in lanes without a string.
void into_lanes(const real* const* x, Index first, Index C, real* y) {
  for (Index c = 0; c < C; c += simd::width) {
    Vec block[simd::width];
    for (Index lane = 0; lane < simd::width; ++lane)
      block[lane] = x[lane] ? simd::load_first(x[lane] + first + c, C - c) : Vec{};
    simd::transpose(block);
    for (Index i = 0; i < std::min(simd::width, C - c); ++i) simd::store(y + (c + i) * simd::width, block[i]);
  }
}

// out[lane][c] = y[c][lane] for lanes with a string.
void out_of_lanes(const real* y, Index C, real* const* out) {
  for (Index c = 0; c < C; c += simd::width) {
    Vec block[simd::width];
    for (Index i = 0; i < simd::width; ++i)
      block[i] = c + i < C ? simd::load(y + (c + i) * simd::width) : Vec{};
    simd::transpose(block);
    for (Index lane = 0; lane < simd::width; ++lane)
      if (out[lane]) simd::store_first(out[lane] + c, block[lane], C - c);
  }
}

// y[m] = scale sum over i < n of a[i] b[m m_step + i i_step] for m < M, in every lane.
void sums_of_products(const real* a, Index n, const real* b, Index i_step, Index m_step, Index M, real scale,
                      real* y) {
  in_blocks_of_4(0, M, [&](Index m, auto R) {
    Vec total[R.value]{};
    for (Index i = 0; i < n; ++i) {
      const Vec ai = simd::load(a + i * simd::width);
      for (Index r = 0; r < R; ++r)
        total[r] = simd::fma(ai, simd::load(b + ((m + r) * m_step + i * i_step) * simd::width), total[r]);
    }
    for (Index r = 0; r < R; ++r) simd::store(y + (m + r) * simd::width, scale * total[r]);
  });
}

// x[0..n-1] <- their softmax, in every lane. It adds up in the order of softmax_rows, for the same bits.
void softmax_in_lanes(real* x, Index n) {
  Vec top = simd::load(x), total[simd::width]{};
  for (Index i = 1; i < n; ++i) top = simd::max(top, simd::load(x + i * simd::width));
  for (Index i = 0; i < n; ++i) {
    const Vec e = simd::exp(simd::load(x + i * simd::width) - top);
    total[i % simd::width] = total[i % simd::width] + e;
    simd::store(x + i * simd::width, e);
  }
  for (Index half = simd::width / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) total[i] = total[i] + total[i + half];
  const Vec factor = simd::splat(1) / total[0];
  for (Index i = 0; i < n; ++i) simd::store(x + i * simd::width, factor * simd::load(x + i * simd::width));
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

void attention(const real* q, const real* k, const real* v, Index from, Index T, Index C, Index stride,
               Index D, real* out, real* p) {
  const Index ld = simd::round_up(T);
  alignas(64) real keys[max_head * max_context];
  transpose(k, T, C, stride, keys, ld);
  in_blocks_of_4(from, T, [&](Index t, auto R) {  // 1. scores
    dot<R.value>(q + t * stride, stride, keys, ld, t + R, C, score_scale(C), p + (t - from) * ld, ld);
  });
  in_blocks_of_4(from, T, [&](Index t, auto R) {  // 2. probabilities
    softmax_rows<R.value>(p + (t - from) * ld, ld, t + 1, 1, p + (t - from) * ld);
  });
  in_blocks_of_4(from, T, [&](Index t, auto R) {  // 3. mixture
    mix<R.value>(p + (t - from) * ld, ld, 1, v, stride, t + R, C, 0, out + (t - from) * D, D);
  });
}

void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout,
                        Index from, Index T, Index C, Index stride, Index D, real* dq, real* dk, real* dv) {
  const Index ld = simd::round_up(T);
  alignas(64) real values[max_head * max_context], ds[max_context * max_context];
  transpose(v, T, C, stride, values, ld);
  in_blocks_of_4(0, T, [&](Index j, auto R) {  // 3. dv[j] += sum over t >= j of p[t][j] dout[t], and
    const Index t = std::max(j, from), row = t - from;
    mix<R.value>(p + row * ld + j, 1, ld, dout + row * D, D, T - t, C, 1, dv + j * stride, stride);
  });
  in_blocks_of_4(from, T, [&](Index t, auto R) {  //    dp[t][j] = dout[t] . v[j]
    dot<R.value>(dout + (t - from) * D, D, values, ld, t + R, C, 1, ds + (t - from) * ld, ld);
  });
  for (Index t = from; t < T; ++t)
    softmax_backward(p + (t - from) * ld, t + 1, score_scale(C), ds + (t - from) * ld);  // 2. ds from dp
  in_blocks_of_4(from, T, [&](Index t, auto R) {  // 1. dq[t] += sum over j <= t of ds[t][j] k[j], and
    mix<R.value>(ds + (t - from) * ld, ld, 1, k, stride, t + R, C, 1, dq + t * stride, stride);
  });
  in_blocks_of_4(0, T, [&](Index j, auto R) {  //    dk[j] += sum over t >= j of ds[t][j] q[t]
    const Index t = std::max(j, from), row = t - from;
    mix<R.value>(ds + row * ld + j, 1, ld, q + t * stride, stride, T - t, C, 1, dk + j * stride, stride);
  });
}

void attention_step(const real* const* x, Index heads, Index t, Index C, Index context, real* cache,
                    real* const* out) {
  const Index D = heads * C, row = D * simd::width;
  real *const keys = cache + row, *const values = keys + context * row;
  alignas(64) real p[max_context * simd::width];
  into_lanes(x, 0, D, cache);
  into_lanes(x, D, D, keys + t * row);
  into_lanes(x, 2 * D, D, values + t * row);
  for (Index head = 0; head < row; head += C * simd::width) {
    real* const q = cache + head;                                         // overwritten by the result
    sums_of_products(q, C, keys + head, 1, D, t + 1, score_scale(C), p);  // 1. scores
    softmax_in_lanes(p, t + 1);                                           // 2. probabilities
    sums_of_products(p, t + 1, values + head, D, 1, C, 1, q);             // 3. mixture
  }
  out_of_lanes(cache, D, out);
}

}  // namespace banel::kernels
