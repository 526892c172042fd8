#include "tensor/tape.h"

#include <algorithm>
#include <cmath>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

Shape::Shape(std::initializer_list<Index> list) : rank(static_cast<int>(list.size())) {
  ENSURE(list.size() <= dims.size(), "shape", list.size() << " dimensions; use at most 4");
  std::copy(list.begin(), list.end(), dims.begin());
}

Index Shape::size() const {
  Index n = 1;
  for (int i = 0; i < rank; ++i) n *= (*this)[i];
  return n;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (int i = 0; i < shape.rank; ++i) out << (i ? "," : "") << shape[i];
  return out << ')';
}

real* Tensor::grad() const {
  const auto [data, beta] = grad_sum();
  if (beta == 0) std::fill_n(data, size(), real{0});
  return data;
}

Tensor::Sum Tensor::grad_sum() const {
  if (node_->grad) return {node_->grad, 1};
  return {node_->grad = tape().scratch(size()), 0};
}

real* Tape::scratch(Index count) {
  return static_cast<real*>(arena_.allocate(static_cast<std::size_t>(count) * sizeof(real)));
}

Tensor Tape::add_node(const Shape& shape, real* data, real* grad) {
  auto* node = new (arena_.allocate(sizeof(Tensor::Node))) Tensor::Node;
  node->tape = this;
  node->previous = last_;
  node->shape = shape;
  node->data = data;
  node->grad = grad;
  return Tensor(last_ = node);
}

Tensor Tape::leaf(const Shape& shape, real* data, real* grad, const char* name) {
  Tensor tensor = add_node(shape, data, grad);
  tensor.node_->op = name;
  tensor.node_->needs_grad = recording_ && grad != nullptr;
  return tensor;
}

Tensor Tape::uninitialised(const Shape& shape) { return add_node(shape, scratch(shape.size()), nullptr); }

Tensor Tape::view(const Shape& shape, real* data) { return add_node(shape, data, nullptr); }

void Tape::backward(const Tensor& loss) {
  ENSURE(loss.size() == 1, "backward", "the loss has shape " << loss.shape() << "; it must be one number");
  ENSURE(
      loss.needs_grad(), "backward",
      "the loss depends on no leaf with a gradient; give a leaf one, and use a tape made with Record::yes");
  loss.grad()[0] = 1;
  for (Tensor::Node* node = loss.node_; node; node = node->previous)
    if (node->backward && node->grad) {
      check_stop();
      node->backward(node->closure, Tensor(node));
      if (observer_) observer_(node->op, Pass::backward, Tensor(node), {});
    }
}

void Tape::reset() {
  last_ = nullptr;
  arena_.reset();
}

std::string Tape::first_non_finite() const {
  const auto broken = [](const real* x, Index n) {
    return x && !std::all_of(x, x + n, [](real v) { return std::isfinite(v); });
  };
  std::string first, last_gradient;
  for (const Tensor::Node* node = last_; node; node = node->previous) {
    if (broken(node->data, node->shape.size())) first = std::string(node->op) + ": value";
    // Gradients flow from the end to the start, so the last operation with a bad one made it.
    if (last_gradient.empty() && broken(node->grad, node->shape.size()))
      last_gradient = std::string(node->op) + ": gradient";
  }
  return first.empty() ? last_gradient : first;
}

}  // namespace banel
