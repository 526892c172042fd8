// Vectors of 64 bytes (16 floats), on any CPU: one register of AVX-512, two of AVX2 or four of 16 bytes.
// Operations and their order are the same everywhere, so all builds compute the same bits.
//
//   Vec sum{};
//   for (Index i = 0; i < n; i += simd::width) sum = sum + load_first(x + i, n - i);
//   real total = simd::sum(sum);
//
// A register is a vector of the compiler's extension (g++, clang). Only what this cannot express is written
// for each instruction set: a b + c with one rounding, and loads and stores of some numbers of a register.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "tensor/real.h"
#include "tensor/tape.h"

namespace banel::simd {

#if defined(__AVX512F__)
constexpr std::size_t part_bytes = 64;
#elif defined(__AVX2__)
constexpr std::size_t part_bytes = 32;
#else
constexpr std::size_t part_bytes = 16;
#endif
constexpr Index width = 64 / sizeof(real), part_width = part_bytes / sizeof(real);
constexpr Index round_up(Index n) { return (n + width - 1) / width * width; }

using Part = real __attribute__((vector_size(part_bytes)));
using Integer = std::conditional_t<sizeof(real) == 4, std::int32_t, std::int64_t>;
using PartBits = Integer __attribute__((vector_size(part_bytes)));

struct Vec {
  Part part[64 / part_bytes];
  real operator[](Index i) const { return part[i / part_width][i % part_width]; }
};

// each: f(part, ...) for all parts; each_at: f(lane at which the part begins, part, ...). Not a loop, so that
// compilers keep the parts in registers.
template <class F, class... V>
Vec each_at(F f, const V&... v) {
  const auto at = [&](auto i) { return f(static_cast<Index>(i * part_width), v.part[i]...); };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Vec{{at(std::integral_constant<std::size_t, I>())...}};
  }
  (std::make_index_sequence<64 / part_bytes>());
}
template <class F, class... V>
Vec each(F f, const V&... v) {
  return each_at([&](Index, const auto&... part) { return f(part...); }, v...);
}

inline Vec splat(real x) {
  return each([x](Part zero) { return x - zero; }, Vec{});  // x - 0 is x; x + 0 is not for x = -0
}
inline Vec operator+(Vec a, Vec b) {
  return each([](Part x, Part y) { return x + y; }, a, b);
}
inline Vec operator-(Vec a, Vec b) {
  return each([](Part x, Part y) { return x - y; }, a, b);
}
inline Vec operator*(Vec a, Vec b) {
  return each([](Part x, Part y) { return x * y; }, a, b);
}
inline Vec operator*(real a, Vec b) { return splat(a) * b; }
inline Vec operator/(Vec a, Vec b) {
  return each([](Part x, Part y) { return x / y; }, a, b);
}
inline Vec max(Vec a, Vec b) {
  return each([](Part x, Part y) { return x > y ? x : y; }, a, b);
}

// a b + c with one rounding. A compiler may not choose it by itself (-ffp-contract=off).
inline Vec fma(Vec a, Vec b, Vec c) {
  return each(
      [](Part x, Part y, Part z) -> Part {
#if defined(BANEL_DOUBLE)
        return x * y + z;
#elif defined(__AVX512F__)
        return _mm512_fmadd_ps(x, y, z);
#elif defined(__AVX2__) && defined(__FMA__)
        return _mm256_fmadd_ps(x, y, z);
#elif defined(__aarch64__)
        return vfmaq_f32(z, x, y);
#else
        for (Index i = 0; i < part_width; ++i) x[i] = std::fma(x[i], y[i], z[i]);
        return x;
#endif
      },
      a, b, c);
}
inline Vec fma(real a, Vec b, Vec c) { return fma(splat(a), b, c); }

inline Vec load(const real* p) {
  return each_at(
      [p](Index begin, Part part) {
        std::memcpy(&part, p + begin, sizeof part);
        return part;
      },
      Vec{});
}
inline void store(real* p, Vec v) {
  each_at(
      [p](Index begin, Part part) {
        std::memcpy(p + begin, &part, sizeof part);
        return part;
      },
      v);
}

// All bits set in the first n lanes of a part.
inline PartBits among_first(Index n) {
  PartBits lane;
  for (Index i = 0; i < part_width; ++i) lane[i] = static_cast<Integer>(i);
  return lane < PartBits{} + static_cast<Integer>(n);
}

// The first n numbers of v, then `rest` in all other lanes.
inline Vec first(Vec v, Index n, real rest) {
  return each_at([&](Index begin, Part part) { return among_first(n - begin) ? part : Part{} + rest; }, v);
}

// The same for loads and stores, which touch no memory after the first n numbers. Any n >= 0.
inline Vec load_first(const real* p, Index n, real rest = 0) {
  if (n >= width) return load(p);
#if defined(__AVX2__) && !defined(BANEL_DOUBLE)
  const auto load_part = [&](Index begin, Part other) -> Part {
#if defined(__AVX512F__)
    return _mm512_mask_loadu_ps(other, static_cast<__mmask16>((1u << (n - begin)) - 1), p + begin);
#else
    const PartBits mask = among_first(n - begin);
    return mask ? Part(_mm256_maskload_ps(p + begin, __m256i(mask))) : other;
#endif
  };
  return each_at(load_part, splat(rest));
#else
  Vec v = splat(rest);
  std::memcpy(&v, p, static_cast<std::size_t>(n) * sizeof(real));
  return v;
#endif
}

inline void store_first(real* p, Vec v, Index n) {
  if (n >= width) return store(p, v);
#if defined(__AVX512F__) && !defined(BANEL_DOUBLE)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v.part[0]);
#elif defined(__AVX2__) && !defined(BANEL_DOUBLE)
  each_at(
      [&](Index begin, Part part) {
        _mm256_maskstore_ps(p + begin, __m256i(among_first(n - begin)), part);
        return part;
      },
      v);
#else
  std::memcpy(p, &v, static_cast<std::size_t>(n) * sizeof(real));
#endif
}

// Combines all numbers into one, the upper half with the lower half each time: one order for all CPUs.
template <class Numbers, class Combine>
real fold(Numbers v, Combine combine) {
  constexpr std::size_t n = sizeof v / sizeof(real);
  if constexpr (n == 2)
    return combine(v[0], v[1]);
  else
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return fold(combine(__builtin_shufflevector(v, v, I...), __builtin_shufflevector(v, v, (I + n / 2)...)),
                  combine);
    }
  (std::make_index_sequence<n / 2>());
}
template <class Combine>
real fold(Vec v, Combine combine) {
  constexpr std::size_t parts = sizeof v / part_bytes;
  if constexpr (parts == 4)
    v.part[0] = combine(v.part[0], v.part[2]), v.part[1] = combine(v.part[1], v.part[3]);
  if constexpr (parts >= 2) v.part[0] = combine(v.part[0], v.part[1]);
  return fold(v.part[0], combine);
}
inline real sum(Vec v) {
  return fold(v, [](auto a, auto b) { return a + b; });
}
inline real max(Vec v) {
  return fold(v, [](auto a, auto b) { return a > b ? a : b; });
}

// Swaps the upper half of every 2 s lanes of a with the lower half of the same lanes of b.
template <Index s>
[[gnu::always_inline]] inline void exchange_halves(Vec& a, Vec& b) {
  constexpr Index parts = width / part_width;
  for (Index p = 0; p < parts; ++p)
    if constexpr (s >= part_width) {
      if (!(p * part_width & s)) std::swap(a.part[p + s / part_width], b.part[p]);
    } else {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        constexpr std::size_t n = part_width, half = s;
        const Part x = a.part[p], y = b.part[p];
        a.part[p] = __builtin_shufflevector(x, y, (I & half ? n + I - half : I)...);
        b.part[p] = __builtin_shufflevector(x, y, (I & half ? n + I : I + half)...);
      }
      (std::make_index_sequence<part_width>());
    }
}

// rows[i][j] <- rows[j][i]: the off-diagonal quarters of the block change places, then those of each quarter,
// and so on.
template <Index s = width / 2>
[[gnu::always_inline]] inline void transpose(Vec (&rows)[width]) {
  for (Index i = 0; i < width; ++i)
    if (!(i & s)) exchange_halves<s>(rows[i], rows[i + s]);
  if constexpr (s > 1) transpose<s / 2>(rows);
}

// e^x, for float: 2^n e^r with x = n ln2 + r, e^r by a polynomial of degree 7 on [-ln2/2, ln2/2] (Cephes,
// expf). Relative error below 2e-7. x is clamped to [-87, 88], so the result is finite and positive; NaN
// stays NaN. For double (tests): the standard library.
[[gnu::always_inline]] inline Vec exp(Vec x) {
#ifdef BANEL_DOUBLE
  return each(
      [](Part part) {
        for (Index i = 0; i < part_width; ++i) part[i] = std::exp(part[i]);
        return part;
      },
      x);
#else
  x = each([](Part part) { return part < -87.0f  ? Part{} - 87.0f
                                  : part > 88.0f ? Part{} + 88.0f
                                                 : part; },
           x);
  const Vec magic = splat(12582912);  // 1.5 * 2^23: the last bits of the sum are round(x / ln2)
  const Vec shifted = fma(1.44269504f, x, magic);
  const Vec n = shifted - magic;
  const Vec r = fma(2.12194440e-4f, n, fma(-0.693359375f, n, x));  // ln2 in two parts
  Vec p = splat(1.9875691500e-4f);
  for (const float c :
       {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f, 1.0f, 1.0f})
    p = fma(p, r, splat(c));
  // The exponent of a float is above 23 bits of mantissa and has 127 added.
  const auto power_of_two = [](Part bits) { return Part((PartBits(bits) << 23) + (127 << 23)); };
  return p * each(power_of_two, shifted);
#endif
}

}  // namespace banel::simd
