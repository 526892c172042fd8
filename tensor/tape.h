// Tensors and their derivatives: reverse-mode differentiation on a tape.
//
//   std::vector<real> x = {3, 5}, dx(2);
//   Tape tape;
//   Tensor a = tape.leaf({2}, x.data(), dx.data());
//   Tensor loss = sum(mul(a, a));  // ops.h
//   tape.backward(loss);           // dx is now {6, 10}
//   tape.reset();                  // frees a and loss
//
// An operation writes its result and leaves a closure on the tape that passes the gradient of the result on
// to its inputs. Three rules:
//   1. Gradients accumulate: a closure adds to the gradients of its inputs.
//   2. A tensor needs a gradient if it was computed from a leaf with a gradient. No closure is kept for other
//      tensors, and none at all on a tape made with Record::no.
//   3. The order of recording is a topological order. So backward() walks once from the end to the start, and
//      reset() frees all tensors of the tape at once.
//
// The main header of banel::tensor. Stable for users of this library alone: tape.h, ops.h, parallel.h,
// rng.h, real.h and check.h. The others (arena.h, blas.h, hash.h, kernels/) may change in any
// version. parallel.h says what threads, forks and signal handlers may do. A Tape belongs to one thread at a
// time. Errors: UsageError (check.h) that names the operation and the shapes; IoError if no OpenBLAS can be
// loaded.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <new>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "tensor/arena.h"
#include "tensor/real.h"

namespace banel {

using Index = std::int64_t;

struct Shape {  // 0..4 dimensions, row-major; rank 0 is a scalar. Errors: UsageError for more than 4
  std::array<Index, 4> dims{};
  int rank = 0;

  Shape() = default;
  Shape(std::initializer_list<Index> list);
  Index operator[](int i) const { return dims[static_cast<std::size_t>(i)]; }
  Index size() const;
  bool operator==(const Shape&) const = default;
};
std::ostream& operator<<(std::ostream&, const Shape&);

class Tape;

// A handle: copies are the same tensor. It must not be used after its tape was reset or destroyed.
class Tensor {
 public:
  const Shape& shape() const { return node_->shape; }
  Index dim(int i) const { return node_->shape[i]; }
  Index size() const { return node_->shape.size(); }
  real* data() const { return node_->data; }
  // The gradient, of the same shape: that of a leaf is the caller's, others are 0 at first use. A closure may
  // also add to the gradient of an input that needs none; this memory is then read by nobody.
  real* grad() const;
  // The same for a closure that computes "grad = beta grad + more" in one pass: beta is 0 at first use, when
  // the numbers are uninitialised, and 1 afterwards.
  struct Sum {
    real* data;
    real beta;
  };
  Sum grad_sum() const;
  bool needs_grad() const { return node_->needs_grad; }
  Tape& tape() const { return *node_->tape; }

 private:
  friend class Tape;
  struct Node {
    Tape* tape = nullptr;
    Node* previous = nullptr;
    const char* op = nullptr;  // the operation that made it; of a leaf, its name
    Shape shape;
    real* data = nullptr;
    real* grad = nullptr;
    bool needs_grad = false;
    void (*backward)(const void* closure, const Tensor& out) = nullptr;
    const void* closure = nullptr;
  };
  explicit Tensor(Node* node) : node_(node) {}
  Node* node_;
};

enum class Record { no, yes };  // no: values only, no derivatives
enum class Pass { forward, backward };

class Tape {
 public:
  explicit Tape(Record record = Record::yes) : recording_(record == Record::yes) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  bool recording() const { return recording_; }
  // A tensor over the caller's memory, to whose `grad` backward() adds; grad == nullptr: a constant. Memory
  // and `name` (for messages) must stay alive until reset().
  Tensor leaf(const Shape& shape, real* data, real* grad, const char* name = "input");

  // For authors of operations, who end with record(). All memory lives until reset().
  Tensor uninitialised(const Shape& shape);     // a result to be written
  Tensor view(const Shape& shape, real* data);  // a result that shares the numbers of its input
  real* scratch(Index count);                   // uninitialised numbers that a closure keeps

  // Makes `out` the result of `op`. If an input needs a gradient and the tape is recording, backward() calls
  // backward(out) once, when out.grad() is complete; not at all if the loss does not depend on `out`.
  template <class Backward>
  Tensor record(const char* op, Tensor out, std::initializer_list<Tensor> inputs, Backward backward) {
    static_assert(std::is_trivially_destructible_v<Backward>,
                  "closures live in the tape's memory: capture tensors, pointers and numbers only");
    out.node_->op = op;
    if (observer_) observer_(op, Pass::forward, out, {inputs.begin(), inputs.size()});
    bool needed = false;
    for (const Tensor& input : inputs) needed = needed || input.needs_grad();
    if (!recording_ || !needed) return out;
    out.node_->needs_grad = true;
    out.node_->closure = new (arena_.allocate(sizeof(Backward))) Backward(backward);
    out.node_->backward = [](const void* closure, const Tensor& result) {
      (*static_cast<const Backward*>(closure))(result);
    };
    return out;
  }

  // For profiles: calls the observer after each operation and, without inputs, after its backward pass.
  using Observer =
      std::function<void(const char* op, Pass pass, const Tensor& out, std::span<const Tensor> inputs)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  // grad += d loss / d leaf, for every leaf with a gradient. Errors: UsageError unless the loss is one number
  // that depends on such a leaf. Precondition: at most once for a tape between two resets.
  void backward(const Tensor& loss);
  void reset();  // frees all tensors; keeps the memory for the next ones

  // The first operation whose numbers are NaN or infinite, as "gelu: value" or "linear: gradient"; "" if
  // there is none. Values come before gradients.
  std::string first_non_finite() const;

 private:
  friend class Tensor;
  Tensor add_node(const Shape& shape, real* data, real* grad);
  Arena arena_;
  Tensor::Node* last_ = nullptr;
  bool recording_;
  Observer observer_;
};

}  // namespace banel
