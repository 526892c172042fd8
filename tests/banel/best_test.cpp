#include <doctest/doctest.h>

#include "banel/banel.h"
#include "banel/best.h"
#include "tensor/check.h"
#include "tests/support/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 48;

double first_probability(const Generator& g) { return dynamic_cast<const ToyGenerator&>(g).probabilities()[0]; }

// After a round of so many rewards with so many strings, with a patience of two standard deviations and no restart.
Way follow(Best& best, std::unique_ptr<Generator>& theta, std::int64_t rewards, std::int64_t strings = 10) {
  return best.follow(theta, {strings, rewards}, 2, 0, nullptr);
}

// Another attacker than any before: it has learned one more word.
void change(std::unique_ptr<Generator>& theta, std::uint32_t step) {
  theta->fit(std::vector<Attempt>(5, ToyGenerator::word(step)), 1, {1, "change", step});
}

TEST_CASE("an attacker is the best one until a later one clearly fails less") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  CHECK(follow(best, theta, 0) == Way::on);
  const double first = first_probability(*best.now.theta);
  change(theta, 1);
  CHECK(follow(best, theta, 0) == Way::on);  // nothing is known of either: the later one
  CHECK(first_probability(*best.now.theta) != first);
  change(theta, 2);
  CHECK(follow(best, theta, 3) == Way::on);
  const double third = first_probability(*best.now.theta);
  CHECK(best.now.earned.rewards == 3);
  CHECK(best.now.earned.strings == 10);
  change(theta, 3);
  CHECK(follow(best, theta, 2) == Way::on);
  CHECK(first_probability(*best.now.theta) == third);
  CHECK(best.since.strings == 10);
  CHECK(best.since.rewards == 2);
}

TEST_CASE("a later attacker must be half a standard deviation better than the best one") {
  // 30 of 100 is a share of 0.3: of 10, 3 + sqrt(0.3 * 0.7 * 10) / 2 = 3.7 are needed.
  for (const std::int64_t rewards : {3, 4}) {
    std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
    Best best;
    follow(best, theta, 30, 100);
    change(theta, 1);
    follow(best, theta, rewards, 10);
    CHECK(best.now.earned.strings == (rewards == 4 ? 10 : 100));
  }
}

TEST_CASE("theta is the best attacker again when all rounds since fall short by the patience together") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  follow(best, theta, 4);
  const double kept = first_probability(*theta);
  change(theta, 1);
  CHECK(follow(best, theta, 1) == Way::on);  // 4 - 2 sqrt(2.4) = 0.9 of 10 are borne
  change(theta, 2);
  CHECK(follow(best, theta, 3) == Way::on);  // 8 - 2 sqrt(4.8) = 3.6 of 20
  change(theta, 3);
  CHECK(follow(best, theta, 2) == Way::back);  // 12 - 2 sqrt(7.2) = 6.6 of 30; by itself this round was better than the first
  CHECK(first_probability(*theta) == kept);
  CHECK(best.asked);
  CHECK(best.since.strings == 0);
  CHECK(follow(best, theta, 1) == Way::on);  // this very attacker, asked again: its counts go on
  CHECK(best.now.earned.strings == 20);
  CHECK(best.now.earned.rewards == 5);
  CHECK(best.since.strings == 0);
}

TEST_CASE("an attacker that never failed is followed by one that never fails") {
  std::unique_ptr<Generator> theta = std::make_unique<ToyGenerator>(words);
  Best best;
  follow(best, theta, 10);
  const double first = first_probability(*theta);
  change(theta, 1);
  CHECK(follow(best, theta, 10) == Way::on);
  CHECK(first_probability(*best.now.theta) != first);
  change(theta, 2);
  CHECK(follow(best, theta, 9) == Way::back);
}

TEST_CASE("after so many rounds without a better attacker theta begins anew and the best of all is kept") {
  const ToyGenerator pretrained(words);
  std::unique_ptr<Generator> theta = pretrained.clone();
  const auto follow = [&](Best& best, std::int64_t rewards) { return best.follow(theta, {10, rewards}, 2, 3, &pretrained); };
  Best best;
  change(theta, 1);
  follow(best, 4);
  const double kept = first_probability(*theta);
  change(theta, 2);
  CHECK(follow(best, 1) == Way::on);
  change(theta, 3);
  CHECK(follow(best, 0) == Way::back);
  CHECK(follow(best, 3) == Way::on);  // the best one asked again is no idle round
  CHECK(best.idle == 2);
  change(theta, 4);
  CHECK(follow(best, 0) == Way::anew);
  CHECK(first_probability(*theta) == first_probability(pretrained));
  CHECK(first_probability(*best.overall().theta) == kept);
  CHECK(best.overall().earned.strings == 20);
  change(theta, 5);
  follow(best, 3);  // 0.3 is less than 7 of 20
  CHECK(first_probability(*best.overall().theta) == kept);
  change(theta, 6);
  follow(best, 8);
  CHECK(first_probability(*best.overall().theta) == first_probability(*theta));
}

TEST_CASE("a climb without any reward is given up although each of its attackers replaces the one before") {
  const ToyGenerator pretrained(words);
  std::unique_ptr<Generator> theta = pretrained.clone();
  const auto follow = [&](Best& best) { return best.follow(theta, {10, 0}, 2, 4, &pretrained); };
  Best best;
  for (std::uint32_t round = 1; round <= 3; ++round) {
    CHECK(follow(best) == Way::on);
    change(theta, round);
  }
  CHECK(follow(best) == Way::anew);
}

// Rewards every fifth word.
std::vector<Verdict> judge(std::span<const Attempt> attempts) {
  std::vector<Verdict> result;
  for (const Attempt& x : attempts) result.push_back({"", std::stoul(x.substr(1)) % 5 == 0});
  return result;
}

Settings small(double patience) {
  return {.budget = 200, .per_round = 6, .accepted = 10, .f = 3, .phi_epochs = 2, .distil_epochs = 1, .patience = patience, .screened = false};
}

TEST_CASE("what a run hands over is the attacker that failed least by its own evaluations") {
  Oracle oracle(judge, 200);
  State state{std::make_unique<ToyGenerator>(words), {}, 0, {}, {}, {}};
  Banel learner(ratio_score());
  std::size_t went_back = 0;
  run(state, oracle, small(2), learner, [](const Attempt&) { return false; }, 1, [&](const State& now, const Round& round) {
    went_back += round.way == Way::back;
    if (round.way != Way::on) CHECK(round.accepted.empty());
    CHECK(first_probability(now.attacker()) == first_probability(*now.best.now.theta));
    return true;
  });
  CHECK(went_back > 0);
  CHECK(oracle.used() == 200);
  CHECK(first_probability(*state.theta) == first_probability(*state.best.now.theta));
}

TEST_CASE("a restart needs patience and an attacker to begin anew from") {
  const auto start = [](const Settings& settings) {
    Oracle oracle(judge, 60);
    State state{std::make_unique<ToyGenerator>(words), {}, 0, {}, {}, {}};
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, [](const Attempt&) { return false; }, 1, [](const State&, const Round&) { return true; });
  };
  Settings settings = small(0);
  settings.restart = 5;
  CHECK_THROWS_WITH_AS(start(settings), doctest::Contains("restart 5 needs patience"), UsageError);
  settings.patience = 2;
  CHECK_THROWS_WITH_AS(start(settings), doctest::Contains("need the pre-trained attacker"), UsageError);
}

TEST_CASE("patience without distillation is refused") {
  Oracle oracle(judge, 60);
  State state{std::make_unique<ToyGenerator>(words), {}, 0, {}, {}, {}};
  Banel learner(ratio_score());
  Settings settings = small(1);
  settings.memory = Memory::regions;
  CHECK_THROWS_WITH_AS(run(state, oracle, settings, learner, [](const Attempt&) { return false; }, 1, [](const State&, const Round&) { return true; }), doctest::Contains("patience 1 needs distillation"), UsageError);
}

}  // namespace
}  // namespace banel
