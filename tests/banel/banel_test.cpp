#include "banel/banel.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tensor/check.h"
#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

TEST_CASE("no attempt that the oracle rewarded ever reaches a fit") {
  for_all_variants([](bool screened, Memory memory) {
    ToyJudge judge;
    std::size_t fits = 0, leaks = 0, proposed_again = 0;
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view) {
      ++fits;
      for (const Attempt& x : attempts) leaks += judge.rewarded.contains(x);
    };
    Oracle oracle(judge.judge(), 200);
    State state{std::make_unique<ToyGenerator>(toy_words, watch)};
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(screened, memory), learner, all_may_succeed, 1,
        [&](const State&, const Round& round) {
          for (const Proposal& p : round.proposals.kept) proposed_again += judge.rewarded.contains(p.text);
          return true;
        });
    CHECK(leaks == 0);
    CHECK(fits > 1);
    CHECK(!judge.rewarded.empty());
    CHECK((proposed_again > 0) == !screened);  // unscreened there was something to keep out
  });
}

TEST_CASE("whole rounds end a run before a round that cannot be filled") {
  for (const bool whole : {false, true}) {
    ToyJudge judge;
    Oracle oracle(judge.judge(), 200);
    State state{std::make_unique<ToyGenerator>(toy_words)};
    Settings settings = toy_settings(true, Memory::distil);  // each of the 48 words once
    settings.m = 10;
    settings.whole_rounds = whole;
    Unchanged learner;
    run(state, oracle, settings, learner, all_may_succeed, 1,
        [](const State&, const Round&) { return true; });
    CHECK(oracle.used() == (whole ? 40 : 48));
  }
}

TEST_CASE("a string that was rewarded once and fails later never reaches a fit") {
  std::size_t wavered = 0, leaks = 0, unjudged_fits = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const Memory memory = seed % 2 ? Memory::regions : Memory::distil;
    std::set<Attempt> rewarded;
    std::map<Attempt, int> calls;
    const auto undecided = [](const Attempt& x) { return ToyGenerator::number(x) % 7 == 3; };
    const auto judge = [&](std::span<const Attempt> attempts) {  // rewards every fifth word every other time
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        const bool success = !undecided(x) && ToyJudge::reward(x) && calls[x]++ % 2 == 0;
        if (success) rewarded.insert(x);
        wavered += rewarded.contains(x) && !success;
        verdicts.push_back({"", undecided(x) ? Reward::unjudged : reward_if(success)});
      }
      return verdicts;
    };
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      for (const Attempt& x : attempts) {
        leaks += rewarded.contains(x);
        unjudged_fits += purpose == "phi" && undecided(x);
      }
    };
    Oracle oracle(judge, 200);
    State state{std::make_unique<ToyGenerator>(toy_words, watch)};
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(false, memory), learner, all_may_succeed, seed,
        [&](const State&, const Round& round) {
          for (const Attempt& x : round.failures) leaks += rewarded.contains(x);
          return true;
        });
    CHECK(oracle.used() == 200);
  }
  CHECK(wavered > 0);
  CHECK(leaks == 0);
  CHECK(unjudged_fits == 0);
}

TEST_CASE("phi learns exactly the failures of the round and theta exactly what was accepted") {
  for_all_variants([](bool screened, Memory memory) {
    ToyJudge judge;
    std::vector<std::vector<Attempt>> phi_fits, theta_fits;
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      (purpose == "phi" ? phi_fits : theta_fits).emplace_back(attempts.begin(), attempts.end());
    };
    Oracle oracle(judge.judge(), 60);
    State state{std::make_unique<ToyGenerator>(toy_words, watch)};
    std::vector<std::vector<Attempt>> failures, accepted;
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(screened, memory), learner, all_may_succeed, 2,
        [&](const State&, const Round& round) {
          failures.emplace_back();
          for (const Proposal& p : round.attempts.kept)
            if (!ToyJudge::reward(p.text)) failures.back().push_back(p.text);
          accepted.push_back(round.accepted);
          return true;
        });
    phi_fits.resize(failures.size());  // the last round may end for want of new proposals
    CHECK(phi_fits == failures);
    CHECK(theta_fits == (memory == Memory::distil ? accepted : std::vector<std::vector<Attempt>>{}));
  });
}

TEST_CASE("the oracle is never asked beyond the budget whatever the settings") {
  Rng rng(3, "banel_test");
  for (int schedule = 0; schedule < 1000; ++schedule) {
    ToyJudge judge;
    Settings settings = toy_settings(rng.below(2) == 0, rng.below(2) ? Memory::regions : Memory::distil);
    settings.m = 1 + rng.below(25);
    settings.n = 1 + rng.below(8);
    settings.f = 1 + 4 * rng.uniform();
    const std::int64_t budget = 1 + rng.below(50);
    Oracle oracle(judge.judge(), budget);
    State state{std::make_unique<ToyGenerator>(1 + rng.below(30))};
    std::size_t rounds = 0;
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, all_may_succeed, rng.bits(),
        [&](const State& s, const Round& round) {
          CHECK(round.attempts.kept.size() <= settings.m);
          CHECK(round.number == ++rounds);
          CHECK(s.rounds == rounds);
          return true;
        });
    REQUIRE(judge.total <= budget);
    REQUIRE(judge.total == oracle.used());
  }
}

TEST_CASE("unscreened the whole budget is used and the last round is shorter") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 20);
  State state{std::make_unique<ToyGenerator>(toy_words)};
  std::vector<std::size_t> sizes;
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(false, Memory::distil), learner, all_may_succeed, 1,
      [&](const State&, const Round& round) {
        sizes.push_back(round.attempts.kept.size());
        return true;
      });
  CHECK(sizes == std::vector<std::size_t>{6, 6, 6, 2});
}

TEST_CASE("screened no attempt is evaluated twice and none that is known to fail") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 200);
  State state{std::make_unique<ToyGenerator>(toy_words)};
  const Screen odd = screen_by([](const Attempt& x) { return ToyGenerator::number(x) % 2 == 1; });
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(true, Memory::distil), learner, odd, 1, go_on);
  for (const auto& [attempt, calls] : judge.calls) {
    CHECK(calls == 1);
    CHECK(ToyGenerator::number(attempt) % 2 == 1);
  }
  CHECK(judge.total > 12);
}

TEST_CASE("a run stops when nothing new can be drawn") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 1000);
  State state{std::make_unique<ToyGenerator>(8)};
  Banel learner(random_score());
  run(state, oracle, toy_settings(true, Memory::distil), learner, all_may_succeed, 1, go_on);
  CHECK(oracle.used() == 8);  // every word once
}

TEST_CASE("a run ends when after_round says so") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 100);
  State state{std::make_unique<ToyGenerator>(toy_words)};
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(false, Memory::distil), learner, all_may_succeed, 1,
      [](const State& s, const Round&) { return s.rounds < 3; });
  CHECK(state.rounds == 3);
  CHECK(oracle.used() == 18);
}

TEST_CASE("the proposals of a round are f times as many as are accepted") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 12);
  State state{std::make_unique<ToyGenerator>(100'000)};
  Settings settings = toy_settings(false, Memory::distil);
  settings.n = 1000;
  settings.f = 4;
  Banel learner(random_score());
  run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State&, const Round& round) {
    CHECK(round.proposals.kept.size() == 4000);
    CHECK(round.accepted.size() == 1000);
    return true;
  });
}

TEST_CASE("ties at tau go to the proposals that were drawn first so that exactly n are accepted") {
  Oracle oracle(judge_by([](const Attempt&) { return false; }), 6);
  State state{std::make_unique<ToyGenerator>(toy_words)};
  Settings settings = toy_settings(false, Memory::distil);
  const auto even = [](const Attempt& x) { return ToyGenerator::number(x) % 2 == 0; };
  Banel learner({false, [&](std::span<const Proposal> P, const Generator&, const Settings&, Stream) {
                   std::vector<double> scores;
                   for (const Proposal& p : P) scores.push_back(even(p.text));
                   return scores;
                 }});
  bool seen = false;
  run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State&, const Round& round) {
    std::vector<Attempt> expected;
    for (const Proposal& p : round.proposals.kept)
      if (even(p.text) && expected.size() < settings.n) expected.push_back(p.text);
    CHECK(expected.size() == settings.n);  // there are more of them than are kept
    CHECK(round.tau == 1);
    CHECK(round.accepted == expected);
    return seen = true;
  });
  CHECK(seen);
}

TEST_CASE("a round without a failure teaches nothing and the run goes on") {
  std::size_t fits = 0;
  State state{std::make_unique<ToyGenerator>(toy_words, [&](auto, auto) { ++fits; })};
  for (const Score& score : {ratio_score(), random_score()})
    for (const Memory memory : {Memory::distil, Memory::regions}) {
      Oracle all(judge_by([](const Attempt&) { return true; }), 12);
      Banel learner(score);
      std::size_t rounds = 0;
      run(state, all, toy_settings(false, memory), learner, all_may_succeed, 1,
          [&](const State&, const Round& round) {
            CHECK(!round.phi);
            CHECK(round.proposals.kept.empty());
            CHECK(round.outcome == Outcome::learned);
            return ++rounds > 0;
          });
      CHECK(rounds == 2);
    }
  CHECK(fits == 0);
  CHECK(state.regions.empty());
}

TEST_CASE("settings out of range are refused before the oracle is asked") {
  const auto refused = [](auto change) {
    ToyJudge judge;
    Oracle oracle(judge.judge(), 12);
    State state{std::make_unique<ToyGenerator>(toy_words)};
    Settings settings;
    change(settings);
    Banel learner(ratio_score());
    CHECK_THROWS_AS(run(state, oracle, settings, learner, all_may_succeed, 1, go_on), UsageError);
    CHECK(judge.total == 0);
  };
  refused([](Settings& s) { s.m = 0; });
  refused([](Settings& s) { s.n = 0; });
  refused([](Settings& s) { s.f = 0.5; });
  refused([](Settings& s) { s.f = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Settings& s) { s.f = 1000.5; });
  refused([](Settings& s) { s.kl = -1; });
  refused([](Settings& s) { s.theta.epochs = -1; });
  refused([](Settings& s) { s.kappa = -1; });
  refused([](Settings& s) { s.kappa = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Settings& s) { s.phi.epochs = -1; });
  refused([](Settings& s) { s.patience = -1; });
  refused([](Settings& s) { s.evidence = Evidence::shuffled, s.screened = false; });
}

// As a failure model it is exact, p_theta restricted to failures, but for a relative error of 1e-9 that
// breaks ties; as theta it becomes the frequencies of what was accepted.
class ExactGenerator : public ToyGenerator {
 public:
  using ToyGenerator::ToyGenerator;
  double fit(std::span<const Attempt> attempts, const Fit& how, Stream order) override {
    if (order.purpose != "phi") return ToyGenerator::fit(attempts, how, order);
    std::vector<double> exact = TabularGenerator::probabilities();
    for (std::size_t i = 0; i < exact.size(); ++i)
      exact[i] *= ToyJudge::reward(word(i))
                      ? 0
                      : 1 + 1e-9 * Rng(1, "ties", 0, static_cast<std::uint32_t>(i)).uniform();
    set_probabilities(std::move(exact));
    return 0;
  }
  std::unique_ptr<Generator> clone() const override { return std::make_unique<ExactGenerator>(*this); }
  double success_rate() const {
    double rate = 0;
    for (std::size_t i = 0; i < probabilities().size(); ++i)
      if (ToyJudge::reward(word(i))) rate += probabilities()[i];
    return rate;
  }
};

TEST_CASE("with an exact failure model the success rate rises by the filter factor in every round") {
  ToyJudge judge;
  Oracle oracle(judge.judge(), 160);
  State state{std::make_unique<ExactGenerator>(20'000, ToyGenerator::Watch{}, 0)};
  Settings settings = toy_settings(false, Memory::distil);
  settings.m = 20;
  settings.n = 20'000;
  settings.f = 1.25;
  double rate = dynamic_cast<ExactGenerator&>(*state.theta).success_rate();
  CHECK(rate < 0.25);
  Banel learner(ratio_score());
  run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State& s, const Round& round) {
    const double next = dynamic_cast<ExactGenerator&>(*s.theta).success_rate();
    const double expected = round.failures.empty() ? rate : std::min(1.0, 1.25 * rate);
    CHECK(next == doctest::Approx(expected).epsilon(0.05));
    rate = next;
    return true;
  });
  CHECK(rate > 0.9);
}

TEST_CASE("the same seed gives the same run and another seed another") {
  const auto go = [](std::uint64_t seed) {
    ToyJudge judge;
    Oracle oracle(judge.judge(), 40);
    State state{std::make_unique<ToyGenerator>(toy_words)};
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(false, Memory::distil), learner, all_may_succeed, seed, go_on);
    return probabilities(*state.theta);
  };
  CHECK(go(1) == go(1));
  CHECK(go(1) != go(2));
}

TEST_CASE("the controls score by what they say and need no failure model") {
  const ToyGenerator theta(toy_words);
  const std::vector<Proposal> P = {{"w0", -1}, {"w1", -3}, {"w2", -2}};
  CHECK(tail_score().of(P, theta, {}, {1, "scores"}) == std::vector<double>{1, 3, 2});
  const auto random = random_score().of(P, theta, {}, {1, "scores"});
  CHECK(random == random_score().of(P, theta, {}, {1, "scores"}));
  CHECK(random != random_score().of(P, theta, {}, {2, "scores"}));
  CHECK(!tail_score().uses_phi);
  CHECK(!random_score().uses_phi);
  Settings settings;
  settings.kappa = 0.5;
  const auto ratio = ratio_score().of(P, theta, settings, {1, "scores"});
  CHECK(ratio[1] == doctest::Approx(-3 - 0.5 * std::log(theta.probabilities()[1])));
}

}  // namespace
}  // namespace banel
