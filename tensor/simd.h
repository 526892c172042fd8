// A vector of numbers as wide as one AVX-512 register (two AVX2 ones), written with the vector extension of
// g++ and clang: the same additions in the same order on every CPU, so the same bits in every build.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/real.h"
#include "tensor/tape.h"

namespace banel::simd {

constexpr Index width = 64 / sizeof(real);
using Vec = real __attribute__((vector_size(64)));

constexpr Index round_up(Index n) { return (n + width - 1) / width * width; }

inline Vec splat(real x) { return Vec{} + x; }
inline Vec load(const real* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(real* p, Vec v) { std::memcpy(p, &v, sizeof v); }

inline Vec load_first(const real* p, Index n, real rest) {  // n < width numbers, then `rest`
  Vec v = splat(rest);
  for (Index i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline void store_first(real* p, Vec v, Index n) {
  for (Index i = 0; i < n; ++i) p[i] = v[i];
}

// All lanes folded into one number, halves first: the same order on every CPU.
template <class Combine>
real fold(Vec v, Combine combine) {
  using Half = real __attribute__((vector_size(32)));
  using Quarter = real __attribute__((vector_size(16)));
  Half a, b;
  std::memcpy(&a, &v, sizeof a);
  std::memcpy(&b, reinterpret_cast<const char*>(&v) + sizeof a, sizeof b);
  a = combine(a, b);
  Quarter c, d;
  std::memcpy(&c, &a, sizeof c);
  std::memcpy(&d, reinterpret_cast<const char*>(&a) + sizeof c, sizeof d);
  c = combine(c, d);
  for (std::size_t n = sizeof c / sizeof(real); n > 1; n /= 2)
    for (std::size_t i = 0; i < n / 2; ++i) c[i] = combine(c[i], c[i + n / 2]);
  return c[0];
}
inline real sum(Vec v) {
  return fold(v, [](auto a, auto b) { return a + b; });
}
inline real max(Vec v) {
  return fold(v, [](auto a, auto b) { return a > b ? a : b; });
}
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }

// e^x. Float: 2^n times a degree-6 polynomial on [-ln2/2, ln2/2], relative error below 2e-7; x is clamped to
// [-87, 88], so the result is finite. NaN stays NaN. Double (tests): the standard library.
inline Vec exp(Vec x) {
#ifdef BANEL_DOUBLE
  for (Index i = 0; i < width; ++i) x[i] = std::exp(x[i]);
  return x;
#else
  using Bits = std::int32_t __attribute__((vector_size(64)));
  x = x < -87.0f ? splat(-87.0f) : x;
  x = x > 88.0f ? splat(88.0f) : x;
  const Vec shifted =
      x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: the low mantissa bits now hold round(x / ln2)
  const Vec n = shifted - 12582912.0f;
  const Vec r = (x - n * 0.693359375f) - n * -2.12194440e-4f;  // ln2 in two parts
  Vec p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Bits exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  Bits result;
  std::memcpy(&result, &p, sizeof result);
  result += exponent << 23;
  std::memcpy(&p, &result, sizeof p);
  return x == x ? p : x;
#endif
}

}  // namespace banel::simd
