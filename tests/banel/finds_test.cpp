#include "banel/finds.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

constexpr std::size_t words_of_finds = 3000;

struct FindsRun {
  struct Fitted {
    std::vector<Attempt> strings;
    std::int64_t used;
  };
  std::vector<Fitted> fits;
  std::vector<Round> rounds;
  std::vector<Evaluation> paid;
  std::vector<double> theta;

  explicit FindsRun(const Predicate& success, bool screened = true, std::size_t of = words_of_finds) {
    Oracle oracle(judge_by(success), 400);
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      CHECK(purpose == "finds");
      fits.push_back({{attempts.begin(), attempts.end()}, oracle.used()});
    };
    const ToyGenerator prior(of, watch);
    State state{prior.clone()};
    Settings settings = toy_settings(screened, Memory::distil);
    settings.m = 20;
    settings.theta.batch = 4;
    Finds learner(prior.clone());
    run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State&, const Round& round) {
      rounds.push_back({});
      rounds.back().attempts = round.attempts;
      rounds.back().rewards = round.rewards;
      return true;
    });
    paid.assign(oracle.paid().begin(), oracle.paid().end());
    theta = probabilities(*state.theta);
  }
};

TEST_CASE("the attacker is fitted to the rewarded strings and only after a round that rewarded a new one") {
  const FindsRun run([](const Attempt& x) { return ToyGenerator::number(x) % 40 == 0; });
  std::size_t fits = 0, before = 0;
  for (std::size_t k = 0; k < run.rounds.size(); ++k) {
    const std::vector<Attempt> finds = rewarded(std::span(run.paid).first(20 * (k + 1)));
    if (finds.size() == before) continue;
    before = finds.size();
    REQUIRE(fits < run.fits.size());
    CHECK(run.fits[fits].strings == finds);
    CHECK(run.fits[fits++].used == static_cast<std::int64_t>(20 * (k + 1)));
  }
  CHECK(fits == run.fits.size());
  CHECK(fits > 1);
  CHECK(fits < run.rounds.size());  // there was a round without a new one
}

TEST_CASE("a string that is rewarded again is no new find") {
  const FindsRun run([](const Attempt& x) { return ToyGenerator::number(x) == 5; }, false, 48);
  std::size_t rewards = 0;
  for (const Evaluation& e : run.paid) rewards += e.verdict.reward == Reward::success;
  CHECK(rewards > 10);
  REQUIRE(run.fits.size() == 1);
  CHECK(run.fits[0].strings == std::vector<Attempt>{"w5"});
}

TEST_CASE("at most the last 256 finds are imitated") {
  const FindsRun run([](const Attempt&) { return true; });
  CHECK(run.fits.back().strings.size() == 256);
  CHECK(run.fits.back().strings.back() == run.paid.back().attempt);
  CHECK(run.fits.size() == run.rounds.size());
  ToyGenerator expected(words_of_finds);  // one pass, although its 64 steps are more than a fit should take
  expected.fit(run.fits.back().strings, {.epochs = 1}, {1, "same"});
  CHECK(run.theta == expected.probabilities());
}

TEST_CASE("one attempt in five comes from the prior and no attempt comes twice") {
  const ToyGenerator prior(words_of_finds);
  const std::vector<Attempt> few{"w1", "w2", "w3"};
  State state{std::make_unique<ToyGenerator>(words_of_finds, ToyGenerator::Watch{}, 0)};
  state.theta->fit(few, {.epochs = 1}, {1, "narrow"});  // theta writes these three and nothing else
  const Settings settings;
  const Oracle oracle(judge_by([](const Attempt&) { return false; }), 100);
  const Screen screen = [](std::span<const Attempt> x) { return std::vector<bool>(x.size(), true); };
  Finds learner(prior.clone());
  const auto from_theta = [&](const Draws& draws) {
    return std::count_if(draws.kept.begin(), draws.kept.end(), [&](const Proposal& p) {
      return std::find(few.begin(), few.end(), p.text) != few.end();
    });
  };
  const Draws free = learner.attempts(state, {.number = 1}, 50, {settings, oracle, nullptr, 1});
  CHECK(free.kept.size() == 50);
  CHECK(from_theta(free) == 40);
  const Draws screened = learner.attempts(state, {.number = 1}, 50, {settings, oracle, &screen, 1});
  CHECK(screened.kept.size() == 50);  // the prior writes what theta cannot
  CHECK(from_theta(screened) == 3);
  std::set<Attempt> distinct;
  for (const Proposal& p : screened.kept) distinct.insert(p.text);
  CHECK(distinct.size() == 50);
}

TEST_CASE("the attacker starts from the prior at every fit") {
  const FindsRun run([](const Attempt& x) { return ToyGenerator::number(x) % 40 == 0; });
  ToyGenerator expected(words_of_finds);
  const std::vector<Attempt>& last = run.fits.back().strings;
  const auto steps_per_epoch = static_cast<int>((last.size() + 3) / 4);
  expected.fit(last, {.epochs = 60 / steps_per_epoch}, {1, "same"});
  CHECK(run.theta == expected.probabilities());
}

}  // namespace
}  // namespace banel
