#include "tasks/report/figures/curves.h"

#include <doctest/doctest.h>

#include "tasks/base/stats.h"
#include "tests/support/tiny/made_results.h"

namespace banel {
namespace {

Group group_of(const std::vector<Run>& runs) {
  Group group{"", "first", 0, {}};
  for (const Run& run : runs) group.runs.push_back(&run);
  return group;
}

TEST_CASE("the band of success on an instance takes the samples of all seeds together") {
  const std::vector<Run> runs{made_run("first", 1, {20, 400}), made_run("first", 2, {30, 500})};
  const Series series = success_with_sampling_band(group_of(runs), "first", {});
  REQUIRE(series.x == std::vector<double>{250, 500});
  CHECK(series.mean[0] == doctest::Approx(0.025));
  for (const auto& [k, place] : {std::pair{50, 0}, std::pair{900, 1}}) {
    const Interval band = clopper_pearson(k, 2000);
    CHECK(series.lo[static_cast<std::size_t>(place)] == doctest::Approx(band.lo));
    CHECK(series.hi[static_cast<std::size_t>(place)] == doctest::Approx(band.hi));
  }
}

TEST_CASE("where success is an estimate the band is two standard errors of the mean over seeds") {
  std::vector<Run> runs{made_run("first", 1, {20}), made_run("first", 2, {30})};
  runs[0].log.rounds[0].measured->exact = Estimate{0.3, 0.03};
  runs[1].log.rounds[0].measured->exact = Estimate{0.5, 0.04};
  const Series series = success_with_sampling_band(group_of(runs), "first", {});
  CHECK(series.mean.at(0) == doctest::Approx(0.4));
  CHECK(series.lo.at(0) == doctest::Approx(0.35));
  CHECK(series.hi.at(0) == doctest::Approx(0.45));
}

TEST_CASE("a line begins at the base rate if it is to and at its first reading otherwise") {
  const std::vector<Run> runs{made_run("first", 1, {20, 400})};
  CHECK(Curves(group_of(runs), success, true).x == std::vector<double>{0, 250, 500});
  CHECK(Curves(group_of(runs), success, true).means().at(0) == doctest::Approx(5e-4));
  CHECK(Curves(group_of(runs), success, false).x == std::vector<double>{250, 500});
}

TEST_CASE("a run that ended without a round stays at the base rate where lines begin there") {
  const std::vector<Run> runs{made_run("first", 1, {100, 300}), made_run("first", 2, {})};
  CHECK(Curves(group_of(runs), success, true).means().at(2) == doctest::Approx((0.3 + 5e-4) / 2));
  CHECK(Curves(group_of(runs), success, false).means().at(1) == doctest::Approx(0.3));
}

TEST_CASE("a line goes on to the last reading of the run that paid most though another was read more often") {
  std::vector<Run> runs{made_run("first", 1, {100, 100, 100}), made_run("first", 2, {100, 300})};
  runs[1].log.rounds[0].nre = 500;
  runs[1].log.rounds[1].nre = 1000;
  const Curves curves(group_of(runs), success, false);
  CHECK(curves.x == std::vector<double>{250, 500, 750, 1000});
  CHECK(curves.means().at(2) == doctest::Approx(0.15));
  CHECK(curves.means().at(3) == doctest::Approx(0.2));
}

TEST_CASE("of two readings after the same evaluations the later one counts") {
  std::vector<Run> runs{made_run("first", 1, {20, 400})};
  runs[0].log.rounds[1].nre = 250;
  const Curves curves(group_of(runs), success, false);
  CHECK(curves.x == std::vector<double>{250});
  CHECK(curves.means().at(0) == doctest::Approx(0.4));
}

TEST_CASE("the band of a line over two instances reaches from the one to the other") {
  std::vector<Run> runs;
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    runs.push_back(made_run("first", seed, {seed <= 3 ? 100 : 500}));
    runs.back().row.instance = seed <= 3 ? 1u : 2u;
  }
  const Series series = Curves(group_of(runs), success, false).with_band("first", {});
  CHECK(series.lo.at(0) == doctest::Approx(0.1));
  CHECK(series.hi.at(0) == doctest::Approx(0.5));
}

}  // namespace
}  // namespace banel
