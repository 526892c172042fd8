#include <algorithm>
#include <cmath>

#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"
#include "tensor/ops.h"

namespace banel {

namespace {

// da += c dy, if a needs a gradient
void add_grad(const Tensor& a, real c, const Tensor& y) {
  if (!a.needs_grad()) return;
  const auto [dx, beta] = a.grad_sum();
  kernels::accumulate(y.grad(), c, y.size(), beta, dx);
}

// da += dy slope, if a needs a gradient
void add_grad(const Tensor& a, const real* slope, const Tensor& y) {
  if (!a.needs_grad()) return;
  const auto [dx, beta] = a.grad_sum();
  kernels::accumulate_product(y.grad(), slope, y.size(), beta, dx);
}

Tensor result_like(const Tensor& a) { return a.tape().uninitialised(a.shape()); }

void same_shape(const char* op, const Tensor& a, const Tensor& b) {
  ENSURE(a.shape() == b.shape(), op,
         "shapes differ: " << a.shape() << " and " << b.shape() << "; reshape one of them");
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  same_shape("add", a, b);
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; ++i) out.data()[i] = a.data()[i] + b.data()[i];
  return a.tape().record("add", out, {a, b}, [a, b](const Tensor& y) {
    add_grad(a, 1, y);
    add_grad(b, 1, y);
  });
}

Tensor sub(const Tensor& a, const Tensor& b) {
  same_shape("sub", a, b);
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; ++i) out.data()[i] = a.data()[i] - b.data()[i];
  return a.tape().record("sub", out, {a, b}, [a, b](const Tensor& y) {
    add_grad(a, 1, y);
    add_grad(b, -1, y);
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  same_shape("mul", a, b);
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; ++i) out.data()[i] = a.data()[i] * b.data()[i];
  return a.tape().record("mul", out, {a, b}, [a, b](const Tensor& y) {
    add_grad(a, b.data(), y);
    add_grad(b, a.data(), y);
  });
}

Tensor scale(const Tensor& a, real c) {
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; ++i) out.data()[i] = c * a.data()[i];
  return a.tape().record("scale", out, {a}, [a, c](const Tensor& y) { add_grad(a, c, y); });
}

Tensor exp(const Tensor& a) {
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; i += simd::width)
    simd::store_first(out.data() + i, simd::exp(simd::load_first(a.data() + i, n - i)), n - i);
  return a.tape().record("exp", out, {a}, [a](const Tensor& y) { add_grad(a, y.data(), y); });
}

Tensor log(const Tensor& a) {
  Tensor out = result_like(a);
  for (Index i = 0, n = a.size(); i < n; ++i) out.data()[i] = std::log(a.data()[i]);
  return a.tape().record("log", out, {a}, [a](const Tensor& y) {
    for (Index i = 0, n = y.size(); i < n; ++i) a.grad()[i] += y.grad()[i] / a.data()[i];
  });
}

Tensor sum(const Tensor& a) {
  Tensor out = a.tape().uninitialised({});
  real total = 0;
  for (Index i = 0, n = a.size(); i < n; ++i) total += a.data()[i];
  out.data()[0] = total;
  return a.tape().record("sum", out, {a}, [a](const Tensor& y) {
    for (Index i = 0, n = a.size(); i < n; ++i) a.grad()[i] += y.grad()[0];
  });
}

Tensor mean(const Tensor& a) {
  ENSURE(a.size() > 0, "mean",
         "the tensor of shape " << a.shape() << " is empty; give it at least one number");
  return scale(sum(a), real(1) / static_cast<real>(a.size()));
}

Tensor reshape(const Tensor& a, const Shape& shape) {
  ENSURE(
      a.size() == shape.size(), "reshape",
      a.shape() << " and " << shape << " have different sizes; choose a shape of " << a.size() << " numbers");
  return a.tape().record("reshape", a.tape().view(shape, a.data()), {a},
                         [a](const Tensor& y) { add_grad(a, 1, y); });
}

Tensor gelu(const Tensor& a) {
  Tensor out = result_like(a);
  real* const slope = a.tape().recording() ? a.tape().scratch(a.size()) : nullptr;
  kernels::gelu(a.data(), a.size(), out.data(), slope);
  return a.tape().record("gelu", out, {a}, [a, slope](const Tensor& y) { add_grad(a, slope, y); });
}

}  // namespace banel
