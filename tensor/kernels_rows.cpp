#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel::kernels {

using simd::Vec;

void start_rows(const real* __restrict bias, const real* __restrict residual, Index N, Index D,
                real* __restrict y) {
  for (Index n = 0; n < N; ++n, y += D) {
    if (residual) {
      for (Index d = 0; d < D; ++d) y[d] = residual[n * D + d] + bias[d];
    } else {
      std::copy_n(bias, D, y);
    }
  }
}

void sum_rows(const real* __restrict dy, Index N, Index D, real* __restrict dbias) {
  for (Index n = 0; n < N; ++n, dy += D)
    for (Index d = 0; d < D; ++d) dbias[d] += dy[d];
}

void accumulate(const real* __restrict dy, real a, Index n, real* __restrict dx) {
  for (Index i = 0; i < n; ++i) dx[i] += a * dy[i];
}

void accumulate_product(const real* __restrict dy, const real* __restrict slope, Index n,
                        real* __restrict dx) {
  for (Index i = 0; i < n; ++i) dx[i] += dy[i] * slope[i];
}

namespace {

void gelu(Vec x, Vec& y, Vec& slope) {
  const real c = real(0.7978845608028654), cubic = real(0.044715);  // c = sqrt(2/pi)
  const Vec u = c * x * (1 + cubic * x * x);
  const Vec s = 1 / (1 + simd::exp(-2 * u));  // (1 + tanh(u)) / 2
  y = x * s;
  slope = s + 2 * y * (1 - s) * (c * (1 + 3 * cubic * x * x));
}

// Sum of term(first, count) over a row in blocks of the vector width; the last block may be partial.
template <class Term>
real sum_blocks(Index D, Term term) {
  Vec total{};
  Index d = 0;
  for (; d + simd::width <= D; d += simd::width) total += term(d, simd::width);
  if (d < D) total += term(d, D - d);
  return simd::sum(total);
}

Vec load_block(const real* x, Index d, Index count, real rest = 0) {
  return count == simd::width ? simd::load(x + d) : simd::load_first(x + d, count, rest);
}

}  // namespace

void gelu(const real* x, Index n, real* y, real* slope) {
  Vec v, s;
  Index i = 0;
  for (; i + simd::width <= n; i += simd::width) {
    gelu(simd::load(x + i), v, s);
    simd::store(y + i, v);
    simd::store(slope + i, s);
  }
  gelu(simd::load_first(x + i, n - i, 0), v, s);
  simd::store_first(y + i, v, n - i);
  simd::store_first(slope + i, s, n - i);
}

void layer_norm(const real* __restrict x, const real* __restrict gain, const real* __restrict bias, Index N,
                Index D, real* __restrict y, real* mean, real* rstd) {
  const real scale = real(1) / static_cast<real>(D);
  for (Index n = 0; n < N; ++n, x += D, y += D) {
    const real m = scale * sum_blocks(D, [&](Index d, Index count) { return load_block(x, d, count); });
    const real variance = scale * sum_blocks(D, [&](Index d, Index count) {
                            const Vec centred = load_block(x, d, count, m) - m;
                            return centred * centred;
                          });
    const real r = 1 / std::sqrt(variance + real(1e-5));
    for (Index d = 0; d < D; ++d) y[d] = (x[d] - m) * r * gain[d] + bias[d];
    mean[n] = m;
    rstd[n] = r;
  }
}

void layer_norm_backward(const real* __restrict x, const real* __restrict gain, const real* mean,
                         const real* rstd, const real* __restrict dy, Index N, Index D, real* __restrict dx,
                         real* __restrict dgain, real* __restrict dbias) {
  const real scale = real(1) / static_cast<real>(D);
  for (Index n = 0; n < N; ++n, x += D, dy += D, dx += D) {
    const real m = mean[n], r = rstd[n];
    // With z = (x - m) r and g = dy gain: dx = r (g - average(g) - z average(g z)).
    const real g_average = scale * sum_blocks(D, [&](Index d, Index count) {
                             return load_block(dy, d, count) * load_block(gain, d, count);
                           });
    const real gz_average = scale * sum_blocks(D, [&](Index d, Index count) {
                              return load_block(dy, d, count) * load_block(gain, d, count) *
                                     ((load_block(x, d, count, m) - m) * r);
                            });
    for (Index d = 0; d < D; ++d) {
      const real z = (x[d] - m) * r;
      dx[d] += r * (dy[d] * gain[d] - g_average - z * gz_average);
      dgain[d] += dy[d] * z;
      dbias[d] += dy[d];
    }
  }
}

real softmax(real* x, Index n, real* p) {
  const Index padded = simd::round_up(n);
  for (Index i = n; i < padded; ++i) x[i] = -std::numeric_limits<real>::infinity();
  Vec top = simd::load(x);
  for (Index i = simd::width; i < padded; i += simd::width) top = simd::max(top, simd::load(x + i));
  const real m = simd::max(top);
  Vec total{};
  for (Index i = 0; i < padded; i += simd::width) {
    const Vec e = simd::exp(simd::load(x + i) - m);
    simd::store(p + i, e);
    total += e;
  }
  const real z = simd::sum(total), inverse = 1 / z;  // z >= 1; the padding adds less than 1e-36
  for (Index i = 0; i < padded; i += simd::width) simd::store(p + i, simd::load(p + i) * inverse);
  std::fill(p + n, p + padded, real{0});
  return m + std::log(z);
}

}  // namespace banel::kernels
