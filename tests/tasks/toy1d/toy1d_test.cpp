// The illustration as a test of the method: here its posterior is known exactly.
#include "tasks/toy1d/toy1d.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "banel/first_steps.h"
#include "tasks/base/text.h"
#include "tasks/run/attack.h"
#include "tasks/run/registry.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel::toy1d {
namespace {

TEST_CASE("each posterior is the prior without all that has failed so far") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Illustration r = illustrate(seed);
    const std::vector<double>& prior = r.steps.front().theta;
    std::set<std::size_t> failed;
    for (const Step& step : r.steps) {
      for (int place : step.samples)
        if (std::abs(r.grid[static_cast<std::size_t>(place)]) != 2)
          failed.insert(static_cast<std::size_t>(place));
      double left = 1;
      for (std::size_t place : failed) left -= prior[place];
      for (std::size_t i = 0; i < prior.size(); ++i)
        CHECK(step.posterior[i] == doctest::Approx(failed.contains(i) ? 0 : prior[i] / left));
    }
  }
}

TEST_CASE("the failure model is the frequencies of the step's failures") {
  std::size_t without = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Illustration r = illustrate(seed);
    for (const Step& step : r.steps) {
      std::vector<double> counts(r.grid.size());
      double failures = 0;
      for (int place : step.samples)
        if (place != 5 && place != 25) ++counts[static_cast<std::size_t>(place)], ++failures;
      without += failures == 0;
      for (std::size_t i = 0; i < counts.size(); ++i)
        CHECK(step.phi[i] == doctest::Approx(failures > 0 ? counts[i] / failures : 0));
    }
  }
  CHECK(without > 0);
}

TEST_CASE("Algorithm 1 draws from its exact posterior" * doctest::test_suite("slow")) {
  std::vector<double> surplus(31), variance(31);
  double drawn = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed)
    for (const Step& step : illustrate(seed).steps) {
      const auto n = static_cast<double>(step.samples.size());
      for (int place : step.samples) ++surplus[static_cast<std::size_t>(place)];
      for (std::size_t i = 0; i < surplus.size(); ++i) {
        surplus[i] -= n * step.theta[i];
        variance[i] += n * step.theta[i] * (1 - step.theta[i]);
      }
      drawn += n;
    }
  CHECK(drawn > 15'000);
  for (std::size_t i = 0; i < surplus.size(); ++i) CHECK(std::abs(surplus[i]) < 4.5 * std::sqrt(variance[i]));
}

TEST_CASE("Algorithm 2 distils what theta has outside the rejection region") {
  constexpr std::size_t words = 48;
  const Settings settings{
      .budget = 40, .m = 20, .n = 20'000, .f = 3, .phi = {.epochs = 2}, .screened = false};
  Oracle oracle([](std::span<const Attempt> x) { return std::vector<Verdict>(x.size()); }, settings.budget);
  State state{std::make_unique<ToyGenerator>(words)};
  Banel learner(ratio_score());
  std::unique_ptr<Generator> theta = state.theta->clone();
  run(state, oracle, settings, learner, all_may_succeed, 1, [&](const State& now, const Round& round) {
    // Of the words that score tau only the first ones drawn are accepted: they are told apart.
    const std::vector<Region> region{{round.phi, settings.kappa, round.tau}};
    const std::vector<Region> above{{round.phi, settings.kappa, std::nextafter(round.tau, 1e9)}};
    const std::vector<double> exact = exact_posterior({*theta, region}),
                              sure = exact_posterior({*theta, above});
    const auto& all = dynamic_cast<const TabularGenerator&>(*theta).probabilities();
    std::vector<double> counts(words);
    for (const Attempt& x : round.accepted) ++counts[ToyGenerator::number(x)];
    const auto n = static_cast<double>(round.accepted.size());
    CHECK(n == 20'000);
    CHECK(std::count(exact.begin(), exact.end(), 0.0) > 5);
    for (std::size_t i = 0; i < words; ++i) {
      const double drawn = settings.f * n * all[i];
      if (exact[i] == 0) CHECK(counts[i] == 0);
      if (sure[i] > 0) CHECK(std::abs(counts[i] - drawn) <= 4.5 * std::sqrt(drawn));
      if (exact[i] > 0) CHECK(counts[i] <= drawn + 4.5 * std::sqrt(drawn));
    }
    theta = now.theta->clone();
    return true;
  });
  CHECK(state.rounds == 2);
}

TEST_CASE("every run converges to the successes in about six steps and finds one sooner than the prior does" *
          doctest::test_suite("slow")) {
  const Summary s = summarise(200);
  CHECK(s.seeds == 200);
  CHECK(s.found == 200);
  CHECK(s.converged == 200);
  CHECK(s.converged_mean > 5);
  CHECK(s.converged_mean < 8);
  CHECK(s.found_mean < 0.6 * s.prior_mean);
  const double success = 2 * std::exp(-2.0) / [] {
    double sum = 0;
    for (int i = -15; i <= 15; ++i) sum += std::exp(-i * i / 50.0);
    return sum;
  }();
  CHECK(s.prior_mean == doctest::Approx(1 / (1 - std::pow(1 - success, 10))));
}

TEST_CASE("the first success and the convergence are read off the steps") {
  const Illustration r = illustrate(3);
  REQUIRE(r.found);
  REQUIRE(r.converged);
  CHECK(*r.converged == r.steps.size());
  for (std::size_t k = 0; k < r.steps.size(); ++k) {
    bool success = false;
    for (int place : r.steps[k].samples) success = success || place == 5 || place == 25;
    if (k + 1 < *r.found) CHECK(!success);
    if (k + 1 == *r.found) CHECK(success);
    CHECK((r.success(r.steps[k].posterior) >= 0.9) == (k + 1 == *r.converged));
    if (k > 0) CHECK(r.steps[k].theta == r.steps[k - 1].posterior);
  }
  CHECK(r.grid[5] == -2);
  CHECK(r.grid[25] == 2);
}

TEST_CASE("a seed gives the same illustration again and another seed another") {
  CHECK(to_json(illustrate(1)) == to_json(illustrate(1)));
  CHECK(to_json(illustrate(1)) != to_json(illustrate(2)));
}

std::unique_ptr<Task> task() {
  std::unique_ptr<Task> made = entry().make({}, 1);
  made->open({}, Access::read, ProgressMode::quiet);
  return made;
}

TEST_CASE("the task has the prior and the rewards of the illustration") {
  const Illustration r = illustrate(1);
  const auto toy = task();
  const auto& prior = dynamic_cast<const TabularGenerator&>(toy->prior());
  CHECK(prior.probabilities() == r.steps.front().theta);
  const std::vector<Verdict> verdicts = toy->judge()(prior.words());
  for (std::size_t i = 0; i < r.grid.size(); ++i)
    CHECK((verdicts[i].reward == Reward::success) == (std::abs(r.grid[i]) == 2));
  CHECK(toy->exact_success({prior})->value == doctest::Approx(r.success(prior.probabilities())));
  CHECK(toy->exact_success({prior})->standard_error == 0);
  CHECK(!toy->exact_success({prior, {}, &all_may_succeed}));  // of one with a memory it is not known
}

TEST_CASE("the exact success of an attacker leaves out what its regions reject") {
  const auto toy = task();
  const auto& prior = dynamic_cast<const TabularGenerator&>(toy->prior());
  std::vector<Attempt> failures;
  for (const Attempt& x : prior.words())
    if (std::abs(std::stod(x)) != 2) failures.push_back(x);
  const std::shared_ptr<Generator> phi = prior.clone();
  phi->fit(failures, {}, {1, "phi"});
  const std::vector<Region> regions{{phi, 1, 1e300}};
  CHECK(toy->exact_success({prior, regions})->value == doctest::Approx(1));
}

TEST_CASE("an attack on the task by Algorithm 1 begins as the illustration does") {
  const auto toy = task();
  const Method m = adapted(Registry{built_in_methods(), {}}.method("banel-union"), *toy, {});
  CHECK(m.settings.m == 10);
  CHECK(m.settings.budget == 300);
  CHECK_FALSE(m.settings.screened);
  const TemporaryFolder folder;
  const AttackResult result =
      run_attack(folder.path, *toy, m, {.seed = 4, .samples = 100}, [](std::int64_t) {});
  const Illustration r = illustrate(4);
  const std::vector<Evaluation> paid = read_ledger(folder.path / "ledger.jsonl").evaluations;
  for (std::size_t k = 0; k < r.steps.size(); ++k) {
    for (std::size_t i = 0; i < 10; ++i)
      CHECK(std::stod(paid.at(10 * k + i).attempt) ==
            r.grid[static_cast<std::size_t>(r.steps[k].samples[i])]);
    if (const auto& measured = result.rounds.at(k).measured)
      CHECK(measured->exact->value == doctest::Approx(r.success(r.steps[k].posterior)));
  }
}

TEST_CASE("the sentences tell for each round what succeeded and what was ruled out") {
  const std::string text = in_sentences(illustrate(1));
  CHECK(
      text.starts_with("Before round 1 a draw succeeds with probability 2.2 %.\n"
                       "Round 1: none of 10 succeed, 7 values are ruled out; success rises to 3.2 %.\n"
                       "  -3 ooooo*oo..o.oooo.oo..oo.o*ooooo 3\n"));
  CHECK(text.find("Round 6: 10 of 10 succeed, no values are ruled out; success stays at 78.1 %.\n") !=
        text.npos);
  CHECK(
      text.ends_with("Round 10: 9 of 10 succeed, 1 value is ruled out; success rises to 96.1 %.\n"
                     "  -3 o....*...................*..... 3\n"));
}

TEST_CASE("the sentences of the first steps tell of their ledger and their success rates") {
  Oracle oracle(toy_judge, 100);
  const std::vector<double> rates = first_steps(oracle, 7);
  std::istringstream lines(first_steps_in_sentences(7));
  std::string line;
  REQUIRE(std::getline(lines, line));
  for (std::size_t k = 0; k < 10; ++k) {
    REQUIRE(std::getline(lines, line));
    const std::span<const Evaluation> paid = oracle.paid().subspan(10 * k, 10);
    const auto successes = std::count_if(
        paid.begin(), paid.end(), [](const Evaluation& e) { return e.verdict.reward == Reward::success; });
    CAPTURE(line);
    CHECK(line.starts_with("Round " + std::to_string(k + 1) + ": " +
                           (successes ? std::to_string(successes) : "none") + " of 10 succeed"));
    CHECK(line.ends_with(" " + fixed(100 * rates[k], 1) + " %."));
    if (k == 0) continue;
    const double rise = std::stod(fixed(100 * rates[k], 1)) - std::stod(fixed(100 * rates[k - 1], 1));
    CHECK(line.find(rise > 0 ? "rises to" : rise < 0 ? "falls to" : "stays at") != line.npos);
  }
}

TEST_CASE("the text has a line for each step and marks each success") {
  const Illustration r = illustrate(1);
  const std::string text = to_text(r);
  CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == r.steps.size());
  std::ptrdiff_t successes = 0;
  for (const Step& step : r.steps)
    successes += std::count(step.samples.begin(), step.samples.end(), 5) +
                 std::count(step.samples.begin(), step.samples.end(), 25);
  CHECK(std::count(text.begin(), text.end(), '*') == successes);
}

}  // namespace
}  // namespace banel::toy1d
