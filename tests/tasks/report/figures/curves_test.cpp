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

}  // namespace
}  // namespace banel
