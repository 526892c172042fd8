#include "tasks/plot/panels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "tensor/check.h"
#include "tests/support/pictures.h"

using namespace banel;

namespace {

// Two panels over x = 10, 1, 0.1, which runs from high to low. "b" of the first panel fails at 0.1.
Panels small_picture() {
  Panels picture;
  picture.captions = {"Title", "Subtitle", "Footer"};
  picture.x = {.label = "expected successes", .scale = Scale::log, .at = {10, 1, 0.1}, .reversed = true};
  picture.y = {.label = "success rate", .scale = Scale::log, .lo = 1e-3, .hi = 1};
  const PanelSeries a{"a", {{10, 0.5, {0.4, 0.6}, Interval{0.3, 0.7}}, {1, 0.2, {0.2}}, {0.1, 0.1, {0.1}}}};
  const PanelSeries b{"b",
                      {{10, 0.05, {0.05}}, {1, 0.02, {0.02}}, {0.1, 0, {0, 0, 0.01}, Interval{0, 0.01}}}};
  picture.panels = {{"left", {a, b}}, {"right", {a}}};
  return picture;
}

std::string error_of(const Panels& picture) {
  try {
    draw(picture);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::vector<Circle> dots(const DrawList& list, Colour colour, bool faint) {
  std::vector<Circle> out = all<Circle>(list);
  std::erase_if(out, [&](const Circle& c) { return c.colour != colour || (c.alpha < 1) != faint; });
  return out;
}

}  // namespace

TEST_CASE("panels: every run is a faint dot and the estimates are joined by a line") {
  const DrawList list = draw(small_picture());
  const auto lines = lines_of(list, series_colour(0), 1.8);
  REQUIRE(lines.size() == 2);  // one in each panel
  CHECK(lines[0].points.size() == 3);
  const auto runs = dots(list, series_colour(0), true), estimates = dots(list, series_colour(0), false);
  REQUIRE(runs.size() == 8);
  REQUIRE(estimates.size() == 6);
  CHECK(estimates[0].centre.y == doctest::Approx(lines[0].points[0].y));
  CHECK(runs[0].centre.x == doctest::Approx(estimates[0].centre.x));
  CHECK(runs[0].centre.y > estimates[0].centre.y);  // 0.4 lies below 0.5
  CHECK(runs[1].centre.y < estimates[0].centre.y);
  CHECK(dots(list, series_colour(1), true).size() == 5);
}

TEST_CASE("panels: an interval is a thin bar from lo to hi and may be missing") {
  const DrawList list = draw(small_picture());
  const auto bars = lines_of(list, series_colour(0), 1.2);
  REQUIRE(bars.size() == 2);
  const auto runs = dots(list, series_colour(0), true);
  CHECK(bars[0].points[0].x == doctest::Approx(runs[0].centre.x));
  CHECK(bars[0].points[0].y > runs[0].centre.y);
  CHECK(bars[0].points[1].y < runs[1].centre.y);
}

TEST_CASE("panels: zeros lie on a marked line below every positive value") {
  const DrawList list = draw(small_picture());
  const double zero = lines_of(list, series_colour(1), 1.8).at(0).points.back().y;
  std::size_t at_zero = 0;
  for (const Circle& dot : dots(list, series_colour(1), true)) {
    CHECK(dot.centre.y <= zero);
    at_zero += dot.centre.y == zero;
  }
  CHECK(at_zero == 2);
  CHECK(text_of(list, "0").at.y == doctest::Approx(zero + 0.36 * tick_size));
  CHECK(text_of(list, "0.001").at.y < zero);
  std::size_t zero_lines = 0;
  for (const Polyline& line : lines_of(list, grey, 1)) zero_lines += line.points[0].y == zero;
  CHECK(zero_lines == 2);
  Panels positive = small_picture();
  positive.panels.erase(positive.panels.begin());
  for (const Text& text : all<Text>(draw(positive))) CHECK(text.text != "0");
}

TEST_CASE("panels: all panels have the same axes and only the first of a row labels the y axis") {
  Panels picture = small_picture();
  const DrawList row = draw(picture);
  const auto lines = lines_of(row, series_colour(0), 1.8);
  for (std::size_t i = 0; i < 3; ++i) CHECK(lines[0].points[i].y == doctest::Approx(lines[1].points[i].y));
  const auto count = [](const DrawList& list, const std::string& words) {
    const auto texts = all<Text>(list);
    return std::ranges::count_if(texts, [&](const Text& text) { return text.text == words; });
  };
  CHECK(count(row, "0.01") == 1);
  CHECK(count(row, "10") == 2);  // of the x axis
  CHECK(count(row, "expected successes") == 1);
  CHECK(count(row, "success rate") == 1);
  picture.columns = 1;
  picture.height = 700;
  const DrawList column = draw(picture);
  CHECK(count(column, "0.01") == 2);
  CHECK(text_of(column, "left").at.x == text_of(column, "right").at.x);
  CHECK(text_of(column, "left").at.y < text_of(column, "right").at.y);
}

TEST_CASE("panels: axes without bounds reach every run and every end of an interval") {
  Panels picture = small_picture();
  picture.y = {.label = "success rate"};
  PanelSeries& a = picture.panels[0].series[0];
  a.points[0].runs = {-5, 30};
  a.points[1].interval = Interval{-20, 8};
  const DrawList list = draw(picture);
  const auto dots_of_a = dots(list, series_colour(0), true);
  const auto bars = lines_of(list, series_colour(0), 1.2);
  CHECK(dots_of_a[1].centre.y > text_of(list, "left").at.y);
  CHECK(dots_of_a[1].centre.y < dots_of_a[0].centre.y);
  double lowest = 0;  // of the panel's frame
  for (const Polyline& line : lines_of(list, black, 1))
    for (const Point& point : line.points) lowest = std::max(lowest, point.y);
  for (const Polyline& bar : bars) CHECK(bar.points[0].y <= lowest);
  CHECK(dots_of_a[0].centre.y <= lowest);
}

TEST_CASE("panels: a reversed axis starts with its largest value and lines end at the smallest") {
  Panels picture = small_picture();
  std::ranges::reverse(picture.panels[0].series[0].points);  // the order of the points does not matter
  const DrawList list = draw(picture);
  CHECK(text_of(list, "10").at.x < text_of(list, "1").at.x);
  const auto line = lines_of(list, series_colour(0), 1.8).at(0);
  CHECK(line.points[0].x < line.points[1].x);
  CHECK(line.points[0].y < line.points[2].y);  // 0.5 at x = 10 lies above 0.1 at x = 0.1
  picture.x.reversed = false;
  const DrawList forward = draw(picture);
  CHECK(text_of(forward, "10").at.x > text_of(forward, "1").at.x);
}

TEST_CASE("panels: series at one x stand beside one another in the order given") {
  Panels picture = small_picture();
  picture.panels.resize(1);
  const DrawList list = draw(picture);
  const auto a = lines_of(list, series_colour(0), 1.8).at(0), b = lines_of(list, series_colour(1), 1.8).at(0);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(b.points[i].x - a.points[i].x > 1);
    CHECK(b.points[i].x - a.points[i].x < 10);
  }
}

TEST_CASE("panels: texts neither overlap nor leave the picture when eight lines end at one place") {
  for (double end : {0.0, 0.001, 1.0})
    for (std::size_t columns : {0u, 2u}) {
      Panels picture = small_picture();
      picture.panels.clear();
      for (const char* heading : {"tail", "bulk", "beside"}) {
        PanelPlot panel{heading, {}};
        for (const char* label :
             {"banel", "grpo", "policy gradient", "counts", "rnd", "rules", "random", "prior"})
          panel.series.push_back({label, {{10, 0.01}, {0.1, end}}});
        picture.panels.push_back(panel);
      }
      picture.columns = columns;
      if (columns > 0) picture.height = 700;
      const DrawList list = draw(picture);
      check_texts_are_readable(list);
      text_of(list, "policy gradient");
      // The last series has the first colour and differs by its dashes.
      CHECK(lines_of(list, series_colour(0), 1.8).at(1).dash > 0);
    }
}

TEST_CASE("panels: labels of an axis that would touch are left out at equal steps") {
  Panels picture = small_picture();
  picture.width = 480;
  picture.x.at = {30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01};
  const DrawList list = draw(picture);
  check_texts_are_readable(list);
  std::set<std::string> shown;
  for (const Text& text : all<Text>(list)) shown.insert(text.text);
  CHECK(shown.contains("0.01"));
  CHECK_FALSE(shown.contains("0.03"));
  CHECK(shown.contains("1") != shown.contains("0.3"));
}

TEST_CASE("panels: what cannot be drawn is refused with the names of panel and series") {
  const std::string owner = "panel \"left\", series \"b\"";
  const auto error_with = [](auto change) {
    Panels picture = small_picture();
    change(picture.panels[0].series[1].points);
    return error_of(picture);
  };
  using Points = std::vector<PanelPoint>;
  CHECK(contains(error_with([](Points& p) { p.clear(); }), owner + " has no points"));
  CHECK(contains(error_with([](Points& p) { p[1].x = 10; }), owner + ": x = 10 stands twice"));
  CHECK(contains(error_with([](Points& p) { p[1].x = 0; }), owner + ": x is 0"));
  CHECK(contains(error_with([](Points& p) { p[1].runs[0] = -1; }), owner + ": runs[0] is -1"));
  CHECK(contains(error_with([](Points& p) { p[1].estimate = NAN; }), owner + ": estimate[0] is nan"));
  CHECK(contains(error_with([](Points& p) { p[2].interval = Interval{0.1, 0}; }), owner + ": the interval"));
  Panels picture = small_picture();
  picture.panels[0].series.resize(9, picture.panels[0].series[0]);
  CHECK(contains(error_of(picture), "panel \"left\" has 9 series"));
  picture.panels.clear();
  CHECK(contains(error_of(picture), "no panels"));
  picture = small_picture();
  picture.width = 300;
  CHECK(contains(error_of(picture), "no room"));
}
