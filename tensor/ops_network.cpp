#include <algorithm>

#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"
#include "tensor/ops.h"

namespace banel {

namespace {

Tensor gather(const char* op, const Tensor& table, std::span<const int> ids) {  // (V,D) -> (N,D)
  ENSURE(table.shape().rank == 2, op,
         "the table has shape " << table.shape() << "; it must be (rows, width)");
  const Index D = table.dim(1);
  Tensor out = table.tape().uninitialised({static_cast<Index>(ids.size()), D});
  for (std::size_t n = 0; n < ids.size(); ++n) {
    ENSURE(ids[n] >= 0 && ids[n] < table.dim(0), op,
           "row " << ids[n] << " is outside 0.." << table.dim(0) - 1);
    std::copy_n(table.data() + ids[n] * D, D, out.data() + static_cast<Index>(n) * D);
  }
  return table.tape().record(op, out, {table}, [table, ids, D](const Tensor& y) {
    for (std::size_t n = 0; n < ids.size(); ++n)
      kernels::accumulate(y.grad() + static_cast<Index>(n) * D, 1, D, 1, table.grad() + ids[n] * D);
  });
}

}  // namespace

Tensor embedding(const Tensor& table, std::span<const int> ids) { return gather("embedding", table, ids); }

Tensor select(const Tensor& x, std::span<const int> rows) { return gather("select", x, rows); }

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias) {
  ENSURE(x.shape().rank == 2 && gain.shape() == Shape({x.dim(1)}) && bias.shape() == gain.shape(),
         "layer_norm",
         "x " << x.shape() << ", gain " << gain.shape() << ", bias " << bias.shape()
              << "; expected (N,D), (D), (D)");
  const Index N = x.dim(0), D = x.dim(1);
  Tensor out = x.tape().uninitialised(x.shape());
  real *mean = x.tape().scratch(N), *rstd = x.tape().scratch(N);
  kernels::layer_norm(x.data(), gain.data(), bias.data(), N, D, out.data(), mean, rstd);
  return x.tape().record("layer_norm", out, {x, gain, bias},
                         [x, gain, bias, mean, rstd, N, D](const Tensor& y) {
                           kernels::layer_norm_backward(x.data(), gain.data(), mean, rstd, y.grad(), N, D,
                                                        x.grad(), gain.grad(), bias.grad());
                         });
}

namespace {

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor* residual) {
  ENSURE(x.shape().rank == 2 && weight.shape().rank == 2 && x.dim(1) == weight.dim(0) &&
             bias.shape() == Shape({weight.dim(1)}),
         "linear",
         "x " << x.shape() << ", weight " << weight.shape() << ", bias " << bias.shape()
              << "; expected (N,K), (K,M), (M)");
  const Index N = x.dim(0), K = x.dim(1), M = weight.dim(1);
  ENSURE(!residual || residual->shape() == Shape({N, M}), "linear",
         "the residual has shape " << residual->shape() << "; expected " << Shape({N, M}));
  Tensor out = x.tape().uninitialised({N, M});
  const Tensor add = residual ? *residual : bias;
  const bool has_residual = residual != nullptr;
  kernels::start_rows(bias.data(), has_residual ? add.data() : nullptr, N, M, out.data());
  gemm(Transpose::no, Transpose::no, N, M, K, x.data(), weight.data(), 1, out.data());
  return x.tape().record(
      "linear", out, {x, weight, bias, add}, [x, weight, bias, add, has_residual, N, K, M](const Tensor& y) {
        if (bias.needs_grad()) kernels::sum_rows(y.grad(), N, M, bias.grad());
        if (has_residual && add.needs_grad()) {
          const auto [dx, beta] = add.grad_sum();
          kernels::accumulate(y.grad(), 1, N * M, beta, dx);
        }
        if (weight.needs_grad())
          gemm(Transpose::yes, Transpose::no, K, M, N, x.data(), y.grad(), 1, weight.grad());  // x^T dy
        if (x.needs_grad()) {
          const auto [dx, beta] = x.grad_sum();
          gemm(Transpose::no, Transpose::yes, N, K, M, y.grad(), weight.data(), beta, dx);  // dy W^T
        }
      });
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear(x, weight, bias, nullptr);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  return linear(x, weight, bias, &residual);
}

Tensor cross_entropy(const Tensor& logits, std::span<const int> targets, std::span<const real> weights) {
  ENSURE(logits.shape().rank == 2 && logits.dim(0) == static_cast<Index>(targets.size()) &&
             targets.size() == weights.size(),
         "cross_entropy",
         "logits " << logits.shape() << ", " << targets.size() << " targets, " << weights.size()
                   << " weights; expected (N,V), N, N");
  const Index N = logits.dim(0), V = logits.dim(1), ld = simd::round_up(V);
  real* const probabilities = logits.tape().scratch(N * ld);
  Tensor out = logits.tape().uninitialised({});
  double loss = 0;
  for (Index n = 0; n < N; ++n) {
    const auto i = static_cast<std::size_t>(n);
    ENSURE(targets[i] >= 0 && targets[i] < V, "cross_entropy",
           "target " << targets[i] << " is outside 0.." << V - 1);
    real* p = probabilities + n * ld;
    std::copy_n(logits.data() + n * V, V, p);
    const real score = p[targets[i]], log_sum = kernels::softmax(p, V, p).log_sum();
    loss += static_cast<double>(weights[i] * (log_sum - score));
  }
  out.data()[0] = static_cast<real>(loss);
  return logits.tape().record("cross_entropy", out, {logits}, [=](const Tensor& y) {
    for (Index n = 0; n < N; ++n) {  // dlogits = w (p - onehot(target))
      const auto i = static_cast<std::size_t>(n);
      const real w = y.grad()[0] * weights[i];
      kernels::accumulate(probabilities + n * ld, w, V, 1, logits.grad() + n * V);
      logits.grad()[n * V + targets[i]] -= w;
    }
  });
}

}  // namespace banel
