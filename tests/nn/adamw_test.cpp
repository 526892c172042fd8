#include "nn/adamw.h"

#include <doctest/doctest.h>

#include <cmath>

namespace banel {
namespace {

// One matrix weight of 2 (decayed) and one bias of 3 (not decayed).
Parameters two_weights() {
  Parameters parameters;
  parameters.add("weight", {1, 1});
  parameters.add("bias", {1});
  parameters.data(0)[0] = 2;
  parameters.data(1)[0] = 3;
  return parameters;
}

TEST_CASE("three steps of AdamW follow its definition") {
  Parameters parameters = two_weights();
  const std::size_t bias = parameters[1].offset;
  const AdamWSettings settings{
      .beta1 = 0.9, .beta2 = 0.98, .epsilon = 1e-3, .weight_decay = 0.1, .max_norm = 2};
  AdamW optimizer(parameters, settings);
  std::vector<real> gradients(parameters.values.size());
  double weight[2] = {2, 3}, m[2] = {}, v[2] = {};
  const double rate = 0.01, steps[3][2] = {{1, -1}, {6, 8}, {-0.1, 0}};  // of norms 1.4, 10 (clipped) and 0.1
  for (int t = 0; t < 3; ++t) {
    gradients[0] = static_cast<real>(steps[t][0]);
    gradients[bias] = static_cast<real>(steps[t][1]);
    const double norm = std::hypot(steps[t][0], steps[t][1]);
    optimizer.advance();
    optimizer.update(parameters, gradients.data(), norm, rate, 0, gradients.size());
    for (int i = 0; i < 2; ++i) {
      const double g = steps[t][i] * std::min(1.0, 2 / (norm + 1e-6));
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.98 * v[i] + 0.02 * g * g;
      const double m_hat = m[i] / (1 - std::pow(0.9, t + 1)), v_hat = v[i] / (1 - std::pow(0.98, t + 1));
      weight[i] -= rate * ((i == 0 ? 0.1 : 0) * weight[i] + m_hat / (std::sqrt(v_hat) + 1e-3));
    }
    CHECK(static_cast<double>(parameters.values[0]) == doctest::Approx(weight[0]).epsilon(1e-6));
    CHECK(static_cast<double>(parameters.values[bias]) == doctest::Approx(weight[1]).epsilon(1e-6));
  }
}

TEST_CASE("an update in pieces gives the same bits as an update of all weights at once") {
  Parameters whole;
  whole.add("weight", {10, 10});
  whole.add("bias", {30});
  for (std::size_t i = 0; i < whole.values.size(); ++i)
    whole.values[i] = static_cast<real>(std::sin(static_cast<double>(i)));
  Parameters pieces = whole;
  AdamW a(whole, {.weight_decay = 0.1}), b(pieces, {.weight_decay = 0.1});
  std::vector<real> gradients(whole.values.size());
  for (int t = 0; t < 3; ++t) {
    for (std::size_t i = 0; i < gradients.size(); ++i)
      gradients[i] = static_cast<real>(std::cos(static_cast<double>(i) + t));
    a.advance();
    a.update(whole, gradients.data(), 5, 0.01, 0, gradients.size());
    b.advance();
    for (std::size_t first = 0; first < gradients.size(); first += 7)
      b.update(pieces, gradients.data(), 5, 0.01, first, std::min(first + 7, gradients.size()));
  }
  CHECK(whole.values == pieces.values);
}

TEST_CASE("an optimiser with restored moments goes on as if it had never stopped") {
  Parameters parameters = two_weights();
  std::vector<real> gradients(parameters.values.size(), real{1});
  AdamW first(parameters, {});
  first.advance();
  first.update(parameters, gradients.data(), 1, 0.1, 0, gradients.size());
  Parameters copy = parameters;
  AdamW second(copy, {});
  second.restore(first.state());
  for (auto [optimizer, weights] : {std::pair(&first, &parameters), std::pair(&second, &copy)}) {
    optimizer->advance();
    optimizer->update(*weights, gradients.data(), 1, 0.1, 0, gradients.size());
  }
  CHECK(parameters.values == copy.values);
  CHECK(second.state().steps == 2);
}

TEST_CASE("the learning rate rises linearly and falls as half a cosine to its floor") {
  const Schedule schedule{.peak = 2, .warmup = 4, .total = 104, .floor = 0.1};
  CHECK(schedule.at(0) == doctest::Approx(0.5));
  CHECK(schedule.at(3) == doctest::Approx(2));
  CHECK(schedule.at(4) == doctest::Approx(2));
  CHECK(schedule.at(54) == doctest::Approx(2 * 0.55));
  CHECK(schedule.at(104) == doctest::Approx(0.2));
  CHECK(schedule.at(1000) == doctest::Approx(0.2));
  for (std::int64_t step = 5; step <= 104; ++step) CHECK(schedule.at(step) < schedule.at(step - 1));
  const Schedule constant{.peak = 3};
  CHECK(constant.at(0) == 3);
  CHECK(constant.at(1'000'000) == 3);
}

}  // namespace
}  // namespace banel
