#include "banel/banel.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tests/support/toy_generator.h"

namespace banel {
namespace {

constexpr std::size_t words = 48;
const auto never = [](const Attempt&) { return false; };
const auto go_on = [](const State&, const Round&) { return true; };

Settings toy_settings(bool screened, Memory memory) {
  return {.budget = 200, .per_round = 6, .accepted = 60, .f = 3, .kappa = 1, .phi_epochs = 2, .distil_epochs = 1, .screened = screened, .memory = memory};
}

// Rewards every fifth word; remembers what it rewarded.
struct Judge {
  std::set<Attempt> rewarded;
  std::map<Attempt, int> calls;
  std::int64_t total = 0;

  static bool reward(const Attempt& x) { return std::stoul(x.substr(1)) % 5 == 0; }
  Oracle::Judge function() {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        verdicts.push_back({"", reward(x)});
        ++calls[x];
        ++total;
        if (reward(x)) rewarded.insert(x);
      }
      return verdicts;
    };
  }
};

template <class Body>
void for_all_variants(Body body) {
  for (bool screened : {false, true})
    for (Memory memory : {Memory::regions, Memory::distil}) {
      INFO(std::string(screened ? "screened" : "unscreened") << ", " << std::string(memory == Memory::regions ? "Algorithm 1" : "Algorithm 2"));
      body(screened, memory);
    }
}

TEST_CASE("no attempt that the oracle rewarded ever reaches a fit") {
  for_all_variants([](bool screened, Memory memory) {
    Judge judge;
    std::size_t fits = 0, leaks = 0, proposed_again = 0;
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view) {
      ++fits;
      for (const Attempt& x : attempts) leaks += judge.rewarded.contains(x);
    };
    Oracle oracle(judge.function(), 200);
    State state{std::make_unique<ToyGenerator>(words, watch), {}, 0};
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(screened, memory), learner, never, 1, [&](const State&, const Round& round) {
      for (const Proposal& p : round.proposals.kept) proposed_again += judge.rewarded.contains(p.text);
      return true;
    });
    CHECK(leaks == 0);
    CHECK(fits > 1);
    CHECK(!judge.rewarded.empty());
    CHECK((proposed_again > 0) == !screened);  // there was something to keep out, or the screen kept it out before
  });
}

TEST_CASE("a reward planted among the failures is caught before anything is trained on it") {
  for_all_variants([](bool, Memory memory) {
    Judge judge;
    std::set<Attempt> planted, fitted;
    const auto lying = [&](std::span<const Attempt> attempts) {  // a word rewarded before is called a failure
      const std::set<Attempt> before = judge.rewarded;
      std::vector<Verdict> verdicts = judge.function()(attempts);
      for (std::size_t i = 0; i < attempts.size(); ++i)
        if (before.contains(attempts[i])) {
          verdicts[i].reward = false;
          planted.insert(attempts[i]);
        }
      return verdicts;
    };
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      if (purpose == "phi") fitted.insert(attempts.begin(), attempts.end());
    };
    Oracle oracle(lying, 200);
    State state{std::make_unique<ToyGenerator>(words, watch), {}, 0};
    Banel learner(ratio_score());
    CHECK_THROWS_WITH_AS(run(state, oracle, toy_settings(false, memory), learner, never, 1, go_on), doctest::Contains("was rewarded before and now fails"), InputError);
    CHECK(!planted.empty());
    for (const Attempt& x : planted) CHECK(!fitted.contains(x));
  });
}

TEST_CASE("phi learns exactly the failures of the round and theta exactly what was accepted") {
  for_all_variants([](bool screened, Memory memory) {
    Judge judge;
    std::vector<std::vector<Attempt>> phi_fits, theta_fits;
    const auto watch = [&](std::span<const Attempt> attempts, std::string_view purpose) {
      (purpose == "phi" ? phi_fits : theta_fits).emplace_back(attempts.begin(), attempts.end());
    };
    Oracle oracle(judge.function(), 60);
    State state{std::make_unique<ToyGenerator>(words, watch), {}, 0};
    std::vector<std::vector<Attempt>> failures, accepted;
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(screened, memory), learner, never, 2, [&](const State&, const Round& round) {
      failures.emplace_back();
      for (const Proposal& p : round.attempts.kept)
        if (!Judge::reward(p.text)) failures.back().push_back(p.text);
      accepted.push_back(round.accepted);
      return true;
    });
    phi_fits.resize(failures.size());  // the last round may end for want of new proposals
    CHECK(phi_fits == failures);
    CHECK(theta_fits == (memory == Memory::distil ? accepted : std::vector<std::vector<Attempt>>{}));
  });
}

TEST_CASE("the oracle is never asked beyond the budget whatever the settings") {
  Rng rng(3, "banel_toy_test");
  for (int schedule = 0; schedule < 1000; ++schedule) {
    Judge judge;
    Settings settings = toy_settings(rng.below(2) == 0, rng.below(2) ? Memory::regions : Memory::distil);
    settings.per_round = 1 + rng.below(25);
    settings.accepted = 1 + rng.below(8);
    settings.f = 1 + 4 * rng.uniform();
    const std::int64_t budget = 1 + rng.below(50);
    Oracle oracle(judge.function(), budget);
    State state{std::make_unique<ToyGenerator>(1 + rng.below(30)), {}, 0};
    std::size_t rounds = 0;
    Banel learner(ratio_score());
    run(state, oracle, settings, learner, never, rng.bits(), [&](const State& s, const Round& round) {
      CHECK(round.attempts.kept.size() <= settings.per_round);
      CHECK(round.number == ++rounds);
      CHECK(s.rounds == rounds);
      return true;
    });
    REQUIRE(judge.total <= budget);
    REQUIRE(judge.total == oracle.used());
  }
}

TEST_CASE("unscreened the whole budget is used and the last round is shorter") {
  Judge judge;
  Oracle oracle(judge.function(), 20);
  State state{std::make_unique<ToyGenerator>(words), {}, 0};
  std::vector<std::size_t> sizes;
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(false, Memory::distil), learner, never, 1, [&](const State&, const Round& round) {
    sizes.push_back(round.attempts.kept.size());
    return true;
  });
  CHECK(sizes == std::vector<std::size_t>{6, 6, 6, 2});
}

TEST_CASE("screened no attempt is evaluated twice and none that is known to fail") {
  Judge judge;
  Oracle oracle(judge.function(), 200);
  State state{std::make_unique<ToyGenerator>(words), {}, 0};
  const auto even = [](const Attempt& x) { return std::stoul(x.substr(1)) % 2 == 0; };
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(true, Memory::distil), learner, even, 1, go_on);
  for (const auto& [attempt, calls] : judge.calls) {
    CHECK(calls == 1);
    CHECK(!even(attempt));
  }
  CHECK(judge.total > 12);
}

TEST_CASE("a run stops when nothing new can be drawn") {
  Judge judge;
  Oracle oracle(judge.function(), 1000);
  State state{std::make_unique<ToyGenerator>(8), {}, 0};
  Banel learner(random_score());
  run(state, oracle, toy_settings(true, Memory::distil), learner, never, 1, go_on);
  CHECK(oracle.used() == 8);  // every word once
}

TEST_CASE("a run ends when after_round says so") {
  Judge judge;
  Oracle oracle(judge.function(), 100);
  State state{std::make_unique<ToyGenerator>(words), {}, 0};
  Banel learner(ratio_score());
  run(state, oracle, toy_settings(false, Memory::distil), learner, never, 1, [](const State& s, const Round&) { return s.rounds < 3; });
  CHECK(state.rounds == 3);
  CHECK(oracle.used() == 18);
}

TEST_CASE("Algorithm 1 never proposes what an earlier region rejects") {
  for (bool screened : {false, true}) {
    Judge judge;
    Oracle oracle(judge.function(), 40);
    State state{std::make_unique<ToyGenerator>(words), {}, 0};
    const std::vector<double> before = dynamic_cast<ToyGenerator&>(*state.theta).probabilities();
    std::size_t checked = 0, outside_all = words;
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(screened, Memory::regions), learner, never, 4, [&](const State& s, const Round& round) {
      REQUIRE(s.regions.size() == s.rounds);
      for (const auto* draws : {&round.attempts, &round.proposals})
        for (std::size_t r = 0; r + 1 < s.regions.size(); ++r)
          for (double score : log_ratio(draws->kept, *s.regions[r].phi, s.regions[r].kappa)) {
            CHECK(score >= s.regions[r].tau);
            ++checked;
          }
      outside_all = 0;
      for (std::size_t i = 0; i < words; ++i) {
        const std::vector<Proposal> one = {{ToyGenerator::word(i), std::log(before[i])}};
        bool outside = true;
        for (const Region& region : s.regions) outside = outside && log_ratio(one, *region.phi, region.kappa)[0] >= region.tau;
        outside_all += outside;
      }
      return true;
    });
    CHECK(checked > 20);
    CHECK(outside_all < words);  // the regions do reject
    CHECK(dynamic_cast<ToyGenerator&>(*state.theta).probabilities() == before);
  }
}

TEST_CASE("tau keeps one in f of the scores") {
  Rng rng(5, "banel_toy_test");
  for (double f : {1.0, 1.032, 1.5, 2.0, 3.0, 4.0, 16.0})
    for (std::size_t n : {1u, 2u, 3u, 16u, 1000u, 8001u}) {
      std::vector<double> scores(n);
      for (double& s : scores) s = rng.normal();
      const double tau = threshold(scores, f);
      const auto kept = static_cast<double>(std::count_if(scores.begin(), scores.end(), [&](double s) { return s >= tau; }));
      INFO("f = " << f << ", n = " << n);
      CHECK(kept >= 1);
      CHECK(std::abs(kept - static_cast<double>(n) / f) <= 1);
    }
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(threshold({infinity, 1, -infinity, 2}, 2) == 2);
  CHECK(threshold({3, 3, 3}, 4) == 3);
  CHECK_THROWS_AS(threshold({}, 2), UsageError);
  CHECK_THROWS_AS(threshold({1}, 0.99), UsageError);
}

TEST_CASE("the proposals of a round are f times as many as are accepted") {
  Judge judge;
  Oracle oracle(judge.function(), 12);
  State state{std::make_unique<ToyGenerator>(100'000), {}, 0};
  Settings settings = toy_settings(false, Memory::distil);
  settings.accepted = 1000;
  settings.f = 4;
  Banel learner(random_score());
  run(state, oracle, settings, learner, never, 1, [&](const State&, const Round& round) {
    CHECK(round.proposals.kept.size() == 4000);
    CHECK(round.accepted.size() == 1000);
    return true;
  });
}

TEST_CASE("settings out of range are refused before the oracle is asked") {
  const auto refused = [](auto change) {
    Judge judge;
    Oracle oracle(judge.function(), 12);
    State state{std::make_unique<ToyGenerator>(words), {}, 0};
    Settings settings;
    change(settings);
    Banel learner(ratio_score());
    CHECK_THROWS_AS(run(state, oracle, settings, learner, never, 1, go_on), UsageError);
    CHECK(judge.total == 0);
  };
  refused([](Settings& s) { s.per_round = 0; });
  refused([](Settings& s) { s.accepted = 0; });
  refused([](Settings& s) { s.f = 0.5; });
  refused([](Settings& s) { s.f = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Settings& s) { s.kappa = -1; });
  refused([](Settings& s) { s.kappa = std::numeric_limits<double>::quiet_NaN(); });
  refused([](Settings& s) { s.phi_epochs = -1; });
  refused([](Settings& s) { s.patience = -1; });
}

// As a failure model it is exact, p_theta restricted to failures, but for a relative error of 1e-9 that breaks
// ties; as theta it becomes the frequencies of what was accepted.
class ExactGenerator : public ToyGenerator {
 public:
  using ToyGenerator::ToyGenerator;
  double fit(std::span<const Attempt> attempts, int epochs, Stream order) override {
    if (order.purpose != "phi") return ToyGenerator::fit(attempts, epochs, order);
    std::vector<double> exact = probabilities();
    for (std::size_t i = 0; i < exact.size(); ++i)
      exact[i] *= Judge::reward(word(i)) ? 0 : 1 + 1e-9 * Rng(1, "ties", 0, static_cast<std::uint32_t>(i)).uniform();
    set_probabilities(std::move(exact));
    return 0;
  }
  std::unique_ptr<Generator> clone() const override { return std::make_unique<ExactGenerator>(*this); }
  double success_rate() const {
    double rate = 0;
    for (std::size_t i = 0; i < probabilities().size(); ++i)
      if (Judge::reward(word(i))) rate += probabilities()[i];
    return rate;
  }
};

TEST_CASE("with an exact failure model the success rate rises by the filter factor in every round") {
  Judge judge;
  Oracle oracle(judge.function(), 8);
  State state{std::make_unique<ExactGenerator>(20'000, ToyGenerator::Watch{}, 0), {}, 0};
  Settings settings = toy_settings(false, Memory::distil);
  settings.per_round = 1;
  settings.accepted = 20'000;
  settings.f = 1.25;
  double rate = dynamic_cast<ExactGenerator&>(*state.theta).success_rate();
  CHECK(rate < 0.25);
  Banel learner(ratio_score());
  run(state, oracle, settings, learner, never, 1, [&](const State& s, const Round&) {
    const double next = dynamic_cast<ExactGenerator&>(*s.theta).success_rate();
    CHECK(next == doctest::Approx(std::min(1.0, 1.25 * rate)).epsilon(0.05));
    rate = next;
    return true;
  });
  CHECK(rate > 0.9);
}

struct Record {  // what one round showed
  std::vector<Attempt> attempts, accepted;
  double tau;
  bool operator==(const Record&) const = default;
};

struct Ending {
  std::vector<Record> records;
  std::vector<double> theta;
  std::int64_t used;
  bool operator==(const Ending&) const = default;
};

TEST_CASE("a run resumed after any number of rounds equals one that was not interrupted") {
  for_all_variants([](bool screened, Memory memory) {
    const TemporaryFolder folder;
    const Settings settings = toy_settings(screened, memory);
    constexpr std::int64_t budget = 40;
    // Runs until `stop` rounds are done, as if killed after the next round's evaluations if `in_round`.
    const auto go = [&](State& state, Oracle& oracle, std::size_t stop, Ending& ending, State* saved) {
      Banel learner(ratio_score());
      run(state, oracle, settings, learner, never, 9, [&](const State& s, const Round& round) {
        if (saved && s.rounds > stop) return false;  // killed: this round was evaluated but never saved
        Record record{{}, round.accepted, round.tau};
        for (const Proposal& p : round.attempts.kept) record.attempts.push_back(p.text);
        ending.records.push_back(record);
        if (saved && s.rounds == stop) *saved = State{s.theta->clone(), s.regions, s.rounds};
        return true;
      });
      ending.theta = dynamic_cast<ToyGenerator&>(*state.theta).probabilities();
      ending.used = oracle.used();
    };
    Judge judge;
    Ending whole;
    {
      Oracle oracle(judge.function(), budget, folder.path / "whole.jsonl");
      State state{std::make_unique<ToyGenerator>(words), {}, 0};
      go(state, oracle, 0, whole, nullptr);
    }
    REQUIRE(whole.records.size() >= 3);
    for (std::size_t stop = 1; stop < whole.records.size(); ++stop) {
      const auto ledger = folder.path / (std::to_string(stop) + ".jsonl");
      Judge again;
      Ending resumed;
      State saved;
      {
        Oracle oracle(again.function(), budget, ledger);
        State state{std::make_unique<ToyGenerator>(words), {}, 0};
        go(state, oracle, stop, resumed, &saved);
      }
      REQUIRE(saved.rounds == stop);
      std::int64_t used = 0;
      for (const Record& record : resumed.records) used += static_cast<std::int64_t>(record.attempts.size());
      Oracle oracle(again.function(), budget, ledger, {used, read_ledger(ledger).evaluations[static_cast<std::size_t>(used) - 1].hash});
      go(saved, oracle, 0, resumed, nullptr);
      INFO("stopped after round " << stop);
      CHECK(resumed.records.size() == whole.records.size());
      CHECK((resumed == whole));
      CHECK(again.total == judge.total);  // the interrupted round was not paid again
      CHECK(read_file(ledger) == read_file(folder.path / "whole.jsonl"));
    }
  });
}

TEST_CASE("the same seed gives the same run and another seed another") {
  const auto go = [](std::uint64_t seed) {
    Judge judge;
    Oracle oracle(judge.function(), 40);
    State state{std::make_unique<ToyGenerator>(words), {}, 0};
    Banel learner(ratio_score());
    run(state, oracle, toy_settings(false, Memory::distil), learner, never, seed, go_on);
    return dynamic_cast<ToyGenerator&>(*state.theta).probabilities();
  };
  CHECK(go(1) == go(1));
  CHECK(go(1) != go(2));
}

TEST_CASE("the controls score by what they say and need no failure model") {
  const ToyGenerator theta(words);
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

TEST_CASE("draw keeps the order of its proposals and each string once if there is a screen") {
  const ToyGenerator theta(words);
  const Screen odd = [](const Attempt& x) { return std::stoul(x.substr(1)) % 2 == 1; };
  const Stream stream{1, "draw"};
  const Draws plain = draw(theta, {}, nullptr, 300, stream);
  CHECK(plain.kept.size() == 300);
  const auto expected = theta.sample(300, stream);
  for (std::size_t i = 0; i < 300; ++i) CHECK(plain.kept[i].text == expected[i].text);
  const Draws screened = draw(theta, {}, &odd, 100, stream);
  std::set<Attempt> seen;
  for (const Proposal& p : screened.kept) {
    CHECK(odd(p.text));
    CHECK(seen.insert(p.text).second);
  }
  CHECK(screened.kept.size() == words / 2);  // all there are
  CHECK(screened.drawn >= 5000);             // it tried for long
  const Screen nothing = [](const Attempt&) { return false; };
  CHECK(draw(theta, {}, &nothing, 10, stream).kept.empty());
}

}  // namespace
}  // namespace banel
