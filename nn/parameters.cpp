#include "nn/parameters.h"

namespace banel {

std::size_t Parameters::add(const std::string& name, const Shape& shape) {
  slices_.push_back({name, shape, values.size()});
  constexpr std::size_t line = cache_line / sizeof(real);
  const std::size_t size = (slices_.back().end() + line - 1) / line * line;
  values.reserve(size);  // exactly this: a vector that grows by itself takes up to twice as much
  values.resize(size);
  return slices_.size() - 1;
}

std::size_t Parameters::count() const {
  std::size_t n = 0;
  for (const Slice& slice : slices_) n += static_cast<std::size_t>(slice.shape.size());
  return n;
}

Tensor Weights::operator[](std::size_t number) const {
  const Slice& slice = parameters_[number];
  return tape_.leaf(slice.shape, parameters_.data(number), gradients_ ? gradients_ + slice.offset : nullptr,
                    slice.name.c_str());
}

}  // namespace banel
