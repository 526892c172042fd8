// The one door to OpenBLAS.
#pragma once
#include <string>

#include "tensor/tape.h"

namespace banel {

enum class Transpose { no, yes };

// Products of fewer rows take another way through OpenBLAS, which may round otherwise.
constexpr Index min_gemm_rows = 32;

// C = op(A) op(B) + beta C, row-major and dense: op(A) is (m,k), op(B) is (k,n), C is (m,n); beta is 0 or 1.
// Single-threaded. Errors: IoError when no OpenBLAS library can be loaded.
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, const real* a, const real* b, real beta,
          real* c);

struct BlasInfo {
  std::string library, config, core;  // the file loaded, its own description, the kernel family in use
  bool core_chosen_here = false;      // false: OPENBLAS_CORETYPE was set by the user
};
BlasInfo blas_info();

}  // namespace banel
