// Matrix products, by OpenBLAS; no other file calls it.
//
//   gemm(Transpose::no, Transpose::yes, m, n, k, a, b, 0, c);  // C = A B^T: (m,k), (n,k) -> (m,n)
#pragma once
#include <string>

#include "tensor/tape.h"

namespace banel {

enum class Transpose { no, yes };

// For products of fewer rows OpenBLAS chooses other kernels, which may round differently.
constexpr Index min_gemm_rows = 32;

// C = op(A) op(B) + beta C, row-major and dense: op(A) is (m,k), op(B) is (k,n), C is (m,n). beta is 1, or 0,
// and then C is not read. Single-threaded; may be called from several threads at once. Errors: IoError if no
// OpenBLAS library can be loaded.
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, const real* a, const real* b, real beta,
          real* c);

struct BlasInfo {
  std::string library, config, core;  // the file, its own description, the family of kernels in use
  bool core_chosen_here = false;      // false: by OpenBLAS, or by the user in OPENBLAS_CORETYPE
  bool serial = false;                // not made for threads: products wait for each other
};
BlasInfo blas_info();  // errors: as gemm

}  // namespace banel
