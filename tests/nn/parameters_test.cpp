#include "nn/parameters.h"

#include <doctest/doctest.h>

#include <cstdint>

namespace banel {
namespace {

TEST_CASE("every parameter starts at zero on its own cache line and padding does not count as weights") {
  Parameters parameters;
  CHECK(parameters.add("a", {3, 5}) == 0);
  CHECK(parameters.add("b", {16}) == 1);
  CHECK(parameters.add("c", {}) == 2);
  CHECK(parameters.count() == 15 + 16 + 1);
  std::size_t end = 0;
  for (const Slice& slice : parameters.slices()) {
    CHECK(reinterpret_cast<std::uintptr_t>(parameters.values.data() + slice.offset) % cache_line == 0);
    CHECK(slice.offset >= end);
    end = slice.end();
  }
  CHECK(end <= parameters.values.size());
  CHECK(parameters.values == Reals(parameters.values.size(), 0));
  CHECK(parameters[1].name == "b");
  CHECK(parameters.data(1) == parameters.values.data() + parameters[1].offset);
}

TEST_CASE("weights are leaves over the parameters and add to the gradients given") {
  Parameters parameters;
  parameters.add("a", {2});
  const std::size_t b = parameters.add("b", {2, 1});
  std::vector<real> gradients(parameters.values.size());
  Tape tape;
  const Tensor with = Weights(tape, parameters, gradients.data())[b],
               without = Weights(tape, parameters, nullptr)[b];
  CHECK(with.shape() == Shape{2, 1});
  CHECK(with.data() == parameters.data(b));
  CHECK(with.grad() == gradients.data() + parameters[b].offset);
  CHECK(!without.needs_grad());
}

}  // namespace
}  // namespace banel
