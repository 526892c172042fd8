#include "banel/auto.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "banel/early_abort.h"
#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

constexpr std::size_t auto_words = 4000;

struct AutoRun {
  struct Fitted {
    std::string purpose;
    std::vector<Attempt> strings;
  };
  std::vector<Fitted> fits;
  std::vector<std::size_t> submitted, assumed;  // by round
  std::vector<Search> searches;                 // after each round
  std::vector<Evaluation> paid;
  State state;

  AutoRun(const Predicate& success, std::int64_t budget) {
    Oracle oracle(judge_by(success), budget);
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      fits.push_back({std::string(purpose), {attempts.begin(), attempts.end()}});
    };
    const ToyGenerator prior(auto_words, watch, 200);
    state.theta = prior.clone();
    Settings settings = toy_settings(true, Memory::distil);
    settings.m = 250;
    Auto learner(prior.clone());
    run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State& now, const Round& round) {
      submitted.push_back(round.rewards.size());
      assumed.push_back(round.assumed.size());
      searches.push_back(now.search);
      return true;
    });
    paid.assign(oracle.paid().begin(), oracle.paid().end());
  }
};

const Predicate never = [](const Attempt&) { return false; };
const Predicate low_numbers = [](const Attempt& x) { return ToyGenerator::number(x) < 400; };

TEST_CASE("without a find auto asks more of the prior with every search that ends in vain") {
  const AutoRun run(never, 3000);
  CHECK(run.submitted.front() == 10);  // five of the prior, five of the search
  CHECK(run.assumed.front() == 45);
  CHECK(run.submitted[run.submitted.size() - 2] == 25);
  CHECK(run.searches.back().failed_searches >= 3);
  CHECK(run.searches.back().grown.empty());
  CHECK(!run.searches.back().united);
  CHECK(std::none_of(run.fits.begin(), run.fits.end(), [](const auto& f) { return f.purpose == "grow"; }));
}

TEST_CASE("an attacker is grown from rewarded strings as soon as there is one") {
  const AutoRun run(low_numbers, 400);
  const auto first =
      std::find_if(run.fits.begin(), run.fits.end(), [](const auto& fit) { return fit.purpose == "grow"; });
  REQUIRE(first != run.fits.end());
  CHECK(std::all_of(first->strings.begin(), first->strings.end(), low_numbers));
  std::size_t used = 0, k = 0;
  for (; run.searches[k].grown.empty(); ++k) {
    for (std::size_t i = 0; i < run.submitted[k]; ++i)
      CHECK(run.paid[used + i].verdict.reward == Reward::failure);
    used += run.submitted[k];
  }
  for (const std::size_t i : run.searches[k].grown.front().finds) CHECK(low_numbers(run.paid[i].attempt));
}

TEST_CASE("once there is an attacker a third of the evaluations still explore") {
  const AutoRun run(low_numbers, 2000);
  CHECK(run.searches.back().explored >= 667);
  CHECK(run.searches.back().explored < 667 + 25);
}

TEST_CASE("exploring submits nothing that an attacker explains") {
  const ToyGenerator prior(auto_words, {}, 1);
  State state{prior.clone()};
  std::vector<Attempt> known;
  for (std::size_t i = 0; i < 20; ++i) known.push_back(ToyGenerator::word(i));
  std::unique_ptr<Generator> grown = prior.clone();
  grown->fit(known, {.epochs = 1}, {1, "grow"});
  state.search.grown.push_back({.theta = std::move(grown)});
  state.theta->fit(known, {.epochs = 1}, {1, "distil"});  // the search has gone where the attacker is
  const Settings settings;
  const Oracle oracle(judge_by(never), 1000);
  const Screen screen = all_may_succeed;
  Auto learner(prior.clone());
  state.search.explored = -1;  // so that it explores
  const Draws draws = learner.attempts(state, {.number = 1}, 25, {settings, oracle, &screen, 1});
  REQUIRE(!draws.kept.empty());
  const std::set<Attempt> explained(known.begin(), known.end());
  for (const Proposal& p : draws.kept) CHECK(!explained.contains(p.text));
}

// One round of Auto from a state of one's own.
struct OneRound {
  ToyGenerator prior{auto_words, {}, 1};
  State state{prior.clone()};
  Round round{.number = 1};

  std::shared_ptr<const Generator> fitted_to(std::size_t first, std::size_t last) const {
    std::vector<Attempt> finds;
    for (std::size_t i = first; i < last; ++i) finds.push_back(ToyGenerator::word(i));
    std::unique_ptr<Generator> grown = prior.clone();
    grown->fit(finds, {.epochs = 1}, {1, "grow"});
    return grown;
  }
  void run(const Predicate& success, std::size_t paid_before = 0) {
    const Settings settings;
    Oracle oracle(judge_by(success), 3000);
    oracle.evaluate(std::vector<Attempt>(paid_before, ToyGenerator::word(0)));
    const Screen screen = all_may_succeed;
    const Context context{settings, oracle, &screen, 1};
    Auto learner(prior.clone());
    round.attempts = learner.attempts(state, round, 25, context);
    evaluate(round, oracle, context);
    learner.learn(state, round, context);
  }
};
const Predicate always = [](const Attempt&) { return true; };

TEST_CASE("a find ends a search and after it no search in vain is left over") {
  OneRound found, in_vain;
  for (OneRound* each : {&found, &in_vain}) each->state.search = {.steps = 59, .failed_searches = 2};
  found.run(always);
  CHECK(found.state.search.failed_searches == 0);
  CHECK(found.state.search.steps == 0);
  CHECK(found.state.theta->state() == found.prior.state());
  in_vain.run(never);
  CHECK(in_vain.state.search.failed_searches == 3);
}

TEST_CASE("the search learns from its own failures and not from those of the prior") {
  OneRound one;
  one.run(never);
  REQUIRE(one.round.rewards.size() == 10);
  std::vector<Attempt> own = texts(std::span(one.round.attempts.kept).subspan(5));
  own.insert(own.end(), one.round.assumed.begin(), one.round.assumed.end());
  CHECK(one.round.failures == own);
}

TEST_CASE("a find founds an attacker at the limit only in the place of one that earns too little") {
  for (const bool one_earns_nothing : {false, true}) {
    CAPTURE(one_earns_nothing);
    OneRound one;
    for (std::size_t k = 0; k < 3; ++k)
      one.state.search.grown.push_back({.theta = one.fitted_to(20 * k, 20 * k + 20), .recent = {100, 50}});
    if (one_earns_nothing) one.state.search.grown[1].recent = {100, 0};
    one.state.search.explored = -1;  // so that it explores
    one.run(always);
    const std::vector<Grown>& grown = one.state.search.grown;
    REQUIRE(grown.size() == 3);
    CHECK(std::count_if(grown.begin(), grown.end(), [](const Grown& a) { return !a.finds.empty(); }) ==
          one_earns_nothing);
  }
}

TEST_CASE("an attacker that is grown again counts half of what it earned before") {
  OneRound one;
  one.state.search.grown.push_back(
      {.theta = one.fitted_to(0, 20), .found = 1, .fitted = 1, .recent = {40, 8}});
  one.run(always);
  const Tally recent = one.state.search.grown[0].recent;
  CHECK(recent.strings == (40 + static_cast<std::int64_t>(one.round.attempts.examined)) / 2);
  CHECK(recent.rewards == (8 + one.round.positives()) / 2);
}

TEST_CASE("an attacker forgets its oldest finds beyond twice as many as it is fitted to") {
  OneRound one;
  Grown grown{.theta = one.fitted_to(0, 20), .found = 2048, .fitted = 2048};
  for (std::size_t i = 0; i < 2048; ++i) grown.finds.push_back(i);
  one.state.search.grown.push_back(std::move(grown));
  one.state.search.explored = 2048;  // so that it exploits
  one.run(always, 2048);
  const std::vector<std::size_t>& finds = one.state.search.grown[0].finds;
  REQUIRE(finds.size() == 2048);
  CHECK(finds.front() == 10);
  CHECK(finds.back() == 2057);
  CHECK(one.state.search.grown[0].found == 2058);
}

TEST_CASE("the run hands over an attacker fitted to finds which succeeds where the prior does not") {
  const AutoRun run(low_numbers, 2000);
  CHECK(&run.state.attacker() == run.state.search.united.get());
  double share = 0;
  for (std::size_t i = 0; i < 400; ++i) share += probabilities(run.state.attacker())[i];
  CHECK(share > 0.8);
  CHECK(run.state.theta->state() == run.state.attacker().state());
}

TEST_CASE("the united attacker takes a step on the failures that an attacker explains") {
  std::vector<AutoRun::Fitted> fits;
  const ToyGenerator prior(
      auto_words,
      [&](std::span<const Attempt> x, std::string_view purpose) {
        fits.push_back({std::string(purpose), {x.begin(), x.end()}});
      },
      1);
  std::vector<Attempt> known;
  for (std::size_t i = 0; i < 20; ++i) known.push_back(ToyGenerator::word(i));
  std::unique_ptr<Generator> grown = prior.clone();
  grown->fit(known, {.epochs = 1}, {1, "grow"});
  State state{prior.clone()};
  state.search.grown.push_back({.theta = std::move(grown), .fitted = 100});  // so that it stays
  const Settings settings;
  Oracle oracle(judge_by([](const Attempt& x) { return ToyGenerator::number(x) < 10; }), 1000);
  const Screen screen = all_may_succeed;
  const Context context{settings, oracle, &screen, 1};
  std::vector<Attempt> before(known.begin() + 10, known.end());  // failures that it explains
  for (std::size_t i = 1000; i < 1600; ++i) before.push_back(ToyGenerator::word(i));  // more than a batch
  oracle.evaluate(before);
  state.search.explored = 1000;  // so that it exploits
  Auto learner(prior.clone());
  Round round{.number = 1};
  round.attempts = learner.attempts(state, round, 25, context);
  evaluate(round, oracle, context);
  std::vector<Attempt> failed;
  for (const Evaluation& e : oracle.paid())
    if (e.verdict.reward == Reward::failure && ToyGenerator::number(e.attempt) < 20)
      failed.push_back(e.attempt);
  REQUIRE(failed.size() > 10);
  fits.clear();
  learner.learn(state, round, context);
  REQUIRE(fits.size() >= 3);
  const std::span last = std::span(fits).last(3);
  CHECK(last[0].purpose == "unite");
  CHECK(last[1].purpose == "phi");
  CHECK(last[1].strings == failed);
  CHECK(last[2].purpose == "distil");
}

}  // namespace
}  // namespace banel
