#include "tasks/report/figures.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/pictures.h"
#include "tasks/plot/chart_frame.h"
#include "tensor/check.h"

using namespace banel;

namespace {

const Rate base{5, 10'000};

// Success of one run after each round, of 1,000 samples.
AttackResult run(const std::vector<int>& successes) {
  AttackResult result;
  for (int k : successes) {
    RoundRecord r;
    r.nre = 250 * (std::ssize(result.rounds) + 1);
    r.success = {k, 1000};
    r.success_leading_zero = {k / 2, 1000};
    r.success_carry = {k / 4, 1000};
    r.success_other = {k - k / 2 - k / 4, 1000};
    r.valid = {900, 1000};
    r.distinct = {500, 1000};
    r.entropy = 10;
    r.surprise = 20;
    result.rounds.push_back(r);
  }
  return result;
}

MethodRuns method(const std::string& name, const std::vector<std::vector<int>>& seeds) {
  MethodRuns m{name, {}};
  for (const auto& seed : seeds) m.runs.push_back(run(seed));
  return m;
}

std::vector<MethodRuns> three() {
  return {method("banel", {{10, 100, 500, 900}, {20, 300, 700, 1000}}), method("tail", {{1, 10, 20, 30}, {2, 8, 22, 34}}),
          method("random", {{1, 2, 0, 4}, {3, 1, 2, 6}})};
}

std::vector<MethodRuns> sixteen() {
  std::vector<MethodRuns> methods = three();
  for (const char* name : {"banel-paper", "oracle-free", "rnd", "count"}) methods.push_back(method(name, {{1, 2, 3, 0}, {3, 2, 1, 2}}));
  for (int i = 0; i < 9; ++i) methods.push_back(method("control-" + std::to_string(i), {{1, 2, 3, 10 + i}}));
  return methods;
}

bool shows(const DrawList& list, const std::string& words) {
  const std::vector<Text> texts = all<Text>(list);
  return std::any_of(texts.begin(), texts.end(), [&](const Text& t) { return contains(t.text, words); });
}

std::vector<ScalingPoint> scaling_points() {
  std::vector<ScalingPoint> points;
  for (double epochs : {1, 2, 3, 5, 10, 20, 50, 100})
    points.push_back({epochs, 3.1e11 * epochs, {epochs, 2 * epochs, 3 * epochs}, {2, 2.1, 1.9}, {2.2, 2.3, 2.1}});
  return points;
}

const QuotedCurve quoted{"paper, other target", {1, 10, 100}, {4, 90, 73}};

}  // namespace

TEST_CASE("figures: success ends at the mean over seeds and starts at the pre-trained attacker") {
  const DrawList list = success_figure(three(), base, {"note", false});
  const std::vector<Polyline> strong = lines_of(list, series_colour(0), 3.4);
  REQUIRE(strong.size() == 1);
  REQUIRE(strong[0].points.size() == 5);
  const Polyline dashed = [&] {
    for (const Polyline& l : all<Polyline>(list))
      if (l.dash > 0) return l;
    return Polyline{};
  }();
  REQUIRE(dashed.points.size() == 2);
  CHECK(strong[0].points[0].y == doctest::Approx(dashed.points[0].y));
  // On a log axis from 5e-4 to the mean of 0.9 and 1, 0.95: compare with one decade, the way from 10 % to 100 %.
  const double decade = text_of(list, "10 %").at.y - text_of(list, "100 %").at.y;
  CHECK(strong[0].points[0].y - strong[0].points[4].y == doctest::Approx(decade * std::log10(0.95 / 5e-4)));
  CHECK(lines_of(list, series_colour(0), 1).size() == 2);  // every seed
  CHECK(lines_of(list, series_colour(3), 1).empty());      // of a control only the mean
  CHECK(lines_of(list, series_colour(3), 1.8).size() == 1);
}

TEST_CASE("figures: with many methods eight curves are labelled and the footer names the others") {
  const DrawList list = success_figure(sixteen(), base, {"note", false});
  check_texts_are_readable(list);
  std::size_t labels = 0;
  for (const MethodRuns& m : sixteen())
    for (const Text& text : all<Text>(list)) labels += text.text == m.name;
  CHECK(labels == 8);
  for (const char* name : {"banel", "banel-paper", "oracle-free", "tail", "rnd", "count", "control-8", "control-7"}) text_of(list, name);
  CHECK(shows(list, "control-6, control-5, control-4"));
  CHECK(shows(list, "note"));
}

TEST_CASE("figures: a method of a single round is a dot and not a rise") {
  const MethodRuns once = method("memory", {{7}, {9}});
  const DrawList list = success_figure({once}, base, {});
  REQUIRE(all<Circle>(list).size() == 1);
  CHECK(lines_of(list, {150, 150, 150}, 1.2).at(0).points.size() == 1);
}

TEST_CASE("figures: a run that ended early keeps its last value") {
  MethodRuns m = method("banel", {{10, 100}, {10, 100, 100, 100}});
  const std::vector<Point> mean = lines_of(success_figure({m}, base, {}), series_colour(0), 3.4).at(0).points;
  REQUIRE(mean.size() == 5);
  CHECK(mean[4].y == doctest::Approx(mean[2].y));
}

TEST_CASE("figures: a quick run says so in every title") {
  const Provenance quick{"note", true};
  const std::vector<DrawList> lists{success_figure(three(), base, quick), bars_figure(three(), base, {}, quick), collapse_figure(three(), quick),
                                    modes_figure(three(), quick), scaling_figure(scaling_points(), {}, quoted, quick),
                                    toy1d_figure({-1, 0, 1}, {1}, {{{0.2, 0.6, 0.2}, {1}, {0.1, 0.8, 0.1}, {0.5, 0, 0.5}}}, quick)};
  for (const DrawList& list : lists) {
    CHECK(shows(list, "QUICK RUN"));
    check_texts_are_readable(list);
  }
}

TEST_CASE("figures: bars go from the best to the worst and carry the paper's figures") {
  const DrawList list = bars_figure(sixteen(), base, {{"banel-paper", 0.1112}, {"absent", 0.5}}, {"note", false});
  check_texts_are_readable(list);
  CHECK(text_of(list, "banel").at.y < text_of(list, "tail").at.y);
  CHECK(text_of(list, "tail").at.y < text_of(list, "count").at.y);
  CHECK(shows(list, "95.0 %  (90.0–100)"));
  std::vector<Polygon> diamonds = all<Polygon>(list);
  std::erase_if(diamonds, [](const Polygon& p) { return p.colour != black; });
  CHECK(diamonds.size() == 1);
}

TEST_CASE("figures: bars have room for a single method in a quick run") {
  check_texts_are_readable(bars_figure({three()[0]}, base, {}, {"note", true}));
}

TEST_CASE("figures: collapse has a panel each for validity difference entropy and surprise one below the other") {
  const DrawList list = collapse_figure(three(), {"note", false});
  check_texts_are_readable(list);
  const auto lines = lines_of(list, series_colour(0), 2.4);
  REQUIRE(lines.size() == 4);
  for (const Polyline& line : lines) CHECK(line.points[3].x == doctest::Approx(lines[0].points[3].x));
  CHECK(text_of(list, "valid strings").at.y < lines[0].points[0].y);
  CHECK(lines[0].points[0].y < text_of(list, "different strings among the samples").at.y);
  CHECK(lines[1].points[0].y < text_of(list, "entropy, nats per string").at.y);
  CHECK(lines[2].points[0].y < text_of(list, "surprise to the pre-trained attacker, nats per string").at.y);
}

TEST_CASE("figures: failure modes add up to the success rate") {
  const DrawList list = modes_figure({three()[0]}, {});
  std::vector<Polygon> areas = all<Polygon>(list);
  REQUIRE(areas.size() == 3);
  const double zero = areas[0].points.back().y, top = areas[2].points[3].y, whole = text_of(list, "100 %").at.y - 0.36 * tick_size;
  CHECK((zero - top) / (zero - whole) == doctest::Approx(0.95));
  for (const char* mode : {"leading zero 48 %", "carry chain 24 %", "other 24 %"}) text_of(list, mode);
}

TEST_CASE("figures: scaling shows every seed and the references as level lines and the quoted curve dashed") {
  const DrawList list = scaling_figure(scaling_points(), {{"rnd", {2, 3}}, {"count", {1, 1.5}}}, quoted, {"note", false});
  check_texts_are_readable(list);
  std::vector<Circle> seeds = all<Circle>(list);
  std::erase_if(seeds, [](const Circle& c) { return c.alpha == 1; });
  CHECK(seeds.size() == 8 * 3);
  const Polyline rnd = lines_of(list, series_colour(4), 1.6).at(0);
  CHECK(rnd.points[0].y == rnd.points[1].y);
  const std::vector<Point> own = lines_of(list, series_colour(0), 2).at(0).points;
  CHECK((rnd.points[0].x == own.front().x && rnd.points[1].x == own.back().x));
  CHECK(lines_of(list, grey, 1.2).at(0).dash > 0);
  CHECK(text_of(list, "3.1·10¹²").at.x == doctest::Approx(own[4].x));
  CHECK_THROWS_AS(scaling_figure({}, {}, quoted, {}), UsageError);
}

TEST_CASE("figures: the panels of scaling line up when the quoted curve goes further") {
  std::vector<ScalingPoint> points = scaling_points();
  points.resize(3);
  const DrawList list = scaling_figure(points, {}, quoted, {});
  const Polyline loss = lines_of(list, series_colour(1), 2).at(0), factors = lines_of(list, series_colour(0), 2).at(0);
  for (std::size_t i = 0; i < 3; ++i) CHECK(loss.points[i].x == doctest::Approx(factors.points[i].x));
}

TEST_CASE("figures: seeds that found nothing do not stretch the scaling axis") {
  std::vector<ScalingPoint> points = scaling_points();
  points[0].factors = {0, 0, 0};
  const DrawList list = scaling_figure(points, {}, quoted, {});
  check_texts_are_readable(list);
  text_of(list, "0");
  CHECK_FALSE(shows(list, "0.5"));
}

TEST_CASE("figures: the one-dimensional illustration has a panel for every step and marks the rewarded places") {
  const Toy1dStep step{{0.1, 0.2, 0.4, 0.2, 0.1}, {2, 2, 4}, {0.1, 0.1, 0.6, 0.1, 0.1}, {0.5, 0, 0, 0, 0.5}};
  const DrawList list = toy1d_figure({-2, -1, 0, 1, 2}, {-2, 2}, {step, step, step, step}, {"note", false});
  check_texts_are_readable(list);
  for (int i = 1; i <= 4; ++i) text_of(list, "step " + std::to_string(i));
  CHECK(lines_of(list, series_colour(2), 1.5).size() == 2 * 4);
  std::vector<Circle> rewarded = all<Circle>(list);
  CHECK(rewarded.size() == 3 * 4);
  std::erase_if(rewarded, [](const Circle& c) { return c.colour != series_colour(2); });
  CHECK(rewarded.size() == 4);
  CHECK_THROWS_AS(toy1d_figure({-2, 2}, {2}, {}, {}), UsageError);
}

TEST_CASE("figures: methods without runs or rounds are refused by name") {
  MethodRuns empty = method("banel", {});
  CHECK_THROWS_WITH_AS(success_figure({empty}, base, {}), doctest::Contains("banel"), UsageError);
  empty = method("tail", {{}});
  CHECK_THROWS_WITH_AS(bars_figure({empty}, base, {}, {}), doctest::Contains("tail"), UsageError);
  CHECK_THROWS_AS(collapse_figure({}, {}), UsageError);
}
