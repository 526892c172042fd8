// How far a row of a product may be from itself among other rows.
#pragma once
#include <algorithm>
#include <cmath>
#include <span>

#include "tensor/blas.h"

namespace banel {

// Whether the numbers are the same up to the rounding of rows: there is none with OpenBLAS's kernels for
// AVX-512; others round a row by where it stands.
inline bool same_up_to_rows(std::span<const real> a, std::span<const real> b) {
  const real most = blas_info().core == "SkylakeX" ? 0 : real(1e-5);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [most](real x, real y) { return std::abs(x - y) <= most; });
}

}  // namespace banel
