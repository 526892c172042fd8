#include <doctest/doctest.h>

#include "banel/banel.h"
#include "tensor/check.h"
#include "toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 48;

std::vector<bool> verdicts(std::size_t rewards, std::size_t n = 10) {
  std::vector<bool> result(n, false);
  std::fill_n(result.begin(), rewards, true);
  return result;
}

double first_probability(const Generator& g) { return dynamic_cast<const ToyGenerator&>(g).probabilities()[0]; }

// Another attacker than any before: it has learned one more word.
void change(std::unique_ptr<Generator>& theta, std::uint32_t step) {
  theta->fit(std::vector<Attempt>(5, ToyGenerator::word(step)), 1, {1, "change", step});
}

TEST_CASE("an attacker is the best one until a later one clearly fails less") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  CHECK_FALSE(best.follow(theta, verdicts(0), 2));
  const double first = first_probability(*best.theta);
  change(theta, 1);
  CHECK_FALSE(best.follow(theta, verdicts(0), 2));  // nothing is known of either: the later one
  CHECK(first_probability(*best.theta) != first);
  change(theta, 2);
  CHECK_FALSE(best.follow(theta, verdicts(3), 2));
  const double third = first_probability(*best.theta);
  CHECK(best.rewards == 3);
  CHECK(best.evaluations == 10);
  change(theta, 3);
  CHECK_FALSE(best.follow(theta, verdicts(2), 2));
  CHECK(first_probability(*best.theta) == third);
  CHECK(best.behind == 1);
}

TEST_CASE("after so many rounds that failed more theta is the best attacker again and its counts go on") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  best.follow(theta, verdicts(4), 2);
  const double kept = first_probability(*theta);
  change(theta, 1);
  CHECK_FALSE(best.follow(theta, verdicts(1), 2));
  change(theta, 2);
  CHECK(best.follow(theta, verdicts(0), 2));
  CHECK(first_probability(*theta) == kept);
  CHECK(best.asked);
  CHECK_FALSE(best.follow(theta, verdicts(1), 2));  // this very attacker, asked again
  CHECK(best.evaluations == 20);
  CHECK(best.rewards == 5);
  CHECK(best.behind == 0);
}

TEST_CASE("a later attacker must be half a standard deviation better than the best one") {
  // 30 of 100 is a share of 0.3: of 10, 3 + sqrt(0.3 * 0.7 * 10) / 2 = 3.7 are needed.
  for (const std::size_t rewards : {3u, 4u}) {
    std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
    Best best;
    best.follow(theta, verdicts(30, 100), 2);
    change(theta, 1);
    best.follow(theta, verdicts(rewards, 10), 2);
    CHECK(best.evaluations == (rewards == 4 ? 10 : 100));
  }
}

TEST_CASE("an attacker that never failed is followed by one that never fails") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  best.follow(theta, verdicts(10, 10), 2);
  change(theta, 1);
  best.follow(theta, verdicts(9, 10), 2);
  CHECK(best.behind == 1);
  change(theta, 2);
  best.follow(theta, verdicts(10, 10), 2);
  CHECK(best.behind == 0);
}

// Rewards every fifth word.
std::vector<Verdict> judge(std::span<const Attempt> attempts) {
  std::vector<Verdict> result;
  for (const Attempt& x : attempts) result.push_back({"", std::stoul(x.substr(1)) % 5 == 0});
  return result;
}

Settings small(std::size_t patience) {
  return {.budget = 200, .per_round = 6, .accepted = 10, .f = 3, .phi_epochs = 2, .distil_epochs = 1, .patience = patience, .screened = false};
}

TEST_CASE("what a run hands over is the attacker that failed least by its own evaluations") {
  Oracle oracle(judge, 200);
  State state{std::make_unique<ToyGenerator>(words), {}, 0, {}};
  Banel learner(ratio_score());
  std::size_t went_back = 0;
  run(state, oracle, small(2), learner, [](const Attempt&) { return false; }, 1, [&](const State& now, const Round& round) {
    went_back += round.went_back;
    if (round.went_back) CHECK(round.accepted.empty());
    CHECK(first_probability(now.attacker()) == first_probability(*now.best.theta));
    return true;
  });
  CHECK(went_back > 0);
  CHECK(oracle.used() == 200);
  CHECK(first_probability(*state.theta) == first_probability(*state.best.theta));
}

TEST_CASE("patience without distillation is refused") {
  Oracle oracle(judge, 60);
  State state{std::make_unique<ToyGenerator>(words), {}, 0, {}};
  Banel learner(ratio_score());
  Settings settings = small(1);
  settings.memory = Memory::regions;
  CHECK_THROWS_WITH_AS(run(state, oracle, settings, learner, [](const Attempt&) { return false; }, 1, [](const State&, const Round&) { return true; }), doctest::Contains("patience 1 needs distillation"), UsageError);
}

}  // namespace
}  // namespace banel
