#include "banel/policy.h"

#include <doctest/doctest.h>

#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 12;

Settings settings(std::int64_t budget) {
  Settings s;
  s.budget = budget;
  s.m = 10;
  s.screened = false;
  return s;
}

Judge judge(const Attempt& rewarded) {
  return judge_by([rewarded](const Attempt& x) { return x == rewarded; });
}

// Gives every visit of one word a bonus and all others none.
class Loves : public Novelty {
 public:
  explicit Loves(Attempt word, double size = 1) : word_(std::move(word)), size_(size) {}
  std::vector<double> visit(std::span<const Attempt> attempts, Stream) override {
    seen.emplace_back(attempts.begin(), attempts.end());
    return bonus(attempts);
  }
  std::vector<double> bonus(std::span<const Attempt> attempts) override {
    std::vector<double> result;
    for (const Attempt& x : attempts) result.push_back(x == word_ ? size_ : 0);
    return result;
  }
  std::vector<std::vector<Attempt>> seen;

 private:
  Attempt word_;
  double size_;
};

TEST_CASE("on the bare reward nothing moves and the gradient is exactly 0 while every reward is 0") {
  for (Baseline baseline : {Baseline::none, Baseline::group}) {
    State state{std::make_unique<ToyGenerator>(words)};
    const auto before = probabilities(*state.theta);
    Oracle oracle(judge("none of them"), 60);
    RewardGradient learner(baseline);
    int rounds = 0;
    run(state, oracle, settings(60), learner, all_may_succeed, 1, [&](const State&, const Round& round) {
      CHECK(round.gradient_norm == 0.0);
      return ++rounds > 0;
    });
    CHECK(rounds == 6);
    const auto after = probabilities(*state.theta);
    for (std::size_t i = 0; i < words; ++i) CHECK(after[i] == doctest::Approx(before[i]).epsilon(1e-12));
  }
}

TEST_CASE("on the bare reward a rewarded word becomes more likely") {
  for (Baseline baseline : {Baseline::none, Baseline::group}) {
    State state{std::make_unique<ToyGenerator>(words)};
    const std::vector<Attempt> word{ToyGenerator::word(3)};
    const double before = state.theta->log_prob(word)[0];
    Oracle oracle(judge(word[0]), 100);
    RewardGradient learner(baseline);
    double largest = 0;
    run(state, oracle, settings(100), learner, all_may_succeed, 1, [&](const State&, const Round& round) {
      largest = std::max(largest, *round.gradient_norm);
      return true;
    });
    CHECK(largest > 0);
    CHECK(state.theta->log_prob(word)[0] > before);
  }
}

TEST_CASE("pushing failures away makes them less likely and leaves the successes to gain") {
  for (Penalty penalty : {Penalty::likelihood, Penalty::unlikelihood}) {
    CAPTURE(penalty == Penalty::likelihood);
    State state{std::make_unique<ToyGenerator>(words)};
    const std::vector<Attempt> all{ToyGenerator::word(1), ToyGenerator::word(3)};
    const std::vector<double> before = state.theta->log_prob(all);
    const Settings s = settings(10);
    const Oracle oracle(judge(all[1]), 10);
    Round round;
    round.attempts.kept = {{all[0], 0}, {all[0], 0}, {all[1], 0}};
    round.rewards = {Reward::failure, Reward::failure, Reward::success};
    round.failures = {all[0], all[0]};
    FailureGradient learner(penalty);
    CHECK(learner.learn(state, round, {s, oracle, nullptr, 1}));
    CHECK(*round.gradient_norm > 0);
    const std::vector<double> after = state.theta->log_prob(all);
    CHECK(after[0] < before[0]);
    CHECK(after[1] > before[1]);
    round.failures.clear();
    const auto unchanged = probabilities(*state.theta);
    CHECK(learner.learn(state, round, {s, oracle, nullptr, 1}));
    CHECK(probabilities(*state.theta) == unchanged);
  }
}

TEST_CASE("attempts that could not be judged are left out of the gradient of the reward") {
  const Settings s = settings(3);
  const ToyGenerator pretrained(words);
  const Oracle oracle(judge("none of them"), 3);
  const auto learned = [&](std::vector<Reward> rewards) {
    State state{pretrained.clone()};
    Round round;
    for (std::size_t i = 0; i < rewards.size(); ++i)
      round.attempts.kept.push_back({ToyGenerator::word(i), 0});
    round.rewards = std::move(rewards);
    CHECK(RewardGradient(Baseline::group).learn(state, round, {s, oracle, nullptr, 1}));
    return probabilities(*state.theta);
  };
  using enum Reward;
  CHECK(learned({success, failure, unjudged, unjudged}) == learned({success, failure}));
  CHECK(learned({success, failure, failure, failure}) != learned({success, failure}));
  CHECK(learned({unjudged, unjudged}) == pretrained.probabilities());
}

TEST_CASE("a bonus pulls the attacker and the KL penalty holds it back") {
  const std::vector<Attempt> word{ToyGenerator::word(3)};
  const auto reached = [&](double kl) {
    State state{std::make_unique<ToyGenerator>(words)};
    Oracle oracle(judge("none of them"), 400);
    BonusGradient learner(std::make_shared<Loves>(word[0]), state.theta->clone());
    Settings s = settings(400);
    s.kl = kl;
    run(state, oracle, s, learner, all_may_succeed, 1, go_on);
    return state.theta->log_prob(word)[0];
  };
  const double start = ToyGenerator(words).log_prob(word)[0];
  CHECK(reached(0) > start + 1);
  CHECK(reached(10) < reached(0));
}

TEST_CASE("without a bonus the KL penalty takes the attacker back towards the pre-trained one") {
  const std::vector<Attempt> F{ToyGenerator::word(3), ToyGenerator::word(5), ToyGenerator::word(7)};
  const ToyGenerator pretrained(words);
  State state{pretrained.clone()};
  state.theta->fit(std::vector<Attempt>(20, F[0]), {.epochs = 1}, {1, "moved away"});
  const double moved = state.theta->log_prob(F)[0];
  REQUIRE(moved > pretrained.log_prob(F)[0]);
  BonusGradient learner(std::make_shared<Loves>("none of them"), pretrained.clone());
  Oracle oracle(judge("none of them"), 10);
  Settings s = settings(10);
  s.kl = 1;
  Round round;
  round.failures = F;
  learner.learn(state, round, {s, oracle, nullptr, 1});
  CHECK(state.theta->log_prob(F)[0] < moved);
}

TEST_CASE("bonuses of any size weigh the same against the KL penalty") {
  const ToyGenerator pretrained(words);
  const Oracle oracle(judge("none of them"), 10);
  Settings s = settings(10);
  s.kl = 1;
  const auto learned = [&](double size) {
    State state{pretrained.clone()};
    state.theta->fit(std::vector<Attempt>(20, "w5"), {.epochs = 1}, {1, "moved away"});
    BonusGradient learner(std::make_shared<Loves>("w3", size), pretrained.clone());
    Round round;
    round.failures = {"w3", "w5", "w7", "w8"};
    learner.learn(state, round, {s, oracle, nullptr, 1});
    return probabilities(*state.theta);
  };
  CHECK(learned(0.25) == learned(4));  // powers of two, for the same bits
  CHECK(learned(0) != learned(4));
}

TEST_CASE("the bonus is shown failures only and a resumed run recalls them") {
  const auto novelty = std::make_shared<Loves>("w1"), recalled = std::make_shared<Loves>("w1");
  State state{std::make_unique<ToyGenerator>(words)};
  Oracle oracle(judge("w2"), 40);
  BonusGradient learner(novelty, state.theta->clone()), later(recalled, state.theta->clone());
  run(state, oracle, settings(40), learner, all_may_succeed, 1, go_on);
  for (std::size_t k = 0; k < 4; ++k) later.recall(oracle.failures(10 * k, 10 * k + 10), k + 1, 1);
  REQUIRE(novelty->seen.size() == 4);
  CHECK(recalled->seen == novelty->seen);
  for (const auto& visit : novelty->seen) CHECK(std::find(visit.begin(), visit.end(), "w2") == visit.end());
}

TEST_CASE("advantages have mean 0 and deviation 1 and are exactly 0 if all rewards agree") {
  const auto a = standardised({1, 2, 3, 6});
  CHECK(a[0] + a[1] + a[2] + a[3] == doctest::Approx(0));
  CHECK(a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + a[3] * a[3] == doctest::Approx(4));
  CHECK(standardised({0, 0, 0}) == std::vector<double>{0, 0, 0});
  CHECK(standardised({0.1, 0.1, 0.1}) == std::vector<double>{0, 0, 0});
}

}  // namespace
}  // namespace banel
