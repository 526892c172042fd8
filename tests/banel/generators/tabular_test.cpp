#include "banel/generators/tabular.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>

#include "tensor/check.h"
#include "tests/support/in_child.h"

namespace banel {
namespace {

const std::vector<Attempt> abc = {"a", "b", "c"};
const Stream stream{1, "tabular_test"};

void check_probabilities(const TabularGenerator& g, const std::vector<double>& expected) {
  REQUIRE(g.probabilities().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(g.probabilities()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
}

TEST_CASE("words are drawn as often as their weights say and words of weight 0 never") {
  const TabularGenerator g({"a", "b", "c", "d"}, {1, 0, 2, 5}, 0);
  constexpr std::size_t n = 80'000;
  std::map<Attempt, double> counts;
  for (const Proposal& p : g.sample(n, stream)) {
    ++counts[p.text];
    CHECK(p.log_prob == std::log(g.probabilities()[g.place(p.text)]));
  }
  CHECK(!counts.contains("b"));
  for (std::size_t i : {0u, 2u, 3u}) {
    const double p = g.probabilities()[i];
    CHECK(std::abs(counts[g.words()[i]] - n * p) < 4 * std::sqrt(n * p * (1 - p)));
  }
}

TEST_CASE("what cannot be drawn has minus infinity for its log-probability") {
  const TabularGenerator g(abc, {1, 0, 3}, 0);
  const std::vector<double> logs = g.log_prob(std::vector<Attempt>{"c", "b", "z"});
  CHECK(logs[0] == std::log(0.75));
  CHECK(logs[1] == -std::numeric_limits<double>::infinity());
  CHECK(logs[2] == -std::numeric_limits<double>::infinity());
}

TEST_CASE("without inertia a fit gives the frequencies of the attempts") {
  TabularGenerator g(abc, {1, 1, 8}, 0);
  const double nats = g.fit(std::vector<Attempt>{"a", "b", "a", "a"}, {}, stream);
  check_probabilities(g, {0.75, 0.25, 0});
  CHECK(nats == doctest::Approx(-(3 * std::log(0.75) + std::log(0.25)) / 4));
}

TEST_CASE("inertia counts as attempts already seen in every epoch") {
  TabularGenerator once(abc, {1, 1, 2}, 8), twice = once, both = once;
  const std::vector<Attempt> attempts = {"a", "a"};
  once.fit(attempts, {}, stream);
  check_probabilities(once, {(8 * 0.25 + 2) / 10, 0.2, 0.4});
  both.fit(attempts, {.epochs = 2}, stream);
  twice.fit(attempts, {}, stream);
  twice.fit(attempts, {}, stream);
  check_probabilities(both, twice.probabilities());
}

TEST_CASE("a fit to nothing or for no epoch changes nothing and a clone is independent") {
  TabularGenerator g(abc, {1, 1, 2}, 1);
  const std::unique_ptr<Generator> clone = g.clone();
  CHECK(g.fit({}, {.epochs = 3}, stream) == 0);
  CHECK(g.fit(std::vector<Attempt>{"a"}, {.epochs = 0}, stream) == 0);
  check_probabilities(g, {0.25, 0.25, 0.5});
  clone->fit(std::vector<Attempt>{"a"}, {.epochs = 5}, stream);
  check_probabilities(g, {0.25, 0.25, 0.5});
}

TEST_CASE("an ascent moves log p by the gradient of the weighted log-likelihood") {
  TabularGenerator g(abc, {1, 1, 2}, 0);
  const std::vector<Attempt> attempts = {"a", "c", "a", "b"};
  const std::vector<double> weights = {1, -2, 0.5, 3};
  const auto objective = [&](const std::vector<double>& logits) {
    std::vector<double> p;
    for (double x : logits) p.push_back(std::exp(x));
    const TabularGenerator moved(abc, p, 0);
    const std::vector<double> logs = moved.log_prob(attempts);
    double sum = 0;
    for (std::size_t i = 0; i < logs.size(); ++i) sum += weights[i] * logs[i] / 4;
    return sum;
  };
  const std::vector<double> before = g.log_prob(abc);
  std::vector<double> gradient;
  double squares = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> up = before, down = before;
    up[k] += 1e-5;
    down[k] -= 1e-5;
    gradient.push_back((objective(up) - objective(down)) / 2e-5);
    squares += gradient[k] * gradient[k];
  }
  CHECK(g.ascend(attempts, weights, {}, stream) == doctest::Approx(std::sqrt(squares)).epsilon(1e-8));
  const std::vector<double> after = g.log_prob(abc);
  for (std::size_t k = 1; k < 3; ++k)  // but for the constant that keeps the sum at 1
    CHECK(after[k] - before[k] - gradient[k] ==
          doctest::Approx(after[0] - before[0] - gradient[0]).epsilon(1e-8));
  const std::vector<double> zeros(4, 0.0);
  CHECK(g.ascend(attempts, zeros, {}, stream) == 0);
}

TEST_CASE("unlearning moves log p by the gradient of log(1 - p) which is larger for a likely word") {
  const auto objective = [](const std::vector<double>& logits) {  // of "c" and "a"
    std::vector<double> p;
    for (double x : logits) p.push_back(std::exp(x));
    const TabularGenerator moved(abc, p, 0);
    return (std::log(1 - moved.probabilities()[2]) + std::log(1 - moved.probabilities()[0])) / 2;
  };
  TabularGenerator g(abc, {1, 1, 2}, 0);
  const std::vector<double> before = g.log_prob(abc);
  std::vector<double> gradient;
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> up = before, down = before;
    up[k] += 1e-5;
    down[k] -= 1e-5;
    gradient.push_back((objective(up) - objective(down)) / 2e-5);
  }
  CHECK(g.unlearn(std::vector<Attempt>{"c", "a"}, {}, stream) > 0);
  const std::vector<double> after = g.log_prob(abc);
  for (std::size_t k = 1; k < 3; ++k)  // but for the constant that keeps the sum at 1
    CHECK(after[k] - before[k] - gradient[k] ==
          doctest::Approx(after[0] - before[0] - gradient[0]).epsilon(1e-8));
  TabularGenerator certain(abc, {0, 0, 1}, 0);
  CHECK(std::isfinite(certain.unlearn(std::vector<Attempt>{"c"}, {}, stream)));
}

TEST_CASE("a state read back is the same bits and a damaged one is refused by its file") {
  TabularGenerator g(abc, {1, 1, 1}, 7);
  g.fit(std::vector<Attempt>{"a", "c", "a"}, {.epochs = 3}, stream);
  const TabularGenerator other(abc, {1, 0, 2}, 7);
  const std::unique_ptr<Generator> same = other.with_state(g.state(), "theta.json");
  CHECK(dynamic_cast<const TabularGenerator&>(*same).probabilities() == g.probabilities());
  CHECK(same->state() == g.state());
  CHECK(TabularGenerator({"a", "b"}, {1, 3}, 0).state() == "{\"probabilities\":[0.25,0.75]}\n");
  CHECK(g.format() == "json");
  for (const char* damaged :
       {"", "{}", "[0.5,0.25,0.25]", R"({"probabilities":1})", R"({"probabilities":[0.5,0.5]})",
        R"({"probabilities":[0.25,0.25,0.25,0.25]})", R"({"probabilities":[0.5,0.5,"0"]})",
        R"({"probabilities":[0.5,0.5,null]})", R"({"probabilities":[1.5,-0.5,0]})",
        R"({"probabilities":[0,0,0]})", R"({"probabilities":[1,1,1]})", R"({"probabilities":[1e999,0,0]})",
        R"({"probabilities":[]})"}) {
    CAPTURE(damaged);
    CHECK_THROWS_WITH_AS(g.with_state(damaged, "theta.json"), doctest::Contains("theta.json: "), InputError);
  }
}

TEST_CASE("a table that cannot be a distribution is refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(TabularGenerator(abc, {1, 1}, 0), UsageError);
  CHECK_THROWS_AS(TabularGenerator({"a", "a"}, {1, 1}, 0), UsageError);
  CHECK_THROWS_AS(TabularGenerator(abc, {0, 0, 0}, 0), UsageError);
  CHECK_THROWS_AS(TabularGenerator(abc, {1, -1, 1}, 0), UsageError);
  CHECK_THROWS_AS(TabularGenerator(abc, {1, nan, 1}, 0), UsageError);
  CHECK_THROWS_AS(TabularGenerator(abc, {1, 1, 1}, -1), UsageError);
  CHECK_THROWS_AS(TabularGenerator(abc, {1, 1, 1}, nan), UsageError);
  TabularGenerator g(abc, {1, 1, 1}, 0);
  CHECK_THROWS_AS(g.fit(std::vector<Attempt>{"z"}, {}, stream), UsageError);
}

TEST_CASE("a table of words ends each of its works at a request to stop") {
  const std::vector<Attempt> x{"a", "b"};
  const std::vector<double> weights{1, 1};
  TabularGenerator words(x, weights, 1);
  const Stream random{1, "tabular_test"};
  CHECK(stops([&] { words.sample(2, random); }));
  CHECK(stops([&] { words.log_prob(x); }));
  CHECK(stops([&] { words.fit(x, {}, random); }));
  CHECK(stops([&] { words.ascend(x, weights, {}, random); }));
  CHECK(stops([&] { texts(std::vector<Proposal>(1)); }));
}

}  // namespace
}  // namespace banel
