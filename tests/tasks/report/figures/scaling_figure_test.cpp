#include <doctest/doctest.h>

#include <cmath>

#include "tasks/plot/chart_frame.h"
#include "tasks/report/figures/figures.h"
#include "tensor/check.h"
#include "tests/support/pictures.h"
#include "tests/support/tiny/made_results.h"

using namespace banel;

namespace {

// Three runs of a variant that has the setting, with a final rate of that many times the base rate; the
// failure model's losses are 2 and 2.2.
std::vector<Run> point(double epochs, const std::vector<double>& factors) {
  std::vector<Run> runs;
  for (const double factor : factors) {
    runs.push_back(made_run("epochs " + Value(epochs).shown(), runs.size() + 1, {5, 10}));
    Run& run = runs.back();
    run.row.method = "ours";
    run.row.settings = {{"phi_epochs", epochs}, {"budget", 1000}};
    run.row.final = factor * run.row.base.value;
    run.row.cost.flops = 3.1e11 * epochs;
    run.log.rounds.back().phi_loss = 2;
    run.log.rounds.back().filter.emplace();
    run.log.rounds.back().filter->phi_heldout = 2.2;
  }
  return runs;
}

std::vector<Run> reference(const std::string& name, std::vector<double> factors) {
  for (double& factor : factors) factor *= 0.004;
  return runs_with(name, factors);
}

std::vector<Run> points(const std::vector<double>& epochs) {
  std::vector<Run> runs;
  for (const double x : epochs) runs = runs + point(x, {x, 2 * x, 3 * x});
  return runs;
}

const std::vector<double> eight{1, 2, 3, 5, 10, 20, 50, 100};
const QuotedCurve quoted{"paper, other instance", {1, 10, 100}, {4, 90, 73}};

DrawList scaling(const std::vector<Run>& runs, const std::string& show = "scaling", bool with_quoted = true) {
  Results results = made_results(runs);
  if (with_quoted) results.quoted = quoted;
  return figures({show}, results, table_of(results, {})).at(0).picture;
}

}  // namespace

TEST_CASE("figures: scaling shows every run and the references as level lines and the quoted curve dashed") {
  const DrawList list = scaling(points(eight) + reference("rnd", {2, 3}) + reference("count", {1, 1.5}));
  check_texts_are_readable(list);
  std::vector<Circle> runs = all<Circle>(list);
  std::erase_if(runs, [](const Circle& c) { return c.alpha == 1; });
  CHECK(runs.size() == 8 * 3);
  const Polyline rnd = lines_of(list, series_colour(1), 1.6).at(0);
  CHECK(rnd.points[0].y == rnd.points[1].y);
  const std::vector<Point> own = lines_of(list, series_colour(0), 2).at(0).points;
  CHECK((rnd.points[0].x == own.front().x && rnd.points[1].x == own.back().x));
  CHECK(lines_of(list, grey, 1.2).at(0).dash > 0);
  CHECK(text_of(list, "3.1·10¹²").at.x == doctest::Approx(own[4].x));
  CHECK(shows(list, "phi_epochs: passes of the failure model"));
}

TEST_CASE("figures: scaling has the final factors and both losses in their places in any order of variants") {
  const DrawList list = scaling(points({100, 1, 10}) + reference("rnd", {2, 3}), "scaling", false);
  const std::vector<Point> own = lines_of(list, series_colour(0), 2).at(0).points;  // 2, 20 and 200
  REQUIRE(own.size() == 3);
  const double decade = own[0].y - own[1].y;
  CHECK(decade > 10);
  CHECK(own[1].y - own[2].y == doctest::Approx(decade));
  const double rnd = lines_of(list, series_colour(1), 1.6).at(0).points[0].y;
  CHECK(own[0].y - rnd == doctest::Approx(decade * std::log10(2.5 / 2)));
  const double heldout = lines_of(list, series_colour(1), 2).at(0).points[0].y,
               fitted = lines_of(list, series_colour(6), 2).at(0).points[0].y;
  CHECK(heldout < fitted);  // 2.2 lies above 2
  CHECK(text_of(list, "held-out failures").at.y < text_of(list, "failures it was fitted to").at.y);
}

TEST_CASE("figures: a run of an unfinished scaling study is a dot at its own value of the setting") {
  const DrawList list = scaling(point(1, {1}) + point(10, {10, 20, 30}), "scaling", false);
  const std::vector<Point> means = lines_of(list, series_colour(0), 2).at(0).points;
  std::vector<Point> left, right;
  for (const Circle& c : all<Circle>(list))
    if (c.alpha < 1) (c.centre.x < means[1].x ? left : right).push_back(c.centre);
  REQUIRE(left.size() == 1);
  CHECK(left[0].y == doctest::Approx(means[0].y));
  REQUIRE(right.size() == 3);
  CHECK(right[1].y == doctest::Approx(means[1].y));  // 20 is the mean of 10, 20 and 30
}

TEST_CASE("figures: the charts of scaling line up when the quoted curve goes further") {
  const DrawList list = scaling(points({1, 2, 3}));
  const Polyline loss = lines_of(list, series_colour(1), 2).at(0),
                 factors = lines_of(list, series_colour(0), 2).at(0);
  for (std::size_t i = 0; i < 3; ++i) CHECK(loss.points[i].x == doctest::Approx(factors.points[i].x));
}

TEST_CASE("figures: runs that found nothing do not stretch the scaling axis") {
  const DrawList list = scaling(point(1, {0, 0, 0}) + points({2, 3, 10, 20, 100}));
  check_texts_are_readable(list);
  text_of(list, "0");
  CHECK_FALSE(shows(list, "0.5"));
}

TEST_CASE("figures: scaling without a failure model has no chart of its loss") {
  std::vector<Run> runs = points({1, 10});
  for (Run& run : runs)
    for (RoundRecord& round : run.log.rounds) round.filter.reset();
  CHECK_FALSE(shows(scaling(runs, "scaling", false), "loss of the failure model"));
}

TEST_CASE("figures: scaling over two settings asks for one of them and draws a curve for each method") {
  std::vector<Run> runs = points({1, 10});
  for (const double kappa : {0.3, 1.0}) {
    std::vector<Run> other = reference("kappa " + Value(kappa).shown(), {2, 3});
    for (Run& run : other) {
      run.row.method = "other";
      run.row.settings = {{"kappa", kappa}};
    }
    runs = runs + other;
  }
  CHECK_THROWS_WITH_AS(scaling(runs), doctest::Contains("name one of kappa, phi_epochs"), UsageError);
  CHECK_THROWS_WITH_AS(scaling(runs, "scaling:m"), doctest::Contains("\"m\" does not vary"), UsageError);
  const DrawList list = scaling(runs, "scaling:kappa", false);
  text_of(list, "other");
  text_of(list, "epochs 10");  // a level line
}

TEST_CASE("figures: scaling where no setting varies is refused") {
  CHECK_THROWS_WITH_AS(scaling(point(1, {1})), doctest::Contains("no setting"), UsageError);
}
