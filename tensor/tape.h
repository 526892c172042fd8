// Tensors and their derivatives. Every operation (ops.h) writes its result and a closure that passes the
// gradient on to its inputs; the tape keeps them in order. Three rules:
//   1. Gradients accumulate: a closure adds to the gradients of its inputs, it never overwrites.
//   2. A gradient exists only where an input needs one; a tape made with Record::no records nothing.
//   3. The order of recording is a topological order, so backward() is one walk from the end to the start,
//      and reset() frees all tensors of the tape at once. A Tensor must not be used after that.
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

struct Shape {  // up to 4 dimensions, row-major; rank 0 is a scalar
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

class Tensor {  // a handle; copies name the same numbers
 public:
  const Shape& shape() const { return node_->shape; }
  Index dim(int i) const { return node_->shape[i]; }
  Index size() const { return node_->shape.size(); }
  real* data() const { return node_->data; }
  real* grad() const;  // zero at first use; precondition: needs_grad()
  // The same for an operation that can also start a gradient: numbers and beta of "grad = beta grad + more";
  // beta is 0 at first use, when the numbers are uninitialised, then 1.
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
    const char* op = nullptr;  // what made it; of a leaf, its name
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

enum class Record { no, yes };
enum class Pass { forward, backward };

class Tape {
 public:
  explicit Tape(Record record = Record::yes) : recording_(record == Record::yes) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  bool recording() const { return recording_; }
  // The caller's memory; grad == nullptr: a constant. `name` (for messages) outlives the tape's contents.
  Tensor leaf(const Shape& shape, real* data, real* grad, const char* name = "input");
  Tensor uninitialised(const Shape& shape);     // for the result of an operation
  Tensor view(const Shape& shape, real* data);  // a result that shares its input's numbers
  real* scratch(Index count);                   // uninitialised, for what a closure keeps

  // Names `out` as the result of `op`. backward(out) is called once, with out.grad() complete.
  template <class Backward>
  Tensor record(const char* op, Tensor out, std::initializer_list<Tensor> inputs, Backward backward) {
    static_assert(std::is_trivially_destructible_v<Backward>,
                  "closures live in the arena: capture handles and numbers only");
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

  // Calls the observer after every operation and, without inputs, after its backward pass: for profiles.
  using Observer =
      std::function<void(const char* op, Pass pass, const Tensor& out, std::span<const Tensor> inputs)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  void backward(const Tensor& loss);  // d loss / d every leaf; precondition: loss is a scalar
  void reset();

  // "gelu: value" or "linear: gradient": the first operation whose numbers are NaN or infinite; "" if none.
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
