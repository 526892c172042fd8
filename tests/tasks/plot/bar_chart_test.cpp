#include "tasks/plot/bar_chart.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tensor/check.h"
#include "tests/support/pictures.h"

using namespace banel;

namespace {

BarChart small_bars() {
  BarChart chart;
  chart.captions = {"Title", "Subtitle", "Footer"};
  chart.x = {.label = "Success rate", .scale = Scale::log, .ticks = Ticks::percent, .lo = 1e-4, .hi = 1};
  chart.bars = {{"some", 0.1, 0.05, 0.2, {}}, {"few", 0.001, 0, 0.002, {}}, {"none", 0, 0, 0.0003, {}}};
  return chart;
}

}  // namespace

TEST_CASE("chart: texts neither overlap nor leave the picture in a chart of bars") {
  BarChart chart = small_bars();
  chart.reference = Reference{2e-4, "before the attack"};
  check_texts_are_readable(draw(chart));
  chart.captions.footer.clear();
  chart.x.scale = Scale::linear;
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: a bar that cannot be drawn is refused by name") {
  for (double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY), -0.1}) {
    BarChart chart = small_bars();
    chart.bars[1].value = bad;
    CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("\"few\""), UsageError);
  }
}

TEST_CASE("chart: bars are as long as their values and whiskers reach the interval") {
  BarChart chart = small_bars();
  chart.bars = {{"a", 0.1, 0.01, 1, {}}, {"b", 0.01, 0.01, 0.1, {}}};
  const DrawList list = draw(chart);
  const auto dots = all<Circle>(list);
  REQUIRE(dots.size() == 2);
  const auto a = lines_of(list, series_colour(0), 2), b = lines_of(list, series_colour(1), 2);
  REQUIRE(a.size() == 3);  // the whisker and its two ends
  CHECK(a[0].points[0].x == doctest::Approx(dots[1].centre.x));
  CHECK(b[0].points[1].x == doctest::Approx(dots[0].centre.x));
  CHECK(a[0].points[1].x - dots[0].centre.x == doctest::Approx(dots[0].centre.x - dots[1].centre.x));
  text_of(list, "10.0 %  (1.00–100)");
}

TEST_CASE("chart: a bar or interval that reaches zero ends in an arrow to the left") {
  const DrawList list = draw(small_bars());
  const auto marks = arrows(list);
  REQUIRE(marks.size() == 2);
  for (const Polygon& mark : marks)
    for (const Point& p : mark.points) CHECK(p.x >= mark.points[0].x);
  CHECK(all<Circle>(list).size() == 2);
  text_of(list, "0");
  text_of(list, "0 %  (0–0.0300)");
}

TEST_CASE("chart: bars on a linear axis begin at zero whatever their values are") {
  BarChart chart = small_bars();
  chart.x = {.label = "Success rate"};
  chart.bars = {{"a", 0.8, 0.8, 0.8, {}}, {"b", 0.9, 0.9, 0.9, {}}};
  const DrawList list = draw(chart);
  const auto dots = all<Circle>(list);
  REQUIRE(dots.size() == 2);
  const double zero = text_of(list, "0").at.x;
  CHECK((dots[1].centre.x - zero) / (dots[0].centre.x - zero) == doctest::Approx(9.0 / 8).epsilon(0.02));
}

TEST_CASE("chart: a bar of zero has no body") {
  const DrawList list = draw(small_bars());
  std::vector<Polygon> bodies = all<Polygon>(list);
  std::erase_if(bodies, [](const Polygon& p) { return p.points.size() != 4 || p.alpha == 1; });
  CHECK(bodies.size() == 2);
}

TEST_CASE("chart: a bar outside its interval is refused by name") {
  BarChart chart = small_bars();
  chart.bars[0].hi = 0.01;
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("\"some\""), UsageError);
}

TEST_CASE("chart: a picture of bars too small for its labels is refused") {
  BarChart chart = small_bars();
  chart.height = 120;
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("no room"), UsageError);
}

TEST_CASE("chart: a mark of a bar is a diamond at its value") {
  BarChart chart = small_bars();
  chart.bars[0].mark = chart.bars[0].value;
  const DrawList list = draw(chart);
  std::vector<Polygon> diamonds = all<Polygon>(list);
  std::erase_if(diamonds, [](const Polygon& p) { return p.colour != black; });
  REQUIRE(diamonds.size() == 1);
  CHECK(diamonds[0].points[1].x == doctest::Approx(all<Circle>(list)[0].centre.x));
  chart.bars[0].mark = 30;  // beyond every bar: the axis grows
  check_texts_are_readable(draw(chart));
  text_of(draw(chart), "10,000 %");
  chart.bars[0].mark = NAN;
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("\"some\""), UsageError);
}
