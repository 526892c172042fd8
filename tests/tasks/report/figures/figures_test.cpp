#include "tasks/report/figures/figures.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tasks/plot/chart_frame.h"
#include "tensor/check.h"
#include "tests/support/pictures.h"
#include "tests/support/tiny/made_results.h"

using namespace banel;

namespace {

std::vector<Run> runs_of(const std::string& variant, const std::vector<std::vector<int>>& seeds) {
  std::vector<Run> runs;
  for (const auto& seed : seeds) runs.push_back(made_run(variant, runs.size() + 1, seed));
  return runs;
}

std::vector<Run> three() {
  return runs_of("first", {{10, 100, 500, 900}, {20, 300, 700, 1000}}) +
         runs_of("second", {{1, 10, 20, 30}, {2, 8, 22, 34}}) +
         runs_of("third", {{1, 2, 0, 4}, {3, 1, 2, 6}});
}

// The first seven are called a to g; h to p are the better the later.
std::vector<Run> sixteen() {
  std::vector<Run> runs;
  for (char name = 'a'; name <= 'p'; ++name)
    runs = runs + runs_of("variant " + std::string(1, name), {{1, 2, 3, 10 + name}, {1, 2, 3, 12 + name}});
  return runs;
}

DrawList figure(const std::string& name, const Results& results, const Registry& registry = {}) {
  return figures({name}, results, table_of(results, registry)).at(0).picture;
}

DrawList figure(const std::string& name, const std::vector<Run>& runs) {
  return figure(name, made_results(runs));
}

}  // namespace

TEST_CASE("figures: success ends at the mean over seeds and starts at the base rate") {
  const DrawList list = figure("success", three());
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
  // On a log axis from 5e-4 to the mean of 0.9 and 1, 0.95: compare with the decade from 10 % to 100 %.
  const double decade = text_of(list, "10 %").at.y - text_of(list, "100 %").at.y;
  CHECK(strong[0].points[0].y - strong[0].points[4].y == doctest::Approx(decade * std::log10(0.95 / 5e-4)));
  CHECK(lines_of(list, series_colour(0), 1).size() == 2);  // every seed
}

TEST_CASE("figures: colours follow the study's order and not the names") {
  Results results = made_results(three());
  results.variants = {"third", "first", "second"};
  const DrawList list = figure("success", results);
  const double third = lines_of(list, series_colour(0), 3.4).at(0).points.back().y;  // ends at 0.005
  const double first = lines_of(list, series_colour(1), 1.8).at(0).points.back().y;  // ends at 0.95
  const double decade = text_of(list, "10 %").at.y - text_of(list, "100 %").at.y;
  CHECK(third - first == doctest::Approx(decade * std::log10(0.95 / 0.005)));
}

TEST_CASE("figures: with many variants eight curves are labelled and the footer names the others") {
  const DrawList list = figure("success", sixteen());
  check_texts_are_readable(list);
  std::size_t labels = 0;
  for (char name = 'a'; name <= 'p'; ++name)
    for (const Text& text : all<Text>(list)) labels += text.text == "variant " + std::string(1, name);
  CHECK(labels == 8);
  for (char name : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'p'}) text_of(list, "variant " + std::string(1, name));
  CHECK(shows(list, "variant o, variant n, variant m"));
  CHECK(shows(list, "note"));
}

TEST_CASE("figures: a variant of a single round is a dot and not a rise") {
  const DrawList list = figure("success", runs_of("memory", {{7}, {9}}));
  CHECK(lines_of(list, series_colour(0), 3.4).at(0).points.size() == 1);
}

TEST_CASE("figures: a run that ended early keeps its last value") {
  const DrawList list = figure("success", runs_of("first", {{10, 100}, {10, 100, 100, 100}}));
  const std::vector<Point> mean = lines_of(list, series_colour(0), 3.4).at(0).points;
  REQUIRE(mean.size() == 5);
  CHECK(mean[4].y == doctest::Approx(mean[2].y));
}

TEST_CASE("figures: readings at other evaluations are interpolated") {
  std::vector<Run> runs = runs_of("first", {{100, 100, 100}, {100, 300}});
  runs[1].log.rounds[0].nre = 250;
  runs[1].log.rounds[1].nre = 750;  // 0.2 at 500 evaluations
  const std::vector<Point> mean = lines_of(figure("success", runs), series_colour(0), 3.4).at(0).points;
  const double ratio = (mean[0].y - mean[2].y) / (mean[0].y - mean[1].y);
  CHECK(ratio == doctest::Approx(std::log10(0.15 / 5e-4) / std::log10(0.1 / 5e-4)));
}

TEST_CASE("figures: a quick run says so in every title") {
  Results results = made_results(three());
  results.quick = true;
  for (const char* name : {"success", "instances", "bars", "collapse", "modes", "information"}) {
    const DrawList list = figure(name, results);
    CHECK(shows(list, "QUICK RUN"));
    check_texts_are_readable(list);
  }
}

TEST_CASE("figures: bars go from the best to the worst and carry the paper's figures") {
  Registry registry;
  registry.methods = {{"second", "", {}, {}, PaperFigure{"made", 0.1112, 278}}};
  const DrawList list = figure("bars", made_results(three()), registry);
  check_texts_are_readable(list);
  CHECK(text_of(list, "first").at.y < text_of(list, "second").at.y);
  CHECK(text_of(list, "second").at.y < text_of(list, "third").at.y);
  CHECK(shows(list, "95.0 %  (90.0–100)"));
  std::vector<Polygon> diamonds = all<Polygon>(list);
  std::erase_if(diamonds, [](const Polygon& p) { return p.colour != black; });
  CHECK(diamonds.size() == 1);
}

TEST_CASE("figures: instances has a chart for each with a band and says what the band is") {
  std::vector<Run> runs = three();
  for (Run& run : runs) run.row.instance = run.row.seed;  // two instances, one seed
  const DrawList list = figure("instances", runs);
  check_texts_are_readable(list);
  for (const char* text : {"instance 1", "instance 2", "first", "third", "Clopper"}) CHECK(shows(list, text));
  CHECK(lines_of(list, series_colour(0), 2.4).size() == 2);
  const auto bands = all<Polygon>(list);
  CHECK(std::ranges::count(bands, series_colour(0), &Polygon::colour) == 2);
  const auto lines = all<Polyline>(list);
  CHECK(std::ranges::count_if(lines, [](const Polyline& l) { return l.dash > 0; }) == 2);  // base rates
  for (Run& run : runs)
    for (RoundRecord& round : run.log.rounds) round.measured->exact = Estimate{0.1, 0.01};
  CHECK(shows(figure("instances", runs), "two standard errors"));
}

TEST_CASE("figures: information compares the logarithm of what was gained with the entropy of the verdicts") {
  // Gained: log 1, log 4, log 16, at a base rate of 1/64. Rewards: 0 of 250, 1 of 10, half of 250.
  std::vector<Run> runs = runs_of("first", {{16, 62, 250}});
  Run& run = runs[0];
  run.row.base = {1.0 / 64, 0.01, 0.02, 10'000};
  run.log.rounds[0].measured->success = {1, 64};
  run.log.rounds[1].measured->success = {4, 64};
  run.log.rounds[2].measured->success = {16, 64};
  run.log.rounds[1].submitted = 10;
  run.log.rounds[1].positives = 1;
  run.log.rounds[2].positives = 125;
  const DrawList list = figure("information", runs);
  check_texts_are_readable(list);
  for (const char* text : {"bought", "gained", "first"}) CHECK(shows(list, text));
  const std::vector<Polyline> gained = lines_of(list, series_colour(0), 2.4);
  std::vector<Polyline> bought = all<Polyline>(list);
  std::erase_if(bought, [](const Polyline& l) { return l.dash == 0; });
  REQUIRE(gained.size() == 1);
  REQUIRE(bought.size() == 1);
  const auto& g = gained[0].points;
  const auto& b = bought[0].points;
  REQUIRE(g.size() == 4);
  REQUIRE(b.size() == 4);
  const double nothing = g[0].y, log4 = g[1].y - g[2].y;
  CHECK(g[1].y == doctest::Approx(nothing));
  CHECK(g[2].y - g[3].y == doctest::Approx(log4));
  CHECK(b[0].y == doctest::Approx(nothing));
  CHECK(b[1].y == doctest::Approx(nothing));
  const double entropy = -std::log(0.1) - 9 * std::log(0.9);
  CHECK((nothing - b[2].y) / log4 == doctest::Approx(entropy / std::log(4)));
  CHECK((nothing - b[3].y) / log4 == doctest::Approx(3));  // log 64 is all there is to gain
  run.row.base.value = 0;
  CHECK_THROWS_WITH_AS(figure("information", runs), doctest::Contains("no gain has a logarithm"), UsageError);
}

TEST_CASE("figures: information adds up the verdicts of all readings and of rounds without one") {
  std::vector<Run> runs = runs_of("first", {{1, 1, 1}});
  Run& run = runs[0];
  run.row.base = {1e-9, 5e-10, 2e-9, 1'000'000'000};  // there is more to gain than is bought
  run.log.rounds[0].measured.reset();
  for (std::size_t i : {0u, 1u, 2u}) {
    run.log.rounds[i].submitted = i == 2 ? 20 : 10;
    run.log.rounds[i].positives = i == 2 ? 2 : 1;
  }
  std::vector<Polyline> bought = all<Polyline>(figure("information", runs));
  std::erase_if(bought, [](const Polyline& l) { return l.dash == 0; });
  REQUIRE(bought.size() == 1);
  const auto& b = bought[0].points;
  REQUIRE(b.size() == 3);
  CHECK(b[0].y > b[1].y);
  CHECK(b[0].y - b[2].y == doctest::Approx(2 * (b[0].y - b[1].y)));  // 2 of 20 verdicts and 2 of 20 more
}

TEST_CASE("figures: information counts no success as no gain and cuts no gain") {
  std::vector<Run> runs = runs_of("first", {{0, 0}, {0, 1000}});
  for (Run& run : runs) run.row.instance = run.row.seed;
  runs[0].row.base = {1e-5, 5e-6, 2e-5, 1'000'000};  // 0 of 1,000 samples says nothing about it
  runs[1].row.base = {std::exp(-4.0), 0.01, 0.03, 10'000};
  const DrawList list = figure("information", runs);
  const auto g = lines_of(list, series_colour(0), 2.4).at(0).points;
  REQUIRE(g.size() == 3);
  const double down = (std::log(0.5e-3) + 4) / 2, up = 4.0 / 2;  // means with a run at none
  CHECK((g[0].y - g[2].y) / (g[0].y - g[1].y) == doctest::Approx(up / down));
}

TEST_CASE("figures: bars have room for a single variant") {
  check_texts_are_readable(figure("bars", runs_of("first", {{5}})));
}

TEST_CASE(
    "figures: collapse has a chart each for validity difference entropy and surprise one below the other") {
  const DrawList list = figure("collapse", three());
  check_texts_are_readable(list);
  const auto lines = lines_of(list, series_colour(0), 2.4);
  REQUIRE(lines.size() == 4);
  for (const Polyline& line : lines) CHECK(line.points[3].x == doctest::Approx(lines[0].points[3].x));
  CHECK(text_of(list, "valid strings").at.y < lines[0].points[0].y);
  CHECK(lines[0].points[0].y < text_of(list, "distinct strings among the samples").at.y);
  CHECK(lines[2].points[0].y < text_of(list, "surprise to the prior, nats per string").at.y);
}

TEST_CASE("figures: collapse leaves out what no run has and names the variants it has no colour for") {
  std::vector<Run> runs = sixteen();
  for (Run& run : runs)
    for (RoundRecord& round : run.log.rounds) round.measured->surprise.reset();
  const DrawList list = figure("collapse", runs);
  CHECK_FALSE(shows(list, "surprise"));
  CHECK(shows(list, "Not shown: variant h, variant i"));
}

TEST_CASE("figures: modes add up to the success rate") {
  const DrawList list = figure("modes", runs_of("first", {{10, 100, 500, 900}, {20, 300, 700, 1000}}));
  std::vector<Polygon> areas = all<Polygon>(list);
  REQUIRE(areas.size() == 2);
  const double zero = areas[0].points.back().y, top = areas[1].points[3].y,
               whole = text_of(list, "100 %").at.y - 0.36 * tick_size;
  CHECK((zero - top) / (zero - whole) == doctest::Approx(0.95));
  for (const char* mode : {"zeros 19 %", "carries 76 %"}) text_of(list, mode);
}

TEST_CASE("figures: a study with several panels has a picture for each") {
  std::vector<Run> tail = three(), bulk = three();
  for (Run& run : tail) run.row.panel = "tail 4e-4";
  for (Run& run : bulk) run.row.panel = "bulk";
  const Results results = made_results(tail + bulk);
  const std::vector<Figure> drawn = figures({"success", "bars"}, results, table_of(results, {}));
  REQUIRE(drawn.size() == 4);
  CHECK(drawn[0].file == "success-tail-4e-4");
  CHECK(drawn[3].file == "bars-bulk");
  CHECK(contains(drawn[0].title, "tail 4e-4"));
}

TEST_CASE("figures: panels whose names differ in signs that no file can have keep a picture each") {
  std::vector<Run> one = three(), other = three();
  for (Run& run : one) run.row.panel = "../1_x";
  for (Run& run : other) run.row.panel = ".. 1_x";
  const Results results = made_results(one + other);
  const std::vector<Figure> drawn = figures({"bars"}, results, table_of(results, {}));
  REQUIRE(drawn.size() == 2);
  CHECK(drawn[0].file == "bars-..-1_x");
  CHECK(drawn[1].file == "bars-..-1_x-2");
}

TEST_CASE("figures: regimes is one picture in which rarer success stands further right") {
  std::vector<Run> often = three(), rare = three(), bulk = three();
  for (Run& run : often) run.row.panel = "tail 4e-3", run.row.base.value = 4e-3;
  for (Run& run : rare) run.row.panel = "tail 4e-5", run.row.base.value = 4e-5;
  for (Run& run : bulk) run.row.panel = "bulk";
  for (auto* runs : {&often, &rare, &bulk})
    for (Run& run : *runs) run.row.settings.insert_or_assign("budget", 2500), run.row.best = 1;
  const Results results = made_results(often + rare + bulk);
  const std::vector<Figure> drawn = figures({"regimes"}, results, table_of(results, {}));
  REQUIRE(drawn.size() == 1);
  CHECK(drawn[0].file == "regimes");
  check_texts_are_readable(drawn[0].picture);
  text_of(drawn[0].picture, "tail");  // the heading of both
  text_of(drawn[0].picture, "bulk");
  CHECK(text_of(drawn[0].picture, "10").at.x < text_of(drawn[0].picture, "0.1").at.x);
  const double first = lines_of(drawn[0].picture, series_colour(0), 1.8).at(0).points.at(0).y,  // 0.95
      third = lines_of(drawn[0].picture, series_colour(2), 1.8).at(0).points.at(0).y;           // 0.005
  const double decade = text_of(drawn[0].picture, "10 %").at.y - text_of(drawn[0].picture, "100 %").at.y;
  CHECK(third - first == doctest::Approx(decade * std::log10(0.95 / 0.005)));
  CHECK(shows(figure("regimes", sixteen()), "Not shown: variant i, variant j"));
  for (Run& run : rare) run.row.base.value = 0;
  const Results partial = made_results(often + rare);
  CHECK(shows(figures({"regimes"}, partial, table_of(partial, {}))[0].picture, "Not shown: tail 4e-5"));
}

TEST_CASE("figures: what cannot be drawn is refused by name") {
  const Results results = made_results(three());
  const Table table = table_of(results, {});
  CHECK_THROWS_WITH_AS(figures({"succes"}, results, table), doctest::Contains("did you mean success"),
                       UsageError);
  CHECK_THROWS_WITH_AS(figures({"bars:m"}, results, table), doctest::Contains("only scaling"), UsageError);
  CHECK_THROWS_WITH_AS(figures({"bars"}, made_results({}), table), doctest::Contains("nothing to draw"),
                       UsageError);
  CHECK_THROWS_WITH_AS(figure("bars", runs_of("first", {{}})), doctest::Contains("without a round"),
                       UsageError);
  CHECK(figures({}, made_results({}), table).empty());
}

TEST_CASE("figures: a variant whose attacks all ended without a round keeps its bar") {
  std::vector<Run> ended = runs_of("ended", {{}, {}});
  for (Run& run : ended) run.row.final = run.row.base.value;
  const std::vector<Run> runs = three() + ended;
  text_of(figure("bars", runs), "ended");
  for (const char* name : {"success", "instances", "collapse", "modes", "information"})
    check_texts_are_readable(figure(name, runs));
}
