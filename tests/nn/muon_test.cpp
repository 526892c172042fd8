#include "nn/muon.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "nn/train.h"

namespace banel {
namespace {

// I - 2 u u^T / u^T u, an orthogonal matrix, with u of n numbers that depend on `phase`.
std::vector<double> reflection(Index n, double phase) {
  std::vector<double> u, q;
  for (Index i = 0; i < n; ++i) u.push_back(std::sin(1.7 * static_cast<double>(i) + phase));
  double squares = 0;
  for (const double v : u) squares += v * v;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      q.push_back((i == j) - 2 * u[static_cast<std::size_t>(i)] * u[static_cast<std::size_t>(j)] / squares);
  return q;
}

// a (m,k) b (k,n)
std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, Index m, Index k,
                            Index n) {
  std::vector<double> c(static_cast<std::size_t>(m * n));
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j)
      for (Index l = 0; l < k; ++l)
        c[static_cast<std::size_t>(i * n + j)] +=
            a[static_cast<std::size_t>(i * k + l)] * b[static_cast<std::size_t>(l * n + j)];
  return c;
}

TEST_CASE("orthogonalising brings singular values near one and keeps the singular vectors") {
  for (const auto& shape : {std::pair<Index, Index>{4, 4}, {4, 12}, {12, 4}, {1, 3}}) {
    const Index rows = shape.first, columns = shape.second;
    CAPTURE(rows);
    CAPTURE(columns);
    const auto u = reflection(rows, 0.3), v = reflection(columns, 1.1);  // their own inverses
    std::vector<double> s(static_cast<std::size_t>(rows * columns));
    const double values[]{5, 2, 0.7, 0.2};
    for (Index i = 0; i < std::min(rows, columns); ++i)
      s[static_cast<std::size_t>(i * columns + i)] = values[i];
    const auto x = product(product(u, s, rows, rows, columns), v, rows, columns, columns);
    Orthogonaliser o(rows, columns);
    std::transform(x.begin(), x.end(), o.x.begin(), [](double value) { return static_cast<real>(value); });
    o.run();
    const std::vector<double> y(o.x.begin(), o.x.end());
    const auto d = product(product(u, y, rows, rows, columns), v, rows, columns, columns);
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < columns; ++j) {
        const double value = d[static_cast<std::size_t>(i * columns + j)];
        CHECK(std::abs(value - (i == j)) < (i == j ? 0.35 : 1e-4));
      }
  }
}

const GPTConfig small{.vocabulary = 5, .context = 8, .d_model = 8, .layers = 2, .heads = 2};

std::vector<real> numbers(std::size_t count) {
  std::vector<real> result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(static_cast<real>(std::sin(static_cast<double>(i * i))));
  return result;
}

// The weights after one step with the gradient g and the rate 0.01.
Reals after_step(const std::vector<real>& g, bool muon) {
  GPT gpt(small, Rng(1, "muon"));
  AdamW optimizer(gpt.parameters, {.muon = muon});
  optimizer.advance();
  for (std::size_t m = 0; m < optimizer.matrices(); ++m)
    optimizer.update_matrix(m, gpt.parameters, g.data(), 1, 0.01);
  optimizer.update(gpt.parameters, g.data(), 1, 0.01, 0, g.size());
  return gpt.parameters.values;
}

TEST_CASE("Muon moves the matrices of the blocks as far as AdamW would and leaves it all other weights") {
  const GPT gpt(small, Rng(1, "muon"));
  const Reals& before = gpt.parameters.values;
  const std::vector<real> g = numbers(before.size());
  const Reals adamw = after_step(g, false), muon = after_step(g, true);
  std::size_t matrices = 0;
  for (const Slice& slice : gpt.parameters.slices()) {
    CAPTURE(slice.name);
    const auto begin = static_cast<std::ptrdiff_t>(slice.offset),
               end = static_cast<std::ptrdiff_t>(slice.end());
    const bool same = std::equal(adamw.begin() + begin, adamw.begin() + end, muon.begin() + begin);
    const bool matrix = slice.name.starts_with("block") && slice.name.ends_with(".weight");
    CHECK(same == !matrix);
    if (!matrix) continue;
    ++matrices;
    double squares = 0;
    for (std::size_t i = slice.offset; i < slice.end(); ++i)
      squares += std::pow(static_cast<double>(muon[i] - before[i]), 2);
    const double moved = std::sqrt(squares / static_cast<double>(slice.shape.size()));  // root mean square
    CHECK(moved > 0.01 * 0.1);
    CHECK(moved < 0.01 * 0.3);
  }
  CHECK(matrices == 8);  // four in each block
}

TEST_CASE("Muon moves queries and keys and values each on its own") {
  const GPT gpt(small, Rng(1, "muon"));
  std::vector<real> g = numbers(gpt.parameters.values.size());
  const Reals before = after_step(g, true);
  const auto slices = gpt.parameters.slices();
  const auto qkv = std::find_if(slices.begin(), slices.end(),
                                [](const Slice& s) { return s.name.ends_with("qkv.weight"); });
  const auto width = static_cast<std::size_t>(small.d_model);
  for (std::size_t r = 0; r < width; ++r)
    for (std::size_t c = 0; c < width; ++c)
      g[qkv->offset + r * 3 * width + 2 * width + c] = static_cast<real>(r == c);
  const Reals after = after_step(g, true);
  for (std::size_t r = 0; r < width; ++r)
    for (std::size_t c = 0; c < 3 * width; ++c) {
      const std::size_t i = qkv->offset + r * 3 * width + c;
      CHECK((after[i] == before[i]) == (c < 2 * width));
    }
}

TEST_CASE("two steps of Muon follow its formula with the gradient in the momentum and beside it") {
  Parameters parameters;
  parameters.add("block0.out.weight", {3, 4});
  const std::vector<real> start = numbers(12);
  std::copy(start.begin(), start.end(), parameters.values.begin());
  std::vector<real> expected = start, m(12), momentum(parameters.values.size());
  const real b = real(0.95), clip = real(0.5), rate = real(0.1), decay = real(0.2);
  Muon muon(parameters);
  REQUIRE(muon.matrices() == 1);
  for (int step = 1; step <= 2; ++step) {
    std::vector<real> g(parameters.values.size());
    for (std::size_t i = 0; i < 12; ++i)
      g[i] = static_cast<real>(std::cos(static_cast<double>(i * i) + step));
    Orthogonaliser o(3, 4);
    for (std::size_t i = 0; i < 12; ++i) {
      m[i] = b * m[i] + (1 - b) * clip * g[i];
      o.x[i] = b * m[i] + (1 - b) * clip * g[i];
    }
    o.run();
    for (std::size_t i = 0; i < 12; ++i)
      expected[i] -= rate * (decay * expected[i] + real(0.2) * std::sqrt(real(4)) * o.x[i]);
    muon.update(0, parameters.values.data(), g.data(), clip, rate, decay, momentum.data());
    for (std::size_t i = 0; i < 12; ++i)
      CHECK(static_cast<double>(parameters.values[i]) ==
            doctest::Approx(static_cast<double>(expected[i])).epsilon(1e-5));
  }
}

TEST_CASE("training with Muon goes on at the same bits from its saved state") {
  const AdamWSettings settings{.weight_decay = 0.1, .muon = true};
  Batch batch;
  for (int i = 0; i < 40; ++i) batch.add({.tokens = {i % 5, (i + 1) % 5, (i + 2) % 5}});
  batch.normalise();
  GPT whole(small, Rng(1, "muon"));
  Trainer trainer(whole, settings);
  for (int step = 0; step < 3; ++step) trainer.step(batch, 0.01);
  GPT resumed = whole;
  Trainer second(resumed, settings);
  second.optimizer().restore(trainer.optimizer().state());
  for (int step = 0; step < 2; ++step) trainer.step(batch, 0.01), second.step(batch, 0.01);
  CHECK(resumed.parameters.values == whole.parameters.values);
}

}  // namespace
}  // namespace banel
