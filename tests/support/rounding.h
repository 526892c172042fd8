// How far a row of a product may be from itself among other rows.
#pragma once
#include "tensor/blas.h"

namespace banel {

// Nothing with OpenBLAS's kernels for AVX-512; others round a row by where it stands.
inline real row_rounding() { return blas_info().core == "SkylakeX" ? 0 : real(1e-5); }

}  // namespace banel
