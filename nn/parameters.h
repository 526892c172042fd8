// All weights of a network in one flat array, with a name and a shape for each piece of it. Copying a
// network, adding up gradients, AdamW and checkpoints are then loops over one array.
#pragma once
#include <string>
#include <vector>

#include "tensor/tape.h"

namespace banel {

struct Slice {  // one named piece: values[offset] ... values[offset + shape.size() - 1]
  std::string name;
  Shape shape;
  std::size_t offset = 0;
  std::size_t end() const { return offset + static_cast<std::size_t>(shape.size()); }
};

class Parameters {
 public:
  std::size_t add(const std::string& name, const Shape& shape);  // its number; values start at 0
  const std::vector<Slice>& slices() const { return slices_; }
  const Slice& operator[](std::size_t number) const { return slices_[number]; }
  real* data(std::size_t number) { return values.data() + slices_[number].offset; }
  std::size_t count() const;  // of weights, without the padding between slices

  Reals values;

 private:
  std::vector<Slice> slices_;
};

// The weights as tensors of one tape: w[number]. gradients == nullptr: nothing is differentiated.
class Weights {
 public:
  Weights(Tape& tape, Parameters& parameters, real* gradients)
      : tape_(tape), parameters_(parameters), gradients_(gradients) {}
  Tensor operator[](std::size_t number) const;

 private:
  Tape& tape_;
  Parameters& parameters_;
  real* gradients_;
};

}  // namespace banel
