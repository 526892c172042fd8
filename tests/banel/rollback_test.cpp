#include "banel/rollback.h"

#include <doctest/doctest.h>

#include "tensor/check.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t vocabulary = 48;

double first_probability(const Generator& g) { return probabilities(g)[0]; }

// Patience of two standard deviations, no restart.
Outcome update(Best& best, std::unique_ptr<Generator>& theta, std::int64_t rewards,
               std::int64_t strings = 10) {
  return best.update(theta, {strings, rewards}, 2, 0, nullptr);
}

// Makes theta another attacker than any before: it learns one more word.
void change(std::unique_ptr<Generator>& theta, std::uint32_t step) {
  theta->fit(std::vector<Attempt>(5, ToyGenerator::word(step)), {.epochs = 1}, {1, "change", step});
}

TEST_CASE("an attacker is the best one until a later one clearly fails less") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(vocabulary);
  Best best;
  CHECK(update(best, theta, 0) == Outcome::learned);
  const double first = first_probability(*best.current.theta);
  change(theta, 1);
  CHECK(update(best, theta, 0) == Outcome::learned);  // neither was rewarded: the later one
  CHECK(first_probability(*best.current.theta) != first);
  change(theta, 2);
  CHECK(update(best, theta, 3) == Outcome::learned);
  const double third = first_probability(*best.current.theta);
  CHECK(best.current.tally.rewards == 3);
  CHECK(best.current.tally.strings == 10);
  change(theta, 3);
  CHECK(update(best, theta, 2) == Outcome::learned);
  CHECK(first_probability(*best.current.theta) == third);
  CHECK(best.since.strings == 10);
  CHECK(best.since.rewards == 2);
}

TEST_CASE("a later attacker must be half a standard deviation better than the best one") {
  // 30 of 100 is a share of 0.3: of 10, 3 + sqrt(0.3 * 0.7 * 10) / 2 = 3.7 are needed.
  for (const std::int64_t rewards : {3, 4}) {
    std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(vocabulary);
    Best best;
    update(best, theta, 30, 100);
    change(theta, 1);
    update(best, theta, rewards, 10);
    CHECK(best.current.tally.strings == (rewards == 4 ? 10 : 100));
  }
}

TEST_CASE("theta rolls back when all rounds since the best attacker together fall short by the patience") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(vocabulary);
  Best best;
  update(best, theta, 4);
  const double kept = first_probability(*theta);
  change(theta, 1);
  CHECK(update(best, theta, 1) == Outcome::learned);  // 4 - 2 sqrt(2.4) = 0.9 of 10 are needed
  change(theta, 2);
  CHECK(update(best, theta, 3) == Outcome::learned);  // 8 - 2 sqrt(4.8) = 3.6 of 20
  change(theta, 3);
  // 12 - 2 sqrt(7.2) = 6.6 of 30, although this round alone was better than the first.
  CHECK(update(best, theta, 2) == Outcome::rolled_back);
  CHECK(first_probability(*theta) == kept);
  CHECK(best.current_is_best);
  CHECK(best.since.strings == 0);
  CHECK(update(best, theta, 1) == Outcome::learned);  // the same attacker: its tally goes on
  CHECK(best.current.tally.strings == 20);
  CHECK(best.current.tally.rewards == 5);
  CHECK(best.since.strings == 0);
}

TEST_CASE("an attacker that never failed is replaced by another that never fails") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(vocabulary);
  Best best;
  update(best, theta, 10);
  const double first = first_probability(*theta);
  change(theta, 1);
  CHECK(update(best, theta, 10) == Outcome::learned);
  CHECK(first_probability(*best.current.theta) != first);
  change(theta, 2);
  CHECK(update(best, theta, 9) == Outcome::rolled_back);
}

TEST_CASE("theta restarts after idle rounds and the best attacker of all is kept") {
  const ToyGenerator pretrained(vocabulary);
  std::unique_ptr<Generator> theta = pretrained.clone();
  const auto update = [&](Best& best, std::int64_t rewards) {
    return best.update(theta, {10, rewards}, 2, 3, &pretrained);
  };
  Best best;
  change(theta, 1);
  update(best, 4);
  const double kept = first_probability(*theta);
  change(theta, 2);
  CHECK(update(best, 1) == Outcome::learned);
  change(theta, 3);
  CHECK(update(best, 0) == Outcome::rolled_back);
  CHECK(update(best, 3) == Outcome::learned);  // a round of the best attacker itself is not idle
  CHECK(best.idle == 2);
  change(theta, 4);
  CHECK(update(best, 0) == Outcome::restarted);
  CHECK(first_probability(*theta) == first_probability(pretrained));
  CHECK(first_probability(*best.overall().theta) == kept);
  CHECK(best.overall().tally.strings == 20);
  change(theta, 5);
  update(best, 3);  // 0.3 is less than 7 of 20
  CHECK(first_probability(*best.overall().theta) == kept);
  change(theta, 6);
  update(best, 8);
  CHECK(first_probability(*best.overall().theta) == first_probability(*theta));
}

TEST_CASE("the best attacker before the last restart but one is not forgotten") {
  const ToyGenerator pretrained(vocabulary);
  std::unique_ptr<Generator> theta = pretrained.clone();
  const auto round = [&](Best& best, std::uint32_t step, std::int64_t rewards) {
    change(theta, step);
    return best.update(theta, {10, rewards}, 100, 1, &pretrained);
  };
  Best best;
  round(best, 1, 8);
  const std::vector<double> kept = probabilities(*theta);
  CHECK(round(best, 2, 1) == Outcome::restarted);
  round(best, 3, 2);
  CHECK(round(best, 4, 1) == Outcome::restarted);
  CHECK(probabilities(*best.overall().theta) == kept);
}

TEST_CASE("rounds without any reward are idle although each attacker replaces the one before") {
  const ToyGenerator pretrained(vocabulary);
  std::unique_ptr<Generator> theta = pretrained.clone();
  const auto update = [&](Best& best) { return best.update(theta, {10, 0}, 2, 4, &pretrained); };
  Best best;
  for (std::uint32_t round = 1; round <= 3; ++round) {
    CHECK(update(best) == Outcome::learned);
    change(theta, round);
  }
  CHECK(update(best) == Outcome::restarted);
}

const Judge every_fifth = judge_by([](const Attempt& x) { return ToyGenerator::number(x) % 5 == 0; });

Settings small(double patience) {
  return {.budget = 200,
          .m = 6,
          .n = 10,
          .f = 3,
          .phi = {.epochs = 2},
          .theta = {.epochs = 1},
          .patience = patience,
          .screened = false};
}

TEST_CASE("a run ends with the attacker that was rewarded most often") {
  Oracle oracle(every_fifth, 200);
  State state{std::make_unique<ToyGenerator>(vocabulary)};
  Banel learner(ratio_score());
  std::size_t rollbacks = 0;
  run(state, oracle, small(2), learner, all_may_succeed, 1, [&](const State& now, const Round& round) {
    rollbacks += round.outcome == Outcome::rolled_back;
    if (round.outcome != Outcome::learned) CHECK(round.accepted.empty());
    CHECK(first_probability(now.attacker()) == first_probability(*now.best.current.theta));
    return true;
  });
  CHECK(rollbacks > 0);
  CHECK(oracle.used() == 200);
  CHECK(first_probability(*state.theta) == first_probability(*state.best.current.theta));
}

TEST_CASE("a restart needs patience and an attacker to restart from") {
  const auto start = [](const Settings& settings) {
    Oracle oracle(every_fifth, 60);
    State state{std::make_unique<ToyGenerator>(vocabulary)};
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, all_may_succeed, 1, go_on);
  };
  Settings settings = small(0);
  settings.restart = 5;
  CHECK_THROWS_WITH_AS(start(settings), doctest::Contains("restart 5 needs patience"), UsageError);
  settings.patience = 2;
  CHECK_THROWS_WITH_AS(start(settings), doctest::Contains("need the pre-trained attacker"), UsageError);
}

TEST_CASE("patience without distillation is refused") {
  Oracle oracle(every_fifth, 60);
  State state{std::make_unique<ToyGenerator>(vocabulary)};
  Banel learner(ratio_score());
  Settings settings = small(1);
  settings.memory = Memory::regions;
  CHECK_THROWS_WITH_AS(run(state, oracle, settings, learner, all_may_succeed, 1, go_on),
                       doctest::Contains("patience 1 needs distillation"), UsageError);
}

}  // namespace
}  // namespace banel
