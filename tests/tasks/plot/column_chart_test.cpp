#include "tasks/plot/column_chart.h"

#include <doctest/doctest.h>

#include "tensor/check.h"
#include "tests/support/pictures.h"

using namespace banel;

TEST_CASE("chart: columns stand on zero with dots below and marks behind them") {
  ColumnChart chart{.places = {-1, 0, 1},
                    .columns = {{{0.2, 0.6, 0.2}, black, 0.9}},
                    .curves = {{{0.3, 0.4, 0.3}, series_colour(1)}},
                    .dots = {0, 1, 1},
                    .marks = {0},
                    .mark = series_colour(2)};
  chart.captions.heading = "step 1";
  const DrawList list = draw(chart);
  check_texts_are_readable(list);
  const std::vector<Polygon> columns = all<Polygon>(list);
  REQUIRE(columns.size() == 3);
  const auto height = [&](std::size_t i) { return columns[i].points[2].y - columns[i].points[1].y; };
  CHECK(height(1) == doctest::Approx(3 * height(0)));
  const std::vector<Circle> dots = all<Circle>(list);
  REQUIRE(dots.size() == 3);
  CHECK(dots[0].colour == series_colour(2));
  CHECK(dots[1].colour == black);
  CHECK(dots[2].centre.x == dots[1].centre.x);
  CHECK(dots[2].centre.y < dots[1].centre.y);
  CHECK(dots[2].centre.y > columns[1].points[2].y);
  CHECK(lines_of(list, series_colour(1), 1.8).at(0).points[1].y < columns[0].points[1].y);
  CHECK(lines_of(list, series_colour(2), 1.5).at(0).points[0].x == doctest::Approx(dots[0].centre.x));
  chart.curves[0].heights[1] = 5;  // a curve may be higher than all columns
  CHECK(lines_of(draw(chart), series_colour(1), 1.8).at(0).points[1].y > 0);
  chart.dots = {3};
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("index 3 of 3 places"), UsageError);
  chart.dots = {};
  chart.columns[0].heights.pop_back();
  CHECK_THROWS_WITH_AS(draw(chart), doctest::Contains("step 1"), UsageError);
}
