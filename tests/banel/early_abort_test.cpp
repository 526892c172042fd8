#include "banel/early_abort.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tensor/check.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 400;
constexpr std::size_t m = 6, early = 2;

// A run over the words, of which those with a number below `first_failing` are rewarded.
struct Run {
  std::set<Attempt> rewarded, learned;
  std::vector<Round> rounds;
  State state;
  std::int64_t used = 0;

  explicit Run(std::size_t first_failing, bool screened = true, double patience = 0) {
    const auto watch = [this](std::span<const Attempt> attempts, std::string_view purpose) {
      for (const Attempt& x : attempts) CHECK_FALSE(rewarded.contains(x));
      if (purpose == "phi") learned.insert(attempts.begin(), attempts.end());
    };
    state = {std::make_unique<ToyGenerator>(words, watch)};
    const Judge judge = judge_by([&](const Attempt& x) {
      const bool success = ToyGenerator::number(x) < first_failing;
      if (success) rewarded.insert(x);
      return success;
    });
    Oracle oracle(judge, 60);
    Settings settings{.budget = 60,
                      .m = m,
                      .n = 60,
                      .early_abort = early,
                      .f = 2,
                      .phi = {.epochs = 1},
                      .theta = {.epochs = 1},
                      .screened = screened};
    settings.patience = patience;
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, all_may_succeed, 5, [&](const State&, const Round& round) {
      rounds.push_back({});
      rounds.back().attempts = round.attempts;
      rounds.back().rewards = round.rewards;
      rounds.back().assumed = round.assumed;
      rounds.back().failures = round.failures;
      return true;
    });
    used = oracle.used();
  }
};

TEST_CASE("a round whose first attempts earn nothing pays for no more and takes the others for failures") {
  const Run run(0);
  CHECK(run.rounds.size() == 60 / early);
  CHECK(run.used == 60);
  for (std::size_t k = 0; k < run.rounds.size(); ++k) {
    const Round& round = run.rounds[k];
    const std::size_t left = 60 - k * early;
    CHECK(round.rewards.size() == early);
    CHECK(round.attempts.kept.size() == early);
    CHECK(round.assumed.size() == std::min(m, left) - early);
    REQUIRE(round.failures.size() == early + round.assumed.size());
    for (const Attempt& x : round.failures) CHECK(run.learned.contains(x));
    for (std::size_t i = 0; i < round.assumed.size(); ++i)
      CHECK(round.failures[early + i] == round.assumed[i]);
  }
}

TEST_CASE("a round whose first attempts earn something is evaluated as a whole") {
  const Run run(words);
  CHECK(run.rounds.size() == 60 / m);
  for (const Round& round : run.rounds) {
    CHECK(round.rewards.size() == m);
    CHECK(round.assumed.empty());
    CHECK(round.failures.empty());
  }
}

TEST_CASE("nothing that was rewarded before is taken for a failure") {
  const Run run(words / 2, false);  // unscreened, so words repeat
  std::size_t assumed = 0;
  for (const Round& round : run.rounds) assumed += round.assumed.size();
  CHECK(assumed > 0);
  CHECK_FALSE(run.rewarded.empty());  // and each fit checked for them
}

TEST_CASE("a string that was rewarded before is not among those that early abort takes for failures") {
  Oracle oracle(judge_by([](const Attempt& x) { return x == "w0"; }), 60);
  const std::vector<Attempt> before{"w0"};
  oracle.evaluate(before);
  Settings settings;
  settings.early_abort = 2;
  Round round{.number = 1};
  for (const char* x : {"w5", "w6", "w0", "w7"}) round.attempts.kept.push_back({x, 0});
  evaluate(round, oracle, {settings, oracle, nullptr, 1});
  CHECK(round.rewards == std::vector<Reward>{Reward::failure, Reward::failure});
  CHECK(round.assumed == std::vector<Attempt>{"w7"});
}

TEST_CASE("a draw counts the strings it examined up to the last one it kept") {
  const ToyGenerator theta(words);
  const Screen one_in_four = screen_by([](const Attempt& x) { return ToyGenerator::number(x) % 4 == 0; });
  const Draws draws = draw(theta, {}, &one_in_four, 20, {1, "attempts"});
  CHECK(draws.kept.size() == 20);
  CHECK(draws.examined > 40);
  CHECK(draws.examined <= draws.drawn);
  CHECK(draw(theta, {}, nullptr, 20, {1, "attempts"}).examined == 20);
  const std::vector<Proposal> all = theta.sample(draws.drawn, {1, "attempts"});
  CHECK(all[draws.examined - 1].text == draws.kept.back().text);
}

TEST_CASE("an aborted round counts its strings in proportion to what was paid") {
  const Run run(0, true, 2);
  CHECK(run.rounds.front().attempts.examined >= early);
  CHECK(run.rounds.front().attempts.examined < m);
  const auto strings = static_cast<std::int64_t>(run.rounds.back().attempts.examined);
  CHECK(run.state.best.current.tally.strings == strings);  // without rewards the last attacker is the best
}

}  // namespace
}  // namespace banel
