// Rounds that pay for their first attempts only.
#include <doctest/doctest.h>

#include <set>

#include "banel/banel.h"
#include "tensor/check.h"
#include "tests/support/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 400;
constexpr std::size_t m = 6, probe = 2;
const auto never = [](const Attempt&) { return false; };

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
    state = {std::make_unique<ToyGenerator>(words, watch), {}, 0};
    Oracle oracle(
        [&](std::span<const Attempt> attempts) {
          std::vector<Verdict> verdicts;
          for (const Attempt& x : attempts) {
            verdicts.push_back({"", std::stoul(x.substr(1)) < first_failing});
            if (verdicts.back().reward) rewarded.insert(x);
          }
          return verdicts;
        },
        60);
    Settings settings{.budget = 60, .per_round = m, .probe = probe, .accepted = 20, .f = 2, .phi_epochs = 1, .distil_epochs = 1, .screened = screened};
    settings.patience = patience;
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, never, 5, [&](const State&, const Round& round) {
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

TEST_CASE("a round whose first evaluations earn nothing pays for no more and takes its other attempts for failures") {
  const Run run(0);
  CHECK(run.rounds.size() == 60 / probe);
  CHECK(run.used == 60);
  for (std::size_t k = 0; k < run.rounds.size(); ++k) {
    const Round& round = run.rounds[k];
    const std::size_t left = 60 - k * probe;
    CHECK(round.rewards.size() == probe);
    CHECK(round.attempts.kept.size() == probe);
    CHECK(round.assumed.size() == std::min(m, left) - probe);
    REQUIRE(round.failures.size() == probe + round.assumed.size());
    for (const Attempt& x : round.failures) CHECK(run.learned.contains(x));
    for (std::size_t i = 0; i < round.assumed.size(); ++i) CHECK(round.failures[probe + i] == round.assumed[i]);
  }
}

TEST_CASE("a round whose first evaluations earn something is evaluated whole") {
  const Run run(words);
  CHECK(run.rounds.size() == 60 / m);
  for (const Round& round : run.rounds) {
    CHECK(round.rewards.size() == m);
    CHECK(round.assumed.empty());
    CHECK(round.failures.empty());
  }
}

TEST_CASE("nothing that was rewarded before is taken for a failure") {
  const Run run(words / 2, false);  // unscreened, words come again
  std::size_t assumed = 0;
  for (const Round& round : run.rounds) assumed += round.assumed.size();
  CHECK(assumed > 0);
  CHECK_FALSE(run.rewarded.empty());  // and every fit has looked for them
}

TEST_CASE("the best attacker is told by all that it wrote while its attempts were found") {
  const Run whole(words, true, 2);
  CHECK(whole.state.best.now.earned.strings >= whole.state.best.now.earned.rewards);
  // 300 of 400 words known: of four strings one is new, and only that one can count.
  const ToyGenerator theta(words);
  const Screen new_ones = [](const Attempt& x) { return std::stoul(x.substr(1)) % 4 == 0; };
  const Draws draws = draw(theta, {}, &new_ones, 20, {1, "attempts"});
  CHECK(draws.kept.size() == 20);
  CHECK(draws.looked > 40);
  CHECK(draws.looked <= draws.drawn);
  CHECK(draw(theta, {}, nullptr, 20, {1, "attempts"}).looked == 20);
  const std::vector<Proposal> all = theta.sample(draws.drawn, {1, "attempts"});
  CHECK(all[draws.looked - 1].text == draws.kept.back().text);
}

TEST_CASE("a round of which a part was paid for counts as many strings as its part") {
  const Run run(0, true, 2);
  CHECK(run.rounds.front().attempts.looked >= probe);
  CHECK(run.rounds.front().attempts.looked < m);
  const auto strings = static_cast<std::int64_t>(run.rounds.back().attempts.looked);
  CHECK(run.state.best.now.earned.strings == strings);  // without rewards the last attacker is the best
}

}  // namespace
}  // namespace banel
