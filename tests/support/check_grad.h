// Gradients against central differences, in double precision.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "tensor/ops.h"
#include "tensor/rng.h"

namespace banel {

static_assert(sizeof(real) == 8, "gradient checks need the double build");

struct Input {
  Shape shape;
  std::vector<real> values;
};

inline Input random_input(const Shape& shape, double lo, double hi, Rng& rng) {
  Input input{shape, std::vector<real>(static_cast<std::size_t>(shape.size()))};
  for (real& x : input.values) x = lo + (hi - lo) * rng.uniform();
  return input;
}

// Checks the derivative of the scalar f along `direction`: f(values) is evaluated at values +- step
// direction, and `gradient` is what backward() found. The error is relative to a typical directional
// derivative, |g| / sqrt(n).
inline void check_direction(const std::string& what, const std::vector<real>& gradient,
                            std::vector<real>& values, Rng& rng, const std::function<real()>& f) {
  const std::size_t n = values.size();
  if (n == 0) return;
  std::vector<real> direction(n);
  for (real& u : direction) u = rng.normal();
  const auto length = [](const std::vector<real>& v) {
    return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
  };
  const real unit = length(direction);
  for (real& u : direction) u /= unit;

  real largest = 1;
  for (real x : values) largest = std::max(largest, std::abs(x));
  const real step = 1e-5 * largest;
  const std::vector<real> centre = values;
  const auto at = [&](real t) {
    for (std::size_t i = 0; i < n; ++i) values[i] = centre[i] + t * direction[i];
    return f();
  };
  const real above = at(step), below = at(-step);
  values = centre;
  const real numeric = (above - below) / (2 * step);
  const real analytic = std::inner_product(gradient.begin(), gradient.end(), direction.begin(), 0.0);
  // What rounding does to the difference above - below, had both been summed from about 10 terms of their
  // size.
  const real rounding =
      10 * std::numeric_limits<real>::epsilon() * (std::abs(above) + std::abs(below)) / (2 * step);
  const real scale = std::max(length(gradient) / std::sqrt(static_cast<real>(n)), std::abs(numeric));
  INFO(what << ": analytic " << analytic << ", numeric " << numeric);
  CHECK(std::abs(analytic - numeric) <= 1e-6 * scale + rounding);
}

// The gradient of sum(weights * f(inputs)) with random weights, for each input by itself. With only that
// input asking for a gradient the result must be the same numbers.
inline void check_grad(const std::string& op, const std::function<Tensor(const std::vector<Tensor>&)>& f,
                       std::vector<Input> inputs, Rng& rng) {
  std::vector<real> weights;
  const auto run = [&](std::vector<std::vector<real>>& gradients, std::size_t only) {
    Tape tape;
    std::vector<Tensor> leaves;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      leaves.push_back(tape.leaf(inputs[i].shape, inputs[i].values.data(),
                                 only == i || only == inputs.size() ? gradients[i].data() : nullptr));
    const Tensor out = f(leaves);
    while (static_cast<Index>(weights.size()) < out.size()) weights.push_back(rng.normal());
    const Tensor loss = sum(mul(out, tape.leaf(out.shape(), weights.data(), nullptr)));
    tape.backward(loss);
    return loss.data()[0];
  };
  const auto zeros = [&] {
    std::vector<std::vector<real>> gradients;
    for (const Input& input : inputs) {
      gradients.emplace_back(input.values.size());
      gradients.back().reserve(1);  // even an empty one needs an address: nullptr would mean a constant
    }
    return gradients;
  };
  auto all = zeros();
  run(all, inputs.size());
  auto added = zeros();  // to what was there before
  for (std::vector<real>& gradient : added) std::fill(gradient.begin(), gradient.end(), real(3));
  run(added, inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto alone = zeros();
    run(alone, i);
    std::ostringstream what;
    what << op << ", input " << i << " of shape " << inputs[i].shape;
    INFO(what.str());
    CHECK(alone[i] == all[i]);
    for (std::size_t k = 0; k < all[i].size(); ++k)
      REQUIRE(std::abs(added[i][k] - (all[i][k] + 3)) <= 1e-12 * (1 + std::abs(all[i][k])));
    check_direction(what.str(), all[i], inputs[i].values, rng, [&] {
      auto unused = zeros();
      return run(unused, i);
    });
  }
}

}  // namespace banel
