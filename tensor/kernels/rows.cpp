// Kernels that work on a row, or on a number, at a time.
#include <algorithm>
#include <cmath>

#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel::kernels {

using simd::Vec;

void transpose(const real* x, Index R, Index C, Index stride, real* y, Index ld) {
  constexpr Index w = simd::width;
  for (Index c = 0; c < C; c += w)
    for (Index r = 0; r < R; r += w) {
      Vec block[w];
      if (r + w <= R && c + w <= C)
        for (Index i = 0; i < w; ++i) block[i] = simd::load(x + (r + i) * stride + c);
      else
        for (Index i = 0; i < w; ++i)
          block[i] = r + i < R ? simd::load_first(x + (r + i) * stride + c, C - c) : Vec{};
      simd::transpose(block);
      for (Index i = 0; i < w && c + i < C; ++i) simd::store(y + (c + i) * ld + r, block[i]);
    }
}

void start_rows(const real* __restrict bias, const real* __restrict residual, Index N, Index D,
                real* __restrict y) {
  for (Index n = 0; n < N; ++n)
    for (Index d = 0; d < D; d += simd::width) {
      Vec start = simd::load_first(bias + d, D - d);
      if (residual) start = start + simd::load_first(residual + n * D + d, D - d);
      simd::store_first(y + n * D + d, start, D - d);
    }
}

void sum_rows(const real* __restrict dy, Index N, Index D, real* __restrict dbias) {
  for (Index n = 0; n < N; ++n, dy += D)
    for (Index d = 0; d < D; ++d) dbias[d] += dy[d];
}

void accumulate(const real* __restrict dy, real a, Index n, real beta, real* __restrict dx) {
  for (Index i = 0; i < n; ++i) dx[i] = beta == 0 ? a * dy[i] : dx[i] + a * dy[i];
}

void accumulate_product(const real* __restrict dy, const real* __restrict slope, Index n, real beta,
                        real* __restrict dx) {
  for (Index i = 0; i < n; ++i) dx[i] = beta == 0 ? dy[i] * slope[i] : dx[i] + dy[i] * slope[i];
}

namespace {

struct Gelu {
  Vec y, slope;
};

Gelu gelu(Vec x) {
  constexpr real c = real(0.7978845608028654), cubic = real(0.044715) * c;  // c = sqrt(2/pi)
  const Vec square = x * x, one = simd::splat(1);
  const Vec u = x * simd::fma(cubic, square, simd::splat(c));
  const Vec s = one / (one + simd::exp(-2 * u));  // (1 + tanh(u)) / 2
  const Vec y = x * s;
  return {y, simd::fma(2 * y * (one - s), simd::fma(3 * cubic, square, simd::splat(c)), s)};
}

// The sum of term(d, D - d) over the vectors of a row, which begin at d and have D - d numbers or a whole
// width.
template <class Term>
real sum_row(Index D, Term term) {
  Vec total{};
  for (Index d = 0; d < D; d += simd::width) total = total + term(d, D - d);
  return simd::sum(total);
}

}  // namespace

void gelu(const real* x, Index n, real* y, real* slope) {
  for (Index i = 0; i < n; i += simd::width) {
    const Gelu g = gelu(simd::load_first(x + i, n - i));
    simd::store_first(y + i, g.y, n - i);
    if (slope) simd::store_first(slope + i, g.slope, n - i);
  }
}

void layer_norm(const real* __restrict x, const real* __restrict gain, const real* __restrict bias, Index N,
                Index D, real* __restrict y, real* mean, real* rstd) {
  const real scale = real(1) / static_cast<real>(D);
  for (Index n = 0; n < N; ++n, x += D, y += D) {
    const real m = scale * sum_row(D, [&](Index d, Index left) { return simd::load_first(x + d, left); });
    const real variance = scale * sum_row(D, [&](Index d, Index left) {
                            const Vec centred = simd::load_first(x + d, left, m) - simd::splat(m);
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
    const auto g = [&](Index d, Index left) {
      return simd::load_first(dy + d, left) * simd::load_first(gain + d, left);
    };
    const real g_average = scale * sum_row(D, g);
    const real gz_average = scale * sum_row(D, [&](Index d, Index left) {
                              return g(d, left) * (r * (simd::load_first(x + d, left, m) - simd::splat(m)));
                            });
    for (Index d = 0; d < D; ++d) {
      const real z = (x[d] - m) * r;
      dx[d] += r * (dy[d] * gain[d] - g_average - z * gz_average);
      dgain[d] += dy[d] * z;
      dbias[d] += dy[d];
    }
  }
}

}  // namespace banel::kernels
