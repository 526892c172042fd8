#include "tasks/reason/sound.h"

#include <doctest/doctest.h>

#include <cmath>

namespace banel::reason {
namespace {

// Writes the letter s the more rarely, the more often it stands already; everything else at a fixed chance.
class Typist : public Generator {
 public:
  std::vector<Proposal> sample(std::size_t, Stream) const override { return {}; }
  std::vector<double> log_prob(std::span<const Attempt> strings) const override {
    std::vector<double> result;
    for (const Attempt& x : strings) {
      double nats = 0, next = 0.5;
      for (const char c : x) {
        nats -= c == 's' ? next : 0.2;
        next += c == 's' ? 0.7 : 0;
      }
      result.push_back(nats);
    }
    asked += strings.size();
    return result;
  }
  double fit(std::span<const Attempt>, const Fit&, Stream) override { return 0; }
  double ascend(std::span<const Attempt>, std::span<const double>, const Fit&, Stream) override { return 0; }
  std::unique_ptr<Generator> clone() const override { return std::make_unique<Typist>(); }
  std::string state() const override { return {}; }
  std::string_view format() const override { return "none"; }
  std::unique_ptr<Generator> with_state(std::string_view, std::string_view) const override { return clone(); }
  mutable std::size_t asked = 0;
};

// The sum over all wordings, one by one.
double by_hand(const Typist& typist, const std::vector<std::vector<std::string>>& all, std::size_t level = 0,
               const std::string& begun = {}) {
  if (level == all.size()) return std::exp(typist.log_prob(std::vector<Attempt>{begun})[0]);
  double sum = 0;
  for (const std::string& text : all[level]) sum += by_hand(typist, all, level + 1, begun + text);
  return sum;
}

Estimate estimate(const Typist& typist, const Problem& p, std::uint64_t seed) {
  return sound_success(typist, p, {seed, "sound_test"});
}

TEST_CASE("a small tree of wordings is summed exactly") {
  const Typist typist;
  for (const char* text : {"A=12.A4dB.?B:", "C=73.C5dH.H31fB.?B:"}) {
    const Problem p = parse_problem(text);
    const Estimate sum = estimate(typist, p, 1);
    CHECK(sum.value == doctest::Approx(by_hand(typist, pieces(p))).epsilon(1e-12));
    CHECK(sum.standard_error == 0);
  }
}

TEST_CASE("a large tree is thinned without bias and with a standard error that holds") {
  const Typist typist;
  const Problem p = parse_problem("C=3.C5dH.H31fB.B2dA.?A:");
  const double truth = by_hand(typist, pieces(p));
  typist.asked = 0;
  double sum = 0, within = 0;
  constexpr int runs = 60;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    const Estimate e = estimate(typist, p, seed);
    CHECK(e.standard_error > 0);
    sum += e.value;
    within += std::abs(e.value - truth) < 2.4 * e.standard_error;  // 95 % of a t distribution, 7 degrees
  }
  CHECK(typist.asked < runs * 3 * most_branches);
  CHECK(sum / runs == doctest::Approx(truth).epsilon(0.02));
  CHECK(within > 0.85 * runs);
}

TEST_CASE("the standard error of the mean over groups is their deviation over the root of their number") {
  std::vector<SoundSolution> solutions;
  for (std::size_t g = 0; g < groups; ++g)
    solutions.push_back({.proposal = {}, .mass = static_cast<double>(g + 1), .group = g});
  const Estimate sum = sum_of(solutions, std::vector<bool>(groups, true));
  CHECK(sum.value == doctest::Approx(4.5));
  CHECK(sum.standard_error == doctest::Approx(std::sqrt(6.0 / 8)));  // the variance of 1 to 8 is 6
}

TEST_CASE("only the marked solutions are summed") {
  const Typist typist;
  const auto solutions = sound_solutions(typist, parse_problem("A=12.A4dB.?B:"), {1, "sound_test"});
  REQUIRE(solutions.size() == 32);
  std::vector<bool> first(solutions.size());
  first[0] = true;
  CHECK(sum_of(solutions, first).value == doctest::Approx(std::exp(solutions[0].proposal.log_prob)));
}

}  // namespace
}  // namespace banel::reason
