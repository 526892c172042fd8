#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <utility>

#include "tasks/plot/line_chart.h"
#include "tensor/check.h"
#include "tests/support/pictures.h"

using namespace banel;

namespace {

std::string error_of(const LineChart& chart) {
  try {
    draw(chart);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

// Two methods, five evaluations; "slow" has one seed that finds nothing at first.
LineChart small_chart() {
  LineChart chart;
  chart.captions = {"Title", "Subtitle", "Footer"};
  chart.x = {.label = "Reward evaluations", .lo = 0, .hi = 4000};
  chart.y = {.label = "Success rate", .scale = Scale::log, .lo = 1e-3, .hi = 1};
  const std::vector<double> x{0, 1000, 2000, 3000, 4000};
  chart.series = {{.label = "fast", .x = x, .mean = {0.001, 0.01, 0.1, 0.5, 1}},
                  {.label = "slow",
                   .x = x,
                   .mean = {0.001, 0.002, 0.004, 0.006, 0.01},
                   .seeds = {{0, 0, 0.002, 0.004, 0.01}, {0.002, 0.004, 0.006, 0.008, 0.01}}}};
  return chart;
}

}  // namespace

TEST_CASE("chart: positions are pushed apart in order and no further than needed") {
  CHECK(spread({}, 10, 0, 100).empty());
  CHECK(spread({20, 50, 80}, 10, 0, 100) == std::vector<double>{20, 50, 80});
  CHECK(spread({50, 50}, 10, 0, 100) == std::vector<double>{45, 55});
  CHECK(spread({100, 0, 98}, 10, 0, 100) == std::vector<double>{100, 0, 90});
  CHECK(spread({5, 5, 5}, 80, 0, 100) == std::vector<double>{0, 50, 100});
  std::mt19937 random(1);
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<double> wanted(1 + random() % 8);
    for (double& w : wanted) w = static_cast<double>(random() % 100);
    const std::vector<double> out = spread(wanted, 12, 0, 100);
    for (std::size_t i = 0; i < out.size(); ++i) {
      CHECK((out[i] >= -1e-9 && out[i] <= 100 + 1e-9));
      for (std::size_t j = 0; j < i; ++j) {
        CHECK(std::abs(out[i] - out[j]) >= 12 - 1e-9);
        if (wanted[i] < wanted[j]) CHECK(out[i] < out[j]);
      }
    }
  }
}

TEST_CASE("chart: texts neither overlap nor leave the picture when all lines end at one place") {
  LineChart chart = small_chart();
  chart.reference = Reference{0.01, "before the attack"};
  for (double end : {0.0, 0.001, 0.01, 1.0}) {
    chart.series.clear();
    for (const char* name : {"BaNEL", "Count-based", "RND", "REINFORCE", "GRPO", "Random search"})
      chart.series.push_back({.label = name, .x = {0, 4000}, .mean = {0.001, end}});
    check_texts_are_readable(draw(chart));
    const DrawList list = draw(chart);
    for (const Series& series : chart.series) text_of(list, series.label);
  }
}

TEST_CASE("chart: long labels get the room they need") {
  LineChart chart = small_chart();
  chart.series[0].label = "a method whose name says how it works";
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: long captions wrap inside the picture") {
  LineChart chart = small_chart();
  std::string words = "word";
  for (int i = 0; i < 40; ++i) words += " word";
  chart.captions = {words, words, words};
  check_texts_are_readable(draw(chart));
}

TEST_CASE("chart: equal ratios are equal lengths on a log axis") {
  const DrawList list = draw(small_chart());
  const auto fast = lines_of(list, series_colour(0), 2.4);
  REQUIRE(fast.size() == 1);
  const std::vector<Point>& p = fast[0].points;
  CHECK(p[0].y - p[1].y == doctest::Approx(p[1].y - p[2].y));
  CHECK(p[1].y - p[2].y == doctest::Approx(p[2].y - p[4].y));
  CHECK(p[1].x - p[0].x == doctest::Approx(p[4].x - p[3].x));
  const double top = text_of(list, "1").at.y, tenth = text_of(list, "0.1").at.y;
  CHECK(tenth - top == doctest::Approx(p[2].y - p[4].y));
}

TEST_CASE("chart: the strong line shows up in the pixels where its values are") {
  const DrawList list = draw(small_chart());
  const Image image = decode_png(to_png(list));
  const std::vector<Point> points = lines_of(list, series_colour(0), 2.4).at(0).points;
  for (const Point& p : points) {
    if (p.x < 100) continue;  // the axis lies on the first point
    const int x = static_cast<int>(2 * p.x) - 1, y = static_cast<int>(2 * p.y);
    CHECK(image.at(x, y, 0) == 0);
    CHECK(image.at(x, y, 1) == 114);
    CHECK(image.at(x, y, 2) == 178);
  }
}

TEST_CASE("chart: single seeds are faint and the mean is strong") {
  const DrawList list = draw(small_chart());
  const auto faint = lines_of(list, series_colour(1), 1), strong = lines_of(list, series_colour(1), 2.4);
  REQUIRE(faint.size() == 2);
  REQUIRE(strong.size() == 1);
  for (const Polyline& line : faint) CHECK(line.alpha < 0.5);
  CHECK(strong[0].alpha == 1);
}

TEST_CASE("chart: zeros on a log axis are arrows below every positive value") {
  const DrawList list = draw(small_chart());
  const auto marks = arrows(list);
  REQUIRE(marks.size() == 2);
  const auto seeds = lines_of(list, series_colour(1), 1);
  double lowest_positive = 0;
  for (const Polyline& line : seeds)
    for (const Point& p : line.points)
      if (p.y < seeds[0].points[0].y) lowest_positive = std::max(lowest_positive, p.y);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(marks[i].points[0].x == doctest::Approx(seeds[0].points[i].x));
    for (const Point& p : marks[i].points) {
      CHECK(p.y > lowest_positive);
      CHECK(p.y <= marks[i].points[0].y);  // the tip is lowest
    }
  }
  std::vector<Text> ticks = all<Text>(list);
  std::erase_if(ticks, [](const Text& t) { return t.text != "0" || t.anchor != Anchor::end; });
  CHECK(ticks.size() == 1);  // the tick of the y axis
}

TEST_CASE("chart: series with zeros do not hide one another") {
  LineChart chart = small_chart();
  chart.series = {{.label = "a", .x = {0, 4000}, .mean = {0.1, 0}},
                  {.label = "b", .x = {0, 4000}, .mean = {0.1, 0}}};
  const auto marks = arrows(draw(chart));
  REQUIRE(marks.size() == 2);
  CHECK(std::abs(marks[0].points[0].y - marks[1].points[0].y) >= 9);
}

TEST_CASE("chart: a linear axis draws zeros as plain points") {
  LineChart chart = small_chart();
  chart.y.scale = Scale::linear;
  CHECK(arrows(draw(chart)).empty());
}

TEST_CASE("chart: a band runs along hi and back along lo") {
  LineChart chart = small_chart();
  chart.series.resize(1);
  chart.series[0].lo = {0.001, 0.001, 0.01, 0.1, 0.5};
  chart.series[0].hi = {0.01, 0.1, 1, 1, 1};
  const DrawList list = draw(chart);
  std::vector<Polygon> bands = all<Polygon>(list);
  std::erase_if(bands, [](const Polygon& p) { return p.points.size() != 10; });
  REQUIRE(bands.size() == 1);
  const auto& band = bands[0].points;
  const std::vector<Point> mean = lines_of(list, series_colour(0), 2.4).at(0).points;
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(band[i].x == mean[i].x);
    CHECK(band[9 - i].x == mean[i].x);
    CHECK(band[i].y <= mean[i].y + 1e-9);
    CHECK(band[9 - i].y >= mean[i].y - 1e-9);
  }
}

TEST_CASE("chart: values that cannot be drawn are refused with the name of the series") {
  for (double bad : std::to_array<double>({NAN, INFINITY, -0.1})) {
    LineChart mean = small_chart(), seed = small_chart(), band = small_chart();
    mean.series[0].mean[3] = bad;
    seed.series[1].seeds[0][2] = bad;
    band.series[0].lo = band.series[0].hi = {1, 1, bad, 1, 1};
    CHECK(contains(error_of(mean), "\"fast\": mean[3]"));
    CHECK(contains(error_of(seed), "\"slow\": seeds[2]"));
    CHECK(contains(error_of(band), "\"fast\": lo[2]"));
  }
  LineChart x = small_chart(), reference = small_chart();
  x.series[1].x[2] = NAN;  // on a linear axis
  CHECK(contains(error_of(x), "series \"slow\": x[2] is nan"));
  reference.reference = Reference{NAN, "base"};
  CHECK(contains(error_of(reference), "reference \"base\""));
  CHECK(error_of(small_chart()).empty());
}

TEST_CASE("chart: series of unequal lengths are refused by name") {
  LineChart chart = small_chart();
  chart.series[0].mean.pop_back();
  CHECK(contains(error_of(chart), "\"fast\": 5 x but 4 values of mean"));
  chart = small_chart();
  chart.series[1].seeds[1].push_back(1);
  CHECK(contains(error_of(chart), "\"slow\""));
  chart = small_chart();
  chart.series[1].lo = chart.series[1].mean;
  CHECK(contains(error_of(chart), "\"slow\": a band needs both"));
  chart = small_chart();
  chart.series[0].x[1] = 0;
  CHECK(contains(error_of(chart), "\"fast\": x[1]"));
  chart.series.clear();
  CHECK(contains(error_of(chart), "no series"));
}

TEST_CASE("chart: a seed that stopped early is drawn as far as it went") {
  LineChart chart = small_chart();
  chart.series[1].seeds[1].resize(3);
  CHECK(lines_of(draw(chart), series_colour(1), 1).at(1).points.size() == 3);
}

TEST_CASE("chart: a reference line lies at its value and carries its label") {
  LineChart chart = small_chart();
  chart.reference = Reference{0.1, "base rate"};
  const DrawList list = draw(chart);
  std::vector<Polyline> dashed = all<Polyline>(list);
  std::erase_if(dashed, [](const Polyline& l) { return l.dash == 0; });
  REQUIRE(dashed.size() == 1);
  CHECK(dashed[0].points[0].y == doctest::Approx(lines_of(list, series_colour(0), 2.4).at(0).points[2].y));
  CHECK(text_of(list, "base rate").at.x > dashed[0].points[1].x);
}

TEST_CASE("chart: more series than colours differ by dashes") {
  LineChart chart = small_chart();
  for (int i = 0; i < 8; ++i) {
    chart.series.push_back(chart.series[0]);
    chart.series.back().label += std::to_string(i);
  }
  const auto lines = lines_of(draw(chart), series_colour(0), 2.4);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].dash == 0);
  CHECK(lines[1].dash > 0);
}

TEST_CASE("chart: points stand for values error bars for intervals small dots beside them for runs") {
  LineChart chart = small_chart();
  chart.series = {{.label = "a",
                   .x = {1, 10},
                   .mean = {0.1, 0.2},
                   .dots = {{0.05, 0.15, 0.16}, {0.3}},
                   .lo = {0.04, 0.1},
                   .hi = {0.2, 0.4},
                   .points = true}};
  chart.x = {.scale = Scale::log, .at = {1, 10}};
  const DrawList list = draw(chart);
  const std::vector<Point> mean = lines_of(list, series_colour(0), 2.4).at(0).points;
  const std::vector<Polyline> bars = lines_of(list, series_colour(0), 1.6);
  REQUIRE(bars.size() == 6);  // two bars, each with two ends
  CHECK(bars[0].points[0].x == mean[0].x);
  CHECK((bars[0].points[0].y > mean[0].y && bars[0].points[1].y < mean[0].y));
  std::vector<Circle> dots = all<Circle>(list);
  std::erase_if(dots, [](const Circle& c) { return c.alpha == 1; });
  REQUIRE(dots.size() == 4);
  CHECK((dots[0].centre.x > mean[0].x && dots[2].centre.x == dots[0].centre.x));
  CHECK(dots[0].centre.y > mean[0].y);
  CHECK(dots[3].centre.x > mean[1].x);
  CHECK(all<Circle>(list).size() == 6);
  check_texts_are_readable(list);
}

TEST_CASE(
    "chart: a second scale above the plot lies over the same x and leaves out labels that would touch") {
  LineChart chart = small_chart();
  chart.top = TopAxis{"FLOPs", {{0, "zero"}, {2000, "middle"}, {2040, "hidden"}, {4000, "end"}}};
  const DrawList list = draw(chart);
  check_texts_are_readable(list);
  CHECK(text_of(list, "middle").at.x ==
        doctest::Approx(lines_of(list, series_colour(0), 2.4).at(0).points[2].x));
  CHECK(text_of(list, "FLOPs").at.y < text_of(list, "middle").at.y);
  for (const Text& text : all<Text>(list)) CHECK(text.text != "hidden");
}

TEST_CASE("chart: aligned charts have their plots at the same place") {
  std::vector<LineChart> charts{small_chart(), small_chart()};
  charts[0].y.label.clear();
  charts[1].series[0].label = "a longer name";
  const auto ends = [&](const LineChart& chart) {
    const std::vector<Point> line = lines_of(draw(chart), series_colour(0), 2.4).at(0).points;
    return std::pair{line.front().x, line.back().x};
  };
  CHECK(ends(charts[0]) != ends(charts[1]));
  align(charts);
  CHECK(ends(charts[0]) == ends(charts[1]));
}

TEST_CASE("chart: stacked areas lie on one another and end at their sum") {
  const std::vector<Series> areas = stacked({1, 2}, {"a", "b"}, {{0.1, 0.2}, {0.3, 0.5}});
  REQUIRE(areas.size() == 2);
  CHECK(areas[0].lo == std::vector<double>{0, 0});
  CHECK(areas[1].lo == areas[0].hi);
  CHECK(areas[1].hi == std::vector<double>{0.1 + 0.3, 0.2 + 0.5});
  CHECK_THROWS_WITH_AS(stacked({1, 2}, {"a", "b"}, {{1, 1}, {1}}), doctest::Contains("\"b\""), UsageError);
  CHECK_THROWS_AS(stacked({1}, {"a"}, {}), UsageError);
  LineChart chart = small_chart();
  chart.y = {.lo = 0};
  chart.series = areas;
  chart.x = {};
  const DrawList list = draw(chart);
  std::vector<Polygon> bands = all<Polygon>(list);
  REQUIRE(bands.size() == 2);
  const double middle = (bands[1].points[1].y + bands[1].points[2].y) / 2;  // of the upper area, at its end
  CHECK(text_of(list, "b").at.y == doctest::Approx(middle + 0.36 * label_size));
}

TEST_CASE("chart: a series without a label has no text and one with a width has it") {
  LineChart chart = small_chart();
  const std::size_t texts = all<Text>(draw(chart)).size();
  chart.series[0].label.clear();
  chart.series[0].width = 1.2;
  const DrawList list = draw(chart);
  CHECK(all<Text>(list).size() == texts - 1);
  CHECK(lines_of(list, series_colour(0), 1.2).size() == 1);
}

TEST_CASE("chart: a picture of lines too small for its labels is refused") {
  LineChart chart = small_chart();
  chart.width = 150;
  CHECK(contains(error_of(chart), "no room"));
}
