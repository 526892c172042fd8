#include "banel/scout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "tensor/check.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t pool = 400;

// A scouting run over the words; rewarded are those with a number in first..last.
struct Run {
  std::size_t first, last;
  std::set<Attempt> rewarded, judged;
  std::size_t leaks = 0;
  std::map<std::string, std::size_t> fits;  // by purpose
  State state;
  std::vector<Round> rounds;

  Run(std::size_t first_, std::size_t last_, std::int64_t scouting, std::int64_t budget)
      : first(first_), last(last_) {
    const auto watch = [this](std::span<const Attempt> attempts, std::string_view purpose) {
      ++fits[std::string(purpose)];
      for (const Attempt& x : attempts) leaks += rewarded.contains(x);
    };
    state = {std::make_unique<ToyGenerator>(pool, watch)};
    state.pretrained = state.theta->clone();
    const Judge judge = judge_by([this](const Attempt& x) {
      const std::size_t number = ToyGenerator::number(x);
      const bool success = number >= first && number <= last;
      if (success) rewarded.insert(x);
      CHECK(judged.insert(x).second);
      return success;
    });
    Oracle oracle(judge, budget);
    Settings settings{
        .budget = budget, .m = 20, .n = 20, .f = 2, .phi = {.epochs = 1}, .theta = {.epochs = 1}};
    settings.scout = scouting;
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, all_may_succeed, 3, [this](const State&, const Round& round) {
      rounds.push_back({});
      rounds.back().outcome = round.outcome;
      rounds.back().rewards = round.rewards;
      rounds.back().attempts = round.attempts;
      rounds.back().failures = round.failures;
      return true;
    });
  }
};

TEST_CASE("the first evaluations are those of scouts and the loop goes on from there") {
  const Run run(0, 99, 60, 100);
  std::int64_t used = 0;
  for (const Round& round : run.rounds) {
    CHECK((round.outcome == Outcome::scouted) == (used < 60));
    CHECK(round.attempts.kept.size() == round.rewards.size());
    used += std::ssize(round.rewards);
  }
  CHECK(used == 100);
}

TEST_CASE("scouts spend any budget to its last evaluation and never more") {
  for (const std::int64_t budget : {1, 2, 3, 5, 49, 50, 51}) {
    const Run all(0, 199, budget, budget), some(0, 199, (budget + 1) / 2, budget);
    CHECK(std::ssize(all.judged) == budget);
    CHECK(std::ssize(some.judged) == budget);
  }
}

TEST_CASE("scouts that never earn leave the attacker as it was") {
  const Run run(pool, pool, 100, 100);
  CHECK(run.state.survivors.strings == 0);
  const ToyGenerator fresh(pool);
  CHECK(dynamic_cast<const ToyGenerator&>(*run.state.theta).probabilities() == fresh.probabilities());
}

TEST_CASE("what survives has earned its share of rewards and becomes a part of the attacker") {
  const Run run(0, 199, 120, 120);
  REQUIRE(run.state.survivors.strings >= 16);
  CHECK(run.state.survivors.share() >= 0.1);
  const ToyGenerator fresh(pool);
  CHECK(dynamic_cast<const ToyGenerator&>(*run.state.theta).probabilities() != fresh.probabilities());
}

TEST_CASE("no scout and no mixture of them is fitted to a string that was rewarded") {
  const Run run(0, 199, 200, 200);
  CHECK(run.rewarded.size() > 20);
  CHECK(run.fits.at("scout distil") > 0);
  CHECK(run.leaks == 0);
}

// One round of nothing but scouts, in which the attempts with these numbers, from 0, are rewarded.
struct Scouting {
  std::map<std::string, std::size_t> fits;  // by purpose
  std::size_t own = 0;                      // attempts that are the string their scout is made of
  std::vector<Attempt> centres;             // these strings
  State state;
  Round round;

  Scouting(std::size_t evaluations, const std::set<std::size_t>& rewarded) {
    Attempt centre;
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      ++fits[std::string(purpose)];
      if (purpose == "scout fit") centres.push_back(centre = attempts[0]);
    };
    state = {std::make_unique<ToyGenerator>(pool, watch)};  // a scout writes its own string 19 times in 20
    state.pretrained = state.theta->clone();
    std::size_t number = 0;
    const Judge judge = judge_by([&](const Attempt& x) {
      own += x == centre;
      return rewarded.contains(number++);
    });
    Oracle oracle(judge, static_cast<std::int64_t>(evaluations));
    Settings settings;
    settings.m = evaluations;
    settings.scout = static_cast<std::int64_t>(evaluations);
    const Screen screen = screen_by([&](const Attempt& x) { return !oracle.seen(x); });
    round.number = 1;
    scout(state, round, oracle, {settings, oracle, &screen, 1});
  }
  std::size_t scouts() const { return fits.at("scout fit"); }
  bool survived(std::int64_t strings, std::int64_t rewards) const {
    return state.survivors.strings == strings && state.survivors.rewards == rewards;
  }
};

TEST_CASE("a scout never submits the string that it is made of") {
  const Scouting run(40, {});
  CHECK(run.round.rewards.size() == 40);
  CHECK(run.scouts() == 10);
  CHECK(run.own == 0);
}

TEST_CASE("a scout survives sixteen attempts only if it never earned less than a tenth of those so far") {
  const Scouting too_few(20, {0});  // 1/4, 1/8, 1/12, and two that earn nothing
  CHECK(too_few.scouts() == 3);
  CHECK(too_few.survived(0, 0));
  CHECK(Scouting(16, {0, 8}).survived(16, 2));       // 1/4, 1/8, 2/12, 2/16
  CHECK(Scouting(16, {4, 5, 6, 7}).survived(0, 0));  // a late start does not count
}

TEST_CASE("a later scout survives only if it earns at least what the survivors did") {
  CHECK(Scouting(32, {0, 8, 16, 24}).survived(32, 4));                            // 2/16 after 2/16
  CHECK(Scouting(32, {0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 24}).survived(16, 8));  // 3/8 after 8/16
}

TEST_CASE("a scout that earns nothing is given up after its first attempts") {
  const Run run(pool, pool, 20, 20);
  CHECK(run.fits == std::map<std::string, std::size_t>{{"scout fit", 5}});  // of four attempts each
}

TEST_CASE("scouting needs a screen and distillation and an attacker to begin from") {
  const auto start = [](Settings settings, bool pretrained) {
    State state{std::make_unique<ToyGenerator>(pool)};
    if (pretrained) state.pretrained = state.theta->clone();
    Oracle oracle(judge_by([](const Attempt&) { return false; }), 100);
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, all_may_succeed, 1,
        [](const State&, const Round&) { return false; });
  };
  Settings settings{.m = 20, .n = 20, .phi = {.epochs = 1}, .theta = {.epochs = 1}};
  settings.scout = 60;
  CHECK_NOTHROW(start(settings, true));
  CHECK_THROWS_WITH_AS(start(settings, false), doctest::Contains("need the pre-trained attacker"),
                       UsageError);
  settings.screened = false;
  CHECK_THROWS_WITH_AS(start(settings, true), doctest::Contains("scout 60 needs screening"), UsageError);
  settings.screened = true;
  settings.memory = Memory::regions;
  CHECK_THROWS_WITH_AS(start(settings, true), doctest::Contains("scout 60 needs screening"), UsageError);
  settings.memory = Memory::distil;
  settings.scout = -1;
  CHECK_THROWS_WITH_AS(start(settings, true), doctest::Contains("scout = -1"), UsageError);
}

TEST_CASE("each scout is made of the least likely of many strings of its own") {
  const Scouting scouting(40, {});
  REQUIRE(scouting.centres.size() >= 10);
  // The prior writes one word in seven least often, those whose number 7 divides.
  CHECK(std::ranges::count_if(scouting.centres,
                              [](const Attempt& x) { return ToyGenerator::number(x) % 7 == 0; }) >= 9);
  CHECK(std::set<Attempt>(scouting.centres.begin(), scouting.centres.end()).size() >= 8);
}

}  // namespace
}  // namespace banel
