#include "tasks/report/table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "nn/io/file.h"
#include "tests/support/tiny/made_results.h"

namespace banel {
namespace {

Registry registry() {
  Registry all;
  all.methods = {{"ours", "ours in one sentence", {}},
                 {"quoted", "one that the paper has", {}, {}, PaperFigure{"made", 0.1, 250}}};
  return all;
}

Table table(const std::vector<Run>& runs) { return table_of(made_results(runs), registry()); }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void check_only_numbers(const std::string& text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"nan", "inf"}) {
    INFO(word << " in:\n" << text);
    CHECK(lower.find(word) == lower.npos);
  }
}

TEST_CASE("means medians deviations and factors are those of the runs") {
  std::vector<Run> runs = runs_with("ours", {0.01, 0.03, 0.08});
  runs[0].row.evaluations = 20;  // it ended early; the others have 60
  const TableRow r = table(runs).rows.at(0);
  CHECK(r.final.mean == doctest::Approx(0.04).epsilon(1e-12));
  CHECK(r.final.median == 0.03);
  CHECK(r.final.deviation == doctest::Approx(std::sqrt((9e-4 + 1e-4 + 16e-4) / 2)).epsilon(1e-12));
  CHECK(r.final.geometric == doctest::Approx(std::cbrt(0.01 * 0.03 * 0.08)).epsilon(1e-12));
  CHECK(r.selected == doctest::Approx(0.08).epsilon(1e-12));
  CHECK(r.best.mean == doctest::Approx(0.12).epsilon(1e-12));
  CHECK(r.factor->value == doctest::Approx(10).epsilon(1e-12));
  CHECK(r.best_factor->value == doctest::Approx(30).epsilon(1e-12));
  CHECK(r.evaluations == 47);
  CHECK(r.flops == 8000);
  CHECK(r.sentence == "ours in one sentence");
}

TEST_CASE("on one instance the interval is the bootstrap over seeds") {
  const std::vector<double> finals{0.01, 0.03, 0.08, 0.02};
  std::vector<Run> runs = runs_with("ours", finals);
  for (Run& run : runs) run.row.base.lo = run.row.base.hi = run.row.base.value;  // exact
  const TableRow r = table(runs).rows.at(0);
  const Interval interval = mean_interval(finals);
  CHECK(r.final.interval.lo == interval.lo);
  CHECK(r.final.interval.hi == interval.hi);
  CHECK(r.factor->interval.lo == doctest::Approx(interval.lo / 0.004).epsilon(1e-12));
}

TEST_CASE("the interval of a factor is as wide as the base rate is uncertain") {
  std::vector<Run> runs = runs_with("ours", {0.4, 0.4, 0.4});
  for (Run& run : runs) run.row.base = {0.004, 0.002, 0.0065, 1000};
  const Factor factor = *table(runs).rows.at(0).factor;
  CHECK(factor.value == doctest::Approx(100));
  CHECK(factor.interval.lo == doctest::Approx(62).epsilon(0.05));
  CHECK(factor.interval.hi == doctest::Approx(186).epsilon(0.05));
  for (Run& run : runs) run.row.base = {0.004, 0, 1, 0};  // not known
  CHECK_FALSE(table(runs).rows.at(0).factor);
}

TEST_CASE("p-values are corrected for the rows of a panel") {
  const Table t = table(runs_with("ours", {0.5, 0.5, 0.5, 0.5, 0.5}) +
                        runs_with("low", {0.1, 0.1, 0.1, 0.1, 0.1}) + runs_with("lower", {0, 0, 0, 0, 0}));
  for (const std::size_t row : {1, 2}) {
    CHECK(t.rows[row].p_final == 2 / 32.0);
    CHECK(t.rows[row].p_distinct == 2 / 32.0);
  }
}

TEST_CASE("an interval over instances is as wide as the instances differ") {
  const TableRow r =
      table(runs_with("ours", {0.1, 0.1, 0.1}, 1) + runs_with("ours", {0.5, 0.5, 0.5}, 2)).rows.at(0);
  CHECK(r.final.mean == doctest::Approx(0.3));
  CHECK(r.final.interval.lo == doctest::Approx(0.1));
  CHECK(r.final.interval.hi == doctest::Approx(0.5));
}

TEST_CASE("a factor is over the base rate of its own instance") {
  const TableRow r = table(runs_with("ours", {0.1}, 1, 0.01) + runs_with("ours", {0.1}, 2, 0.001)).rows.at(0);
  CHECK(r.factor->value == doctest::Approx((10 + 100) / 2.0));
  CHECK(r.base == doctest::Approx(0.0055));
}

TEST_CASE("every row but the first says how surely the first variant ends higher") {
  const Table t =
      table(runs_with("ours", {0.4, 0.6, 0.5, 0.5, 0.5}) + runs_with("random", {0.1, 0.9, 0.3, 0.5, 0.5}));
  CHECK_FALSE(t.rows[0].p_final);
  CHECK(t.rows[0].is_first);
  CHECK(t.rows[1].p_final == 0.5);  // 0.3 - 0.3 + 0.2: half of the sums are at least 0.2
}

TEST_CASE("pairs are the instances and seeds that both variants have and fewer than five show nothing") {
  const std::vector<Run> six = runs_with("ours", {0.4, 0.6, 0.5, 0.5, 0.5, 0.5});
  CHECK(table(six + runs_with("random", {0.1, 0.3, 0.5, 0.5, 0.5})).rows[1].p_final == 0.25);
  CHECK_FALSE(table(six + runs_with("random", {0.1, 0.3, 0.5, 0.5})).rows[1].p_final);
  CHECK_FALSE(table(six + runs_with("random", {0.1, 0.3, 0.5, 0.5, 0.5}, 2)).rows[1].p_final);
}

TEST_CASE("the order is the study's and the first variant is the one it names first") {
  Results results = made_results(runs_with("random", {0.1, 0.2, 0.5, 0.5, 0.5}) +
                                 runs_with("ours", {0.4, 0.6, 0.5, 0.5, 0.5}));
  results.variants = {"ours", "absent", "random"};
  const Table t = table_of(results, registry());
  REQUIRE(t.rows.size() == 2);
  CHECK(t.rows[0].variant == "ours");
  CHECK(t.rows[1].p_final == 0.25);
}

TEST_CASE("a panel has rows of its own and is compared within itself") {
  std::vector<Run> bulk =
      runs_with("ours", {0.9, 0.9, 0.9, 0.9, 0.9}) + runs_with("random", {0.8, 0.8, 0.8, 0.8, 0.8});
  for (Run& run : bulk) run.row.panel = "bulk";
  std::vector<Run> tail =
      runs_with("ours", {0.1, 0.1, 0.1, 0.1, 0.1}) + runs_with("random", {0.2, 0.2, 0.2, 0.2, 0.2});
  for (Run& run : tail) run.row.panel = "tail";
  const Table t = table(bulk + tail);
  REQUIRE(t.rows.size() == 4);
  CHECK(t.rows[1].p_final == 1 / 32.0);
  CHECK(t.rows[3].p_final == 1);
  const std::string md = to_markdown(t);
  CHECK(count(md, "## bulk") == 2);
  check_has(to_terminal(t, 80), "tail: Base rate");
}

TEST_CASE("a method that repeats one success is behind in distinct successes") {
  std::vector<Run> repeats = runs_with("reinforce", {1, 1, 1, 1, 1});
  for (Run& run : repeats) run.row.distinct_success = 1e-4;
  const Table t = table(runs_with("ours", {0.9, 0.9, 0.9, 0.9, 0.9}) + repeats);
  CHECK(t.rows[1].p_final == 1);
  CHECK(t.rows[1].p_distinct == 1 / 32.0);
}

TEST_CASE("over six instances the median factor is told and how many reach ten times the base rate") {
  std::vector<Run> runs = runs_with("ours", {0.125, 0.375}, 1, 0.0625);  // on average 4 times the base rate
  for (const double factor : {1, 2, 10, 12}) {
    const std::uint64_t instance = runs.back().row.instance + 1;
    runs = runs + runs_with("ours", {factor * 0.0625}, instance, 0.0625);
  }
  CHECK(main_table(table(runs)).find("tenfold") == std::string::npos);
  const std::string md = main_table(table(runs + runs_with("ours", {1}, 6, 0.0625)));
  check_has(md, "| median × base (tenfold) | selected: median × base |");
  check_has(md, "| 7.00 (3 of 6) | 14 (3 of 6) |");
}

TEST_CASE("evaluations to one half are the median of the runs that got there") {
  std::vector<Run> runs = runs_with("ours", {0.9, 0.9, 0.9, 0.1});
  runs[0].row.to_half = 250;
  runs[1].row.to_half = 750;
  runs[2].row.to_half = 300;
  const Reached r = table(runs).rows[0].to_half;
  CHECK(r.median == 300);
  CHECK(r.most == 750);
  CHECK(r.reached == 3);
  CHECK(r.runs == 4);
  check_has(main_table(table(runs)), "| 300 (3 of 4) |");
}

TEST_CASE("modes are shares of the distinct successes and of the samples") {
  const TableRow r = table({made_run("ours", 1, {100}), made_run("ours", 2, {0})}).rows.at(0);
  REQUIRE(r.modes.size() == 2);
  CHECK(r.modes[0].samples == doctest::Approx(0.01));  // 0.02 and 0
  CHECK(r.modes[0].distinct == doctest::Approx(0.2));  // of the run that has a success
}

TEST_CASE("second readings have a column each") {
  std::vector<Run> runs = runs_with("ours", {0.4, 0.6});
  runs[0].row.also["text"] = 0.2;
  runs[1].row.also["text"] = 0.4;
  const Table t = table(runs);
  CHECK(t.rows[0].also.at("text") == doctest::Approx(0.3));
  check_has(main_table(t), "| final, text |");
}

TEST_CASE("an attack that ended without a round counts with the base rate and says why") {
  std::vector<Run> runs = runs_with("ours", {0.4, 0.004});
  runs[1].row.ended = "nothing valid could be drawn";
  runs[1].row.distinct.reset();
  runs[1].row.distinct_success.reset();
  const Table t = table(runs);
  CHECK(t.rows[0].final.mean == doctest::Approx(0.202));
  CHECK(t.rows[0].distinct_success == 0.2);
  for (const std::string& text : {main_table(t), to_csv(t), to_terminal(t, 80)}) {
    check_has(text, "nothing valid could be drawn");
    check_only_numbers(text);
  }
  runs.push_back(runs[1]);
  CHECK(table(runs).rows[0].ended == "2 of 3: nothing valid could be drawn");
}

TEST_CASE("a base rate of 0 gives no factor and never NaN") {
  const Table t = table(runs_with("ours", {0, 0}, 1, 0) + runs_with("random", {0.5, 0}, 1, 0));
  for (const TableRow& row : t.rows) CHECK_FALSE(row.factor);
  for (const std::string& text : {to_markdown(t), to_csv(t), to_terminal(t, 200)}) check_only_numbers(text);
}

TEST_CASE("a single seed and an empty table are written without NaN") {
  for (const Table& t : {table(runs_with("ours", {0.01})), table({})})
    for (const std::string& text : {to_markdown(t), to_csv(t), to_terminal(t, 80)}) check_only_numbers(text);
}

TEST_CASE("the CSV has a line for every attack and quotes what would break it") {
  std::vector<Run> runs = runs_with("ours, \"small\"", {0.01, 0.03});
  runs[0].row.ledger_hash = "00ff";
  const auto csv = lines(to_csv(table(runs)));
  REQUIRE(csv.size() == 3);
  CHECK(csv[0] ==
        "task,panel,instance,variant,method,seed,evaluations,base_rate,final,selected,best,to_first,to_half,"
        "distinct,"
        "distinct_success,paid_finds,tokens,flops,seconds,ledger_hash,ended,quick");
  CHECK(csv[1] ==
        "made,,1,\"ours, \"\"small\"\"\",\"ours, "
        "\"\"small\"\"\",1,60,0.004,0.01,0.02,0.03,,,0.5,0.005,0,700,8000.0,"
        "1.5,00ff,,no");
  for (const char* name : {"a,b", "a\"b", "a\nb", "a\rb"})
    check_has(to_csv(table(runs_with(name, {0.01}))), "made,,1,\"a");
}

TEST_CASE("the markdown table has a row for every variant and as many cells in each") {
  std::vector<Run> runs = runs_with("ours", {0.01, 0.03}) + runs_with("quoted", {0.02, 0.02});
  for (Run& run : runs) run.row.task = "made", run.row.base.lo = run.row.base.hi = run.row.base.value;
  const std::string md = main_table(table(runs));
  std::vector<std::string> rows;
  for (const std::string& line : lines(md))
    if (line.rfind("|", 0) == 0) rows.push_back(line);
  REQUIRE(rows.size() == 4);
  CHECK(rows[2].rfind("| **ours** | - | 0.0200 | 0.0100, 0.0300 | 5.00 (2.50–7.50) | 0.0100 |", 0) == 0);
  CHECK(rows[3].rfind("| quoted | 0.1, 250× | 0.0200 | 0.0200, 0.0200 | 5.00 (5.00–5.00) | 0.0100 |", 0) ==
        0);
  for (const std::string& line : rows) CHECK(count(line, "|") == count(rows[0], "|"));
  check_has(main_table(table(runs_with("a|b", {0.01}))), "| **a\\|b** |");
}

TEST_CASE("a quick table says that it is no result") {
  Results results = made_results(runs_with("ours", {0.01}));
  results.quick = true;
  const Table t = table_of(results, registry());
  check_has(to_markdown(t), "not a result");
  check_has(to_terminal(t, 80), "not a result");
  check_has(to_csv(t), ",yes\n");
}

TEST_CASE("the terminal table fits 80 columns and shows more where there is more") {
  std::vector<Run> runs =
      runs_with("a variant with a name that goes on and on and on", {0.01, 0.03, 0.5, 0.6, 0.7});
  for (std::uint64_t instance : {2u, 3u, 4u}) runs = runs + runs_with("random", {1, 0.1, 1e-5}, instance);
  const Table t = table(runs);
  for (const int width : {60, 80, 120, 200}) {
    for (const std::string& line : lines(to_terminal(t, width))) {
      INFO(line);
      CHECK(characters(line) <= static_cast<std::size_t>(width));
    }
  }
  check_has(to_terminal(t, 80), "to one half");
  CHECK(to_terminal(t, 80).find("FLOPs") == std::string::npos);
  check_has(to_terminal(t, 200), "FLOPs");
}

// A run of one measured round for each pair: successes of 500 proposals and of 100 strings kept.
Run filtered(const std::string& variant, const std::vector<std::pair<int, int>>& rounds) {
  Run run = made_run(variant, 1, std::vector<int>(rounds.size(), 100));
  for (std::size_t i = 0; i < rounds.size(); ++i)
    run.log.rounds[i].filter = FilterReading{{rounds[i].first, 500}, {rounds[i].second, 100}};
  return run;
}

TEST_CASE("the filter's factor pools the rounds whose proposals succeed about equally often") {
  const Table t =
      table({filtered("ours", {{4, 0}, {25, 10}, {50, 15}, {400, 100}}), made_run("none", 1, {3})});
  const std::vector<FilterBand>& bands = t.rows.at(0).filter;
  REQUIRE(bands.size() == 4);
  CHECK(bands[1].rounds == 1);  // 25 of 500 are 5 %; 50 of 500, just 10 %, are in the next band
  CHECK(bands[2].proposals.k == 50);
  CHECK(bands[3].accepted.value() == 1);
  CHECK(t.rows.at(1).filter.empty());
  const std::string md = to_markdown(t);
  CHECK(md.find("| ours | 0; 0 of 100; 1 | 2.00 (0.99–4.03); 10 of 100; 1 | 1.50 (0.88–2.56); 15 of 100; 1 | "
                "1.25 (1.20–1.31);") != md.npos);
  check_only_numbers(md);
}

TEST_CASE("areas under the curve are pooled by pairs in bands of success") {
  Run run = made_run("ours", 1, {100, 100, 100, 100, 100});
  const std::vector<std::pair<Ranking, double>> rounds{
      {{1, 999}, 0.2}, {{3, 997}, 0.6}, {{0, 1000}, -1}, {{200, 800}, 0.9}, {{600, 400}, 0.1}};
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    run.log.rounds[i].ranking = rounds[i].first;
    if (rounds[i].second >= 0)
      run.log.rounds[i].ranking->area.assign(ranking_scores.size(), rounds[i].second);
  }
  const Table t = table({run, made_run("none", 1, {3})});
  const std::vector<RankBand>& bands = t.rows.at(0).ranks;
  REQUIRE(bands.size() == 3);
  CHECK(bands[0].area[0] == doctest::Approx((0.2 * 999 + 0.6 * 3 * 997) / (999 + 3 * 997)));
  CHECK(bands[0].rounds == 2);
  CHECK(bands[1].pairs == 0);
  CHECK(bands[2].area.back() == doctest::Approx(0.9));
  CHECK(t.rows.at(1).ranks.empty());
  const std::string md = to_markdown(t);
  CHECK(md.find("## proposals that succeed below 1 %\n\n| variant | −log p_θ0 | −log p_θ |") != md.npos);
  CHECK(md.find("| ours | 0.50 | 0.50 | 0.50 |") != md.npos);  // no interval for four successes
  CHECK(md.find("| 4; 2 |\n") != md.npos);
  CHECK(md.find("| ours | 0.90 (0.87–0.93) |") != md.npos);
  check_only_numbers(md);
}

TEST_CASE("a study without a filter has no table of it") {
  CHECK(to_markdown(table({made_run("ours", 1, {3})})).find("filter") == std::string::npos);
}

}  // namespace
}  // namespace banel
