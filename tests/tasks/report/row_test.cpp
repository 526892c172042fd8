#include "tasks/report/row.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <optional>

#include "banel/ledger.h"
#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/made_results.h"

namespace banel {
namespace {

struct Counts {
  std::int64_t positives,
      successes;  // of the round's evaluations; of 1,000 samples of the attacker it made, -1 if not measured
  std::optional<double> exact = {};  // its success where the task computes it
  std::int64_t submitted = 10;
};

const Method method{"made", "made by hand", {}, {"budget"}};
const BaseRate base{0.004, 0.003, 0.005, 1000};

// The folder of a finished attack with these rounds; `attempts` are the rewarded ones of its ledger.
Row row_of(const std::vector<Counts>& rounds, const std::vector<Attempt>& rewarded = {}, int samples = 1000) {
  const TemporaryFolder folder;
  std::string metrics, timing, ledger;
  std::int64_t nre = 0;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    RoundRecord r{.number = i + 1};
    r.nre = nre += rounds[i].submitted;
    r.submitted = rounds[i].submitted;
    r.positives = rounds[i].positives;
    if (rounds[i].successes >= 0) {
      r.measured.emplace();
      r.measured->success = {rounds[i].successes, 1000};
      if (rounds[i].exact) r.measured->exact = {*rounds[i].exact, 0};
      r.measured->distinct = {250, 1000};
      r.measured->distinct_success = {1, 1000};
      r.measured->modes = {{"zeros", rounds[i].successes, 1}};
      r.measured->also["text"] = {500, 1000};
    }
    metrics += to_json(r).dump() + '\n';
    timing += Json{{"round", i + 1}, {"seconds", 2}, {"measuring_seconds", 1}}.dump() + '\n';
  }
  std::uint64_t hash = fnv1a("");
  std::vector<Evaluation> evaluations{{"a", {"1"}}, {"b", {"2"}}};
  for (const Attempt& x : rewarded) evaluations.push_back({x, {"3", Reward::success}});
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    ledger += ledger_line(i + 1, evaluations[i], hash);
    hash = evaluations[i].hash;
  }
  write_file(folder.path / "metrics.jsonl", metrics);
  write_file(folder.path / "timing.jsonl", timing);
  write_file(folder.path / "ledger.jsonl", ledger);
  write_file(folder.path / "config.json", "{\"samples\": " + std::to_string(samples) + '}');
  return read_row(folder.path, read_attack(folder.path), method, 7, base);
}

TEST_CASE("the final reading is the last round and the best reading the highest round") {
  const Row r = row_of({{0, 5}, {0, 500}, {0, 900}, {0, 2}});
  CHECK(r.final == 0.002);
  CHECK(r.best == 0.9);
  CHECK(r.to_half == 20);
  CHECK(r.evaluations == 40);
  CHECK(r.seconds == 8);
  CHECK(r.samples == 1000);
  CHECK(r.distinct == 0.25);
  CHECK(r.distinct_success == 0.001);
  CHECK(r.also.at("text") == 0.5);
  CHECK(r.settings.at("budget") == Value(7500));
  CHECK(r.seed == 7);
}

TEST_CASE("a success that is computed counts instead of its samples") {
  const Row r = row_of({{0, 5, 0.5}, {0, 5, 0.25}});
  CHECK(r.final == 0.25);
  CHECK(r.to_half == 10);
  CHECK(r.samples == 0);
}

TEST_CASE("a reading of verdicts that were paid for has no samples of its own") {
  CHECK(row_of({{0, 5}}, {}, 0).samples == 0);
}

TEST_CASE("the selected reading is the attacker that earned most rewards in the next round") {
  // Attacker 1 is judged by round 2 (1 reward), attacker 2 by round 3 (4 rewards), attacker 3 by round 4.
  CHECK(row_of({{9, 10}, {1, 20}, {4, 30}, {2, 40}}).selected == 0.020);
}

TEST_CASE("the rewards of the prior select nothing") {
  CHECK(row_of({{10, 10}, {1, 20}, {0, 30}}).selected == 0.010);
}

TEST_CASE("rounds with equally many rewards select the latest") {
  CHECK(row_of({{0, 10}, {3, 20}, {3, 30}, {1, 40}}).selected == 0.020);
}

TEST_CASE("rounds of different sizes select by the share of their evaluations that earned a reward") {
  CHECK(row_of({{0, 10}, {2, 20, {}, 20}, {2, 30, {}, 4}, {3, 40}}).selected == 0.020);
}

TEST_CASE("an attacker without a reading is not selected") {
  CHECK(row_of({{0, 10}, {1, -1}, {9, 30}, {5, 40}}).selected == 0.030);
}

TEST_CASE("without any reward the selected reading is the final one") {
  CHECK(row_of({{7, 10}, {0, 20}, {0, 30}}).selected == 0.030);
  CHECK(row_of({{7, 10}}).selected == 0.010);
}

TEST_CASE("paid finds are the distinct rewarded attempts of the ledger") {
  const Row r = row_of({{0, 5}}, {"x", "y", "x"});
  CHECK(r.paid_finds == 2);
  CHECK(r.to_first == 3);
  CHECK(r.ledger_hash.size() == 16);
  CHECK_FALSE(row_of({{0, 5}}).to_first);
}

TEST_CASE("an attack without a round has the base rate and says why it ended") {
  const Row r = row_of({});
  CHECK(r.ended == "nothing valid could be drawn");
  CHECK(r.final == 0.004);
  CHECK(r.best == 0.004);
  CHECK_FALSE(r.distinct);
}

TEST_CASE("rows are read back as they were written") {
  Row ended = row_of({});
  ended.task = "made";
  ended.panel = "tail";
  ended.instance = 12;
  ended.variant = "banel, \"small\"";
  ended.warning = "the target ended its training early";
  const std::vector<Row> rows{row_of({{0, 5}, {3, 900}}, {"x"}), ended};
  const std::string text = rows_text(rows);
  CHECK(rows_text(parse_rows(text, "rows.json")) == text);
  CHECK(parse_rows(text, "rows.json")[1].variant == ended.variant);
  CHECK(parse_rows(rows_text({}), "rows.json").empty());
}

TEST_CASE("thousands of rows are read back") {
  const std::vector<Row> rows(3000, row_of({{0, 5}, {3, 900}}));
  CHECK(parse_rows(rows_text(rows), "rows.json").size() == rows.size());
}

TEST_CASE("modes in rows.json are shares of the distinct successes") {
  const Json row = to_json(made_run("ours", 1, {100}).row);
  CHECK(row.at("modes").at("zeros").number() == 0.2);
  CHECK(row.at("modes").at("carries").number() == 0.8);
}

TEST_CASE("a damaged row is refused by name") {
  const std::string good = rows_text({row_of({{0, 5}})});
  for (const char* text :
       {"", "{", "{}", "[1]", "[1]\n", "[\n1\n]\n", "[\n{}\n]\n", "[\n{\"task\": 1}\n]\n"}) {
    INFO(text);
    CHECK_THROWS_WITH_AS(parse_rows(text, "rows.json"), doctest::Contains("rows.json"), InputError);
  }
  std::string bad = good;
  bad.replace(bad.find("\"seed\":7"), 8, "\"seed\":x");
  CHECK_THROWS_WITH_AS(parse_rows(bad, "rows.json"), doctest::Contains("rows.json"), InputError);
}

}  // namespace
}  // namespace banel
