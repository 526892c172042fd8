#include "banel/posterior.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tensor/check.h"
#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

TEST_CASE("tau keeps one in f of the scores") {
  Rng rng(5, "posterior_test");
  for (double f : {1.0, 1.032, 1.5, 2.0, 3.0, 4.0, 16.0})
    for (std::size_t n : {1u, 2u, 3u, 16u, 1000u, 8001u}) {
      std::vector<double> scores(n);
      for (double& s : scores) s = rng.normal();
      const double tau = threshold(scores, f);
      const auto kept = static_cast<double>(
          std::count_if(scores.begin(), scores.end(), [&](double s) { return s >= tau; }));
      INFO("f = " << f << ", n = " << n);
      CHECK(kept == static_cast<double>(passing(n, f)));
      CHECK(kept >= 1);
      CHECK(std::abs(kept - static_cast<double>(n) / f) <= 0.5 + (static_cast<double>(n) < f));
      CHECK(passing(static_cast<std::size_t>(std::lround(f * static_cast<double>(n))), f) == n);
    }
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(threshold({infinity, 1, -infinity, 2}, 2) == 2);
  CHECK(threshold({3, 3, 3}, 4) == 3);
  CHECK_THROWS_AS(threshold({}, 2), UsageError);
  CHECK_THROWS_AS(threshold({1}, 0.99), UsageError);
}

TEST_CASE("draw keeps the order of its proposals and each string once if there is a screen") {
  const ToyGenerator theta(toy_words);
  const Screen odd = screen_by([](const Attempt& x) { return ToyGenerator::number(x) % 2 == 1; });
  const Stream stream{1, "draw"};
  const Draws plain = draw(theta, {}, nullptr, 300, stream);
  CHECK(plain.kept.size() == 300);
  const auto expected = theta.sample(300, stream);
  for (std::size_t i = 0; i < 300; ++i) CHECK(plain.kept[i].text == expected[i].text);
  const Draws screened = draw(theta, {}, &odd, 100, stream);
  std::set<Attempt> seen;
  for (const Proposal& p : screened.kept) {
    CHECK(ToyGenerator::number(p.text) % 2 == 1);
    CHECK(seen.insert(p.text).second);
  }
  CHECK(screened.kept.size() == toy_words / 2);  // all there are
  CHECK(screened.drawn >= 5000);                 // it tried for long
  const Screen nothing = screen_by([](const Attempt&) { return false; });
  CHECK(draw(theta, {}, &nothing, 10, stream).kept.empty());
}

TEST_CASE("Algorithm 1 never proposes what an earlier region rejects") {
  for (bool screened : {false, true}) {
    ToyJudge judge;
    Oracle oracle(judge.judge(), 40);
    State state{std::make_unique<ToyGenerator>(toy_words)};
    const std::vector<double> before = probabilities(*state.theta);
    std::size_t checked = 0, outside_all = toy_words, taught = 0;
    Banel learner(ratio_score());
    Settings settings = toy_settings(screened, Memory::regions);
    settings.kappa = 0.7;
    run(state, oracle, settings, learner, all_may_succeed, 4, [&](const State& s, const Round& round) {
      taught += !round.failures.empty();
      REQUIRE(s.regions.size() == taught);
      for (const Region& region : s.regions) CHECK(region.kappa == 0.7);
      for (const auto* draws : {&round.attempts, &round.proposals})
        for (std::size_t r = 0; r + 1 < s.regions.size(); ++r)
          for (double score : log_ratio(draws->kept, *s.regions[r].phi, s.regions[r].kappa)) {
            CHECK(score >= s.regions[r].tau);
            ++checked;
          }
      outside_all = 0;
      for (std::size_t i = 0; i < toy_words; ++i) {
        const std::vector<Proposal> one = {{ToyGenerator::word(i), std::log(before[i])}};
        bool outside = true;
        for (const Region& region : s.regions)
          outside = outside && log_ratio(one, *region.phi, region.kappa)[0] >= region.tau;
        outside_all += outside;
      }
      return true;
    });
    CHECK(checked > 20);
    CHECK(outside_all < toy_words);  // the regions do reject
    CHECK(probabilities(*state.theta) == before);
  }
}

}  // namespace
}  // namespace banel
