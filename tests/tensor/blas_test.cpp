#include "tensor/blas.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tensor/rng.h"

namespace banel {
namespace {

std::vector<real> random_matrix(Index numbers, Rng& rng) {
  std::vector<real> x(static_cast<std::size_t>(numbers));
  for (real& v : x) v = static_cast<real>(rng.normal());
  return x;
}

TEST_CASE("gemm agrees with the plain triple loop for all transposes and sizes") {
  Rng rng(1, "gemm");
  const std::vector<Index> sizes = {0, 1, 2, 7, 16, 33, 64, 65, 129};
  for (Transpose ta : {Transpose::no, Transpose::yes})
    for (Transpose tb : {Transpose::no, Transpose::yes})
      for (real beta : {0.0f, 1.0f})
        for (Index m : sizes)
          for (Index n : sizes)
            for (Index k : sizes) {
              const bool in_pieces = m == 129 && n == 129 && k >= 64;  // see small_kernel_block
              if (m * n * k > 60'000 && !in_pieces) continue;
              const std::vector<real> a = random_matrix(m * k, rng), b = random_matrix(k * n, rng),
                                      before = random_matrix(m * n, rng);
              std::vector<real> c = before;
              gemm(ta, tb, m, n, k, a.data(), b.data(), beta, c.data());
              const auto at = [](const std::vector<real>& x, Index i) {
                return static_cast<double>(x[static_cast<std::size_t>(i)]);
              };
              bool within = true;
              for (Index i = 0; i < m; ++i)
                for (Index j = 0; j < n; ++j) {
                  double exact = static_cast<double>(beta) * at(before, i * n + j),
                         magnitude = std::abs(exact);
                  for (Index l = 0; l < k; ++l) {
                    const double product = at(a, ta == Transpose::yes ? l * m + i : i * k + l) *
                                           at(b, tb == Transpose::yes ? j * k + l : l * n + j);
                    exact += product;
                    magnitude += std::abs(product);
                  }
                  // The classic bound k eps (|A||B|), twice for good measure, and one rounding of the result.
                  const double bound = 2 * static_cast<double>(k + 1) *
                                       static_cast<double>(std::numeric_limits<real>::epsilon()) * magnitude;
                  within = within && std::abs(at(c, i * n + j) - exact) <= bound;
                }
              INFO("m = " << m << ", n = " << n << ", k = " << k << ", beta = " << beta);
              CHECK(within);
            }
}

TEST_CASE("gemm with beta 0 overwrites NaN") {
  const std::vector<real> a = {1, 2}, b = {3, 4};
  real c = std::numeric_limits<real>::quiet_NaN();
  gemm(Transpose::no, Transpose::no, 1, 1, 2, a.data(), b.data(), 0, &c);
  CHECK(c == 11);
}

TEST_CASE("the loaded BLAS says what it is") {
  const BlasInfo info = blas_info();
  CHECK(info.library.find("blas") != info.library.npos);
  CHECK(info.config.find("OpenBLAS") != info.config.npos);
  CHECK(!info.core.empty());
}

}  // namespace
}  // namespace banel
