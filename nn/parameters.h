// The weights of a network: one flat array in which every piece has a name and a shape. Copying a network,
// adding up gradients, optimisers and checkpoints are loops over this array.
//
//   Parameters parameters;
//   const std::size_t bias = parameters.add("bias", {64});
//   Tape tape;
//   std::vector<real> gradients(parameters.values.size());
//   Tensor b = Weights(tape, parameters, gradients.data())[bias];  // a leaf of the tape
#pragma once
#include <string>
#include <vector>

#include "tensor/tape.h"

namespace banel {

struct Slice {  // one named piece: values[offset] ... values[end() - 1], row-major
  std::string name;
  Shape shape;
  std::size_t offset = 0;
  std::size_t end() const { return offset + static_cast<std::size_t>(shape.size()); }
};

class Parameters {
 public:
  // Appends a slice of zeros, which begins at a cache line, and returns its number: 0, 1, ...
  std::size_t add(const std::string& name, const Shape& shape);
  const std::vector<Slice>& slices() const { return slices_; }
  const Slice& operator[](std::size_t number) const { return slices_[number]; }
  real* data(std::size_t number) { return values.data() + slices_[number].offset; }
  std::size_t count() const;  // of weights, without the padding between slices

  Reals values;

 private:
  std::vector<Slice> slices_;
};

// The weights as leaves of a tape: w[number] is the slice of that number. backward() adds to `gradients`,
// which is laid out as `values`. Parameters, gradients and tape must outlive it.
class Weights {
 public:
  Weights(Tape& tape, Parameters& parameters, real* gradients)
      : tape_(tape), parameters_(parameters), gradients_(gradients) {}
  // Constants: nothing is differentiated, nothing is written.
  Weights(Tape& tape, const Parameters& parameters)
      : Weights(tape, const_cast<Parameters&>(parameters), nullptr) {}  // tensors have no const form
  Tensor operator[](std::size_t number) const;

 private:
  Tape& tape_;
  Parameters& parameters_;
  real* gradients_;
};

}  // namespace banel
