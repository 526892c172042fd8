#include "tasks/report/table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "nn/io/file.h"
#include "tasks/base/stats.h"
#include "tensor/check.h"

namespace banel {
namespace {

// positives: rewards among the 10 evaluations that the round's predecessor submitted; rate: of the attacker it made.
RoundRecord record(std::int64_t number, std::int64_t positives, std::int64_t successes) {
  RoundRecord r;
  r.nre = 10 * number;
  r.positives = positives;
  r.submitted = 10;
  r.success = {successes, 1000};
  return r;
}

MethodRow row(const std::string& name, const std::vector<double>& finals) {
  MethodRow result{name, "made by hand", name == "banel" ? "0.1" : "", {}, {}};
  for (std::size_t i = 0; i < finals.size(); ++i) {
    result.seeds.push_back(static_cast<int>(i) + 1);
    result.runs.push_back({.final = finals[i], .selected = finals[i] * 2, .best = finals[i] * 3, .nre = 60, .seconds = 1.5, .distinct = 0.25, .distinct_success = finals[i] / 2, .tokens = 700, .flops = 8000});
  }
  return result;
}

Table table(std::vector<MethodRow> rows, Rate base = {4, 1000}) {
  return {.title = "A table", .note = "Made by hand.", .base = base, .rows = std::move(rows)};
}

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

void check_only_numbers(const std::string& text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* word : {"nan", "inf"}) {
    INFO(word << " in:\n" << text);
    CHECK(lower.find(word) == lower.npos);
  }
}

TEST_CASE("the final reading is the last round and the best reading the highest round") {
  const Readings r = read({.rounds = {record(1, 0, 5), record(2, 0, 9), record(3, 0, 2)}, .seconds = 4});
  CHECK(r.final == 0.002);
  CHECK(r.best == 0.009);
  CHECK(r.nre == 30);
  CHECK(r.seconds == 4);
}

TEST_CASE("the selected reading is the attacker that earned most rewards in the next round") {
  // Attacker 1 is judged by round 2 (1 reward), attacker 2 by round 3 (4 rewards), attacker 3 by round 4 (2 rewards).
  const Readings r = read({.rounds = {record(1, 9, 10), record(2, 1, 20), record(3, 4, 30), record(4, 2, 40)}, .seconds = 0});
  CHECK(r.selected == 0.020);
}

TEST_CASE("the rewards of the pre-trained attacker select nothing") {
  const Readings r = read({.rounds = {record(1, 10, 10), record(2, 1, 20), record(3, 0, 30)}, .seconds = 0});
  CHECK(r.selected == 0.010);
}

TEST_CASE("rounds with equally many rewards select the latest") {
  const Readings r = read({.rounds = {record(1, 0, 10), record(2, 3, 20), record(3, 3, 30), record(4, 1, 40)}, .seconds = 0});
  CHECK(r.selected == 0.020);
}

TEST_CASE("a shorter last round is compared by its share of rewards") {
  std::vector<RoundRecord> rounds{record(1, 0, 10), record(2, 3, 20), record(3, 2, 30)};
  rounds.back().submitted = 5;  // 2 of 5 is more than 3 of 10
  CHECK(read({.rounds = rounds, .seconds = 0}).selected == 0.020);
}

TEST_CASE("without any reward the selected reading is the final one") {
  CHECK(read({.rounds = {record(1, 7, 10), record(2, 0, 20), record(3, 0, 30)}, .seconds = 0}).selected == 0.030);
  CHECK(read({.rounds = {record(1, 7, 10)}, .seconds = 0}).selected == 0.010);
}

TEST_CASE("an attack without a round cannot be read") { CHECK_THROWS_AS(read({}), UsageError); }

TEST_CASE("the JSON table has every promised key in every row and the pretrained row first") {
  const Json rows = to_json(table({row("banel", {0.01, 0.03}), row("random", {0.02, 0.02})}));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at("method") == "pretrained");
  CHECK(rows[1].at("method") == "banel");
  CHECK(rows[2].at("method") == "random");
  for (const Json& r : rows)
    for (const char* key : {"method", "seeds", "nre", "final_mean", "final_median", "final_std", "selected_mean", "best_mean", "best_median",
                            "best_std", "factor_best", "factor_final", "base_rate", "seconds", "tokens", "flops", "distinct",
                            "final_iqm", "final_iqm_lo", "final_iqm_hi", "final_geometric_mean", "p_banel_higher", "distinct_success", "p_banel_more_distinct"}) {
      INFO(r.at("method") << ' ' << key);
      CHECK(r.contains(key));
    }
}

TEST_CASE("means medians deviations and factors are those of the runs") {
  const std::vector<double> finals{0.01, 0.03, 0.08};
  const Json rows = to_json(table({row("banel", finals)}));
  const Json &base = rows[0], &r = rows[1];
  CHECK(r.at("seeds") == Json({1, 2, 3}));
  CHECK(r.at("nre") == 60);
  CHECK(r.at("final_mean").get<double>() == doctest::Approx(0.04).epsilon(1e-12));
  CHECK(r.at("final_median").get<double>() == 0.03);
  CHECK(r.at("final_std").get<double>() == doctest::Approx(std::sqrt((9e-4 + 1e-4 + 16e-4) / 2)).epsilon(1e-12));
  CHECK(r.at("selected_mean").get<double>() == doctest::Approx(0.08).epsilon(1e-12));
  CHECK(r.at("best_mean").get<double>() == doctest::Approx(0.12).epsilon(1e-12));
  CHECK(r.at("base_rate").get<double>() == 0.004);
  CHECK(r.at("factor_final").get<double>() == doctest::Approx(10).epsilon(1e-12));
  CHECK(r.at("factor_best").get<double>() == doctest::Approx(30).epsilon(1e-12));
  CHECK(r.at("seconds").get<double>() == 1.5);
  CHECK(base.at("nre") == 0);
  CHECK(base.at("factor_final").get<double>() == doctest::Approx(1).epsilon(1e-12));
  CHECK(base.at("final_mean").get<double>() == doctest::Approx(0.004).epsilon(1e-12));
  CHECK(base.at("final_std").get<double>() == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("the factor interval holds the factor and lies within the runs") {
  const Json r = to_json(table({row("banel", {0.01, 0.03, 0.08})}))[1];
  CHECK(r.at("factor_final_lo").get<double>() >= 2.5 * (1 - 1e-12));
  CHECK(r.at("factor_final_lo").get<double>() < r.at("factor_final").get<double>());
  CHECK(r.at("factor_final_hi").get<double>() > r.at("factor_final").get<double>());
  CHECK(r.at("factor_final_hi").get<double>() <= 20 * (1 + 1e-12));
}

TEST_CASE("every row but banel itself says how surely banel ends higher") {
  const Json rows = to_json(table({row("random", {0.1, 0.9, 0.3}), row("banel", {0.4, 0.6, 0.5})}));
  CHECK(rows[0].at("p_banel_higher") == 0.125);  // higher on all three seeds: one of 8 ways to swap
  CHECK(rows[1].at("p_banel_higher") == 0.5);    // 0.3 - 0.3 + 0.2: four of 8 sums are at least 0.2
  CHECK(rows[2].at("p_banel_higher").is_null());
  CHECK(to_json(table({row("random", {0.1})}))[1].at("p_banel_higher").is_null());
}

TEST_CASE("a base rate of 0 gives null factors and never NaN") {
  const Table nothing = table({row("banel", {0, 0}), row("random", {0.5, 0})}, {0, 1000});
  const Json rows = to_json(nothing);
  for (const Json& r : rows)
    for (const char* key : {"factor_best", "factor_final"}) CHECK(r.at(key).is_null());
  for (const Json& r : rows)  // nlohmann writes NaN as null: only the factors may be null
    for (const auto& item : r.items()) {
      const std::string& key = item.key();
      INFO(key);
      if (key.rfind("factor", 0) != 0 && key.rfind("p_banel", 0) != 0 && key.rfind("distinct", 0) != 0) CHECK(!item.value().is_null());
    }
  check_only_numbers(rows.dump());
  check_only_numbers(to_csv(nothing));
  check_only_numbers(to_markdown(nothing));
}

TEST_CASE("a single seed and an empty table are written without NaN") {
  for (const Table& t : {table({row("banel", {0.01})}), table({}), table({row("banel", {1})}, {0, 0})}) {
    const Json rows = to_json(t);
    for (const Json& r : rows) CHECK(r.at("final_std").get<double>() == doctest::Approx(0));
    check_only_numbers(rows.dump());
    check_only_numbers(to_csv(t));
    check_only_numbers(to_markdown(t));
  }
}

TEST_CASE("the CSV has a line for every seed of every method") {
  const auto csv = lines(to_csv(table({row("banel", {0.01, 0.03}), row("random", {0.02, 0.5})})));
  REQUIRE(csv.size() == 1 + 3 * 2);
  CHECK(csv[0] == "method,seed,nre,final,selected,best,base_rate,distinct,distinct_success,tokens,flops,seconds,quick");
  CHECK(csv[1] == "pretrained,1,0,0.004,0.004,0.004,0.004,,,0,0.0,0.0,no");
  CHECK(csv[3] == "banel,1,60,0.01,0.02,0.03,0.004,0.25,0.005,700,8000.0,1.5,no");
  CHECK(csv[6] == "random,2,60,0.5,1.0,1.5,0.004,0.25,0.25,700,8000.0,1.5,no");
  for (const std::string& line : csv) CHECK(count(line, ",") == 12);
}

TEST_CASE("the markdown table has a row for every method and as many cells in each") {
  const std::string md = to_markdown(table({row("banel", {0.01, 0.03}), row("random", {0.02, 0.02})}));
  CHECK(md.find("A table") != md.npos);
  CHECK(md.find("Made by hand.") != md.npos);
  std::vector<std::string> rows;
  for (const std::string& line : lines(md))
    if (line.rfind("|", 0) == 0) rows.push_back(line);
  REQUIRE(rows.size() == 2 * (2 + 3));  // results and details: head and rule, then pretrained and two methods
  const std::vector<std::string> details(rows.begin() + 5, rows.end());
  for (const std::string& line : details) CHECK(count(line, "|") == count(details[0], "|"));
  CHECK(details[3].find("7.00e+02") != std::string::npos);
  rows.resize(5);
  CHECK(rows[2].rfind("| pretrained |", 0) == 0);
  CHECK(rows[3].rfind("| **banel** | 0.1 | 0.0200 |", 0) == 0);
  CHECK(rows[4].rfind("| random |", 0) == 0);
  for (const std::string& line : rows) CHECK(count(line, "|") == count(rows[0], "|"));
}

TEST_CASE("the main table has the best final mean first and a dash where nothing was measured") {
  const auto rows = lines(main_table(table({row("random", {0.01, 0.03}), row("banel", {0.3, 0.5})})));
  REQUIRE(rows.size() == 5);
  CHECK(rows[2].rfind("| pretrained | 0.0004 | 0.00400 | - | 1.00 (1.00–1.00) | 0.250 | - | - |", 0) == 0);
  CHECK(rows[3].rfind("| **banel** |", 0) == 0);
  CHECK(rows[4].rfind("| random |  | 0.0200 | 0.0100, 0.0300 | 5.00 (2.50–7.50) | 0.250 | 0.0100 | 0.250 |", 0) == 0);
}

TEST_CASE("a method that repeats one success is behind in distinct successes") {
  MethodRow repeats = row("reinforce", {1, 1, 1});
  for (Readings& r : repeats.runs) r.distinct_success = 1e-4;
  const Json rows = to_json(table({row("banel", {0.9, 0.9, 0.9}), repeats}));
  CHECK(rows[2].at("p_banel_higher") == 1);
  CHECK(rows[2].at("p_banel_more_distinct") == 0.125);
}

TEST_CASE("README shows the table that the command wrote") {
  const std::filesystem::path source = BANEL_SOURCE_DIR;
  const std::string readme = read_file(source / "README.md");
  std::size_t rows = 0;
  for (const std::string& line : lines(read_file(source / "tasks/results/table.md"))) {
    if (line.rfind("| ", 0) != 0) {
      if (rows) break;  // the first table is over
      continue;
    }
    INFO(line);
    CHECK(readme.find(line) != readme.npos);
    ++rows;
  }
  CHECK(rows > 2);
}

TEST_CASE("every table lists the final rate of every seed") {
  const std::string md = to_markdown(table({row("banel", {0.0123, 0.0456})}));
  CHECK(md.find("0.0123") != md.npos);
  CHECK(md.find("0.0456") != md.npos);
}

}  // namespace
}  // namespace banel
