#include "nn/muon.h"

#include <algorithm>
#include <cmath>

#include "tensor/blas.h"

namespace banel {

Orthogonaliser::Orthogonaliser(Index rows_, Index columns_)
    : rows(rows_),
      columns(columns_),
      x(static_cast<std::size_t>(rows * columns)),
      next_(x.size()),
      gram_(static_cast<std::size_t>(std::min(rows, columns) * std::min(rows, columns))),
      polynomial_(gram_.size()) {}

void Orthogonaliser::run() {
  double squares = 0;
  for (const real v : x) squares += static_cast<double>(v) * static_cast<double>(v);
  const real norm = static_cast<real>(std::sqrt(squares) + 1e-12);
  for (real& v : x) v /= norm;
  const bool wide = rows <= columns;
  const Index side = std::min(rows, columns), length = std::max(rows, columns);
  const auto yes = Transpose::yes, no = Transpose::no;
  for (int step = 0; step < 5; ++step) {  // s <- 3.4445 s - 4.775 s^3 + 2.0315 s^5 for each singular value s
    gemm(wide ? no : yes, wide ? yes : no, side, side, length, x.data(), x.data(), 0, gram_.data());
    gemm(no, no, side, side, side, gram_.data(), gram_.data(), 0, polynomial_.data());
    for (std::size_t i = 0; i < gram_.size(); ++i)
      polynomial_[i] = real(2.0315) * polynomial_[i] - real(4.775) * gram_[i];
    for (Index i = 0; i < side; ++i) polynomial_[static_cast<std::size_t>(i * side + i)] += real(3.4445);
    if (wide)
      gemm(no, no, side, length, side, polynomial_.data(), x.data(), 0, next_.data());
    else
      gemm(no, no, length, side, side, x.data(), polynomial_.data(), 0, next_.data());
    std::swap(x, next_);
  }
}

Muon::Muon(const Parameters& parameters) {
  for (const Slice& slice : parameters.slices()) {
    if (slice.shape.rank != 2 || !slice.name.starts_with("block")) continue;
    slices_.push_back(slice);
    const Index stride = slice.shape[1], pieces = slice.name.ends_with("qkv.weight") ? 3 : 1;
    for (Index piece = 0; piece < pieces; ++piece)
      matrices_.push_back({slice.offset + static_cast<std::size_t>(piece * stride / pieces), stride,
                           Orthogonaliser(slice.shape[0], stride / pieces)});
  }
}

void Muon::update(std::size_t matrix, real* weights, const real* gradients, real clip, real rate, real decay,
                  real* momentum) {
  constexpr real b = real(0.95);
  auto& [begin, stride, step] = matrices_[matrix];
  for (Index r = 0; r < step.rows; ++r) {
    const real* g = gradients + begin + r * stride;
    real *m = momentum + begin + r * stride, *x = step.x.data() + r * step.columns;
    for (Index c = 0; c < step.columns; ++c) {
      m[c] = b * m[c] + (1 - b) * clip * g[c];
      x[c] = b * m[c] + (1 - b) * clip * g[c];
    }
  }
  step.run();
  const real size = rate * real(0.2) * std::sqrt(static_cast<real>(std::max(step.rows, step.columns)));
  for (Index r = 0; r < step.rows; ++r) {
    real* w = weights + begin + r * stride;
    const real* x = step.x.data() + r * step.columns;
    for (Index c = 0; c < step.columns; ++c) w[c] -= rate * decay * w[c] + size * x[c];
  }
}

}  // namespace banel
