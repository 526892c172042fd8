#include "banel/first_steps.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

constexpr std::int64_t ten_rounds = 95;  // the last is shorter

// Of the n best proposals of a round, those that were rewarded are left out: all with a score above tau, and
// of those that score tau the first ones drawn.
std::size_t rewarded_among(const Round& round, const Oracle& oracle) {
  const std::vector<Proposal>& P = round.proposals.kept;
  const std::vector<double> s = log_ratio(P, *round.phi, 1);
  std::vector<std::size_t> order(P.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return s[a] > s[b]; });
  const auto rewarded = [&](std::size_t i) { return oracle.succeeded(P[i].text); };
  return static_cast<std::size_t>(std::count_if(order.begin(), order.begin() + 200, rewarded));
}

TEST_CASE("the first steps make the ledger of the loop at full scale") {
  const TemporaryFolder folder;
  const Settings settings{.budget = ten_rounds,
                          .m = 10,
                          .n = 200,
                          .f = 4,
                          .kappa = 1,
                          .phi = {.epochs = 1},
                          .theta = {.epochs = 1},
                          .screened = false,
                          .memory = Memory::distil};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const auto steps = folder.path / ("steps" + std::to_string(seed));
    const auto full = folder.path / ("full" + std::to_string(seed));
    Oracle first(toy_judge, ten_rounds, steps), oracle(toy_judge, ten_rounds, full);
    const std::vector<double> rates = first_steps(first, seed);
    State state{toy_attacker().clone()};
    Banel learner(ratio_score());
    std::vector<double> expected;
    run(state, oracle, settings, learner, all_may_succeed, seed, [&](const State& now, const Round& round) {
      CHECK(round.accepted.size() + rewarded_among(round, oracle) == 200);
      const auto& theta = dynamic_cast<const TabularGenerator&>(*now.theta);
      expected.push_back(theta.probabilities()[theta.place("-2.0")] +
                         theta.probabilities()[theta.place("2.0")]);
      return true;
    });
    CHECK(first.used() == ten_rounds);
    CHECK(read_file(steps) == read_file(full));
    CHECK(rates == expected);
  }
}

TEST_CASE("the first steps find a success in fewer rounds than sampling from the attacker alone") {
  constexpr int seeds = 100;
  const auto mean_rounds = [&](auto attack) {  // until a success; 10 if there is none
    std::size_t total = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Oracle oracle(toy_judge, 100);
      attack(oracle, seed);
      std::size_t rounds = 1;
      while (rounds < 10 && oracle.failures(0, 10 * rounds).size() == 10 * rounds) ++rounds;
      total += rounds;
    }
    return static_cast<double>(total) / seeds;
  };
  const double learning = mean_rounds(first_steps);
  const double prior = mean_rounds([](Oracle& oracle, std::uint64_t seed) {
    oracle.evaluate(texts(toy_attacker().sample(100, {seed, "attempts"})));
  });
  CAPTURE(learning);
  CAPTURE(prior);
  CHECK(learning < 0.75 * prior);
}

TEST_CASE("the worked number of the first steps is that of the toy") {
  const TabularGenerator theta = toy_attacker();
  const std::vector<double>& p = theta.probabilities();
  CHECK(theta.words().size() == 31);
  CHECK(p[theta.place("-2.0")] + p[theta.place("2.0")] == doctest::Approx(0.022).epsilon(0.02));
  CHECK(p[theta.place("0.0")] == doctest::Approx(0.080).epsilon(0.01));
  TabularGenerator phi = theta;
  phi.fit(std::vector<Attempt>{"0.0", "0.0", "1.0", "1.0", "1.0", "1.0", "1.0", "1.0", "1.0", "1.0"}, {}, {});
  const auto ratio = [&](const char* word) {
    return p[theta.place(word)] / phi.probabilities()[theta.place(word)];
  };
  CHECK(phi.probabilities()[theta.place("0.0")] == doctest::Approx(0.140).epsilon(0.01));
  CHECK(ratio("0.0") == doctest::Approx(0.57).epsilon(0.01));
  CHECK(ratio("2.0") == doctest::Approx(2));
  CHECK(ratio("2.6") == doctest::Approx(2));
}

}  // namespace
}  // namespace banel
