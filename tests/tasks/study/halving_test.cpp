#include "tasks/study/halving.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>

#include "nn/io/file.h"
#include "tasks/study/verify/verify.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

const char* const tuned = R"(
title = "Tuning"
task = "tiny"
seeds = 1
samples = 100
base_samples = 100
halving = {configurations = 4, budgets = [20, 40], keep = 3, seed = 2}
variants = [
  {method = "banel", m = 20, n = 20, ranges = {f = {low=2, high=32, log=true}, phi_epochs = {low=1, high=3}}},
  {method = "tail", m = 20, n = 20, ranges = {f = {low = 2, high = 32, log = true}, theta_epochs = [1, 4]}},
  "prior",
]
)";

TEST_CASE("configurations are drawn from the ranges and the seed alone decides them") {
  const Study s = tiny::study(tuned);
  for (int number = 2; number <= 200; ++number) {
    const Variant banel = configuration(*s.halving, s.variants[0], number),
                  tail = configuration(*s.halving, s.variants[1], number);
    CHECK(banel == configuration(*s.halving, s.variants[0], number));
    const double f = banel.settings.at("f").number(), epochs = banel.settings.at("phi_epochs").number();
    CHECK(f >= 2);
    CHECK(f <= 32);
    CHECK(tail.settings.at("f").number() == f);  // the same draw for both
    CHECK(epochs == std::round(epochs));
    CHECK(epochs >= 1);
    CHECK(epochs <= 3);
    const double choice = tail.settings.at("theta_epochs").number();
    CHECK((choice == 1 || choice == 4));
    CHECK(banel.settings.at("m") == Value(20));
  }
  CHECK(configuration(*s.halving, s.variants[0], 2) != configuration(*s.halving, s.variants[0], 3));
  CHECK(configuration(*s.halving, s.variants[0], 1).settings == s.variants[0].settings);  // as the method is
}

TEST_CASE("draws fill their range evenly and on request by factors") {
  const Study s = tiny::study(tuned);
  constexpr int draws = 3000;
  int below_8 = 0, first_of_three = 0, first_of_two = 0;
  for (int number = 2; number < 2 + draws; ++number) {
    const Values banel = configuration(*s.halving, s.variants[0], number).settings,
                 tail = configuration(*s.halving, s.variants[1], number).settings;
    below_8 += banel.at("f").number() < 8;  // the middle of 2..32 by factors
    first_of_three += banel.at("phi_epochs").number() == 1;
    first_of_two += tail.at("theta_epochs").number() == 1;
  }
  CHECK(std::abs(below_8 - draws / 2) < 140);  // five standard deviations
  CHECK(std::abs(first_of_three - draws / 3) < 130);
  CHECK(std::abs(first_of_two - draws / 2) < 140);
}

TEST_CASE("one configuration in keep goes on and of equal ones the first") {
  CHECK(best_configurations({1, 2, 3, 4, 5, 6}, {0, 3, 1, 3, 2, 0}, 3) == std::vector<int>{2, 4});
  CHECK(best_configurations({4, 7}, {0, 0}, 3) == std::vector<int>{4});
}

TEST_CASE("the expected best of k is the mean of the maximum over all choices of k") {
  const std::vector<double> scores{0.5, 0.1, 0.9, 0.4, 0.4};
  const std::vector<double> expected = expected_best(scores);
  REQUIRE(expected.size() == scores.size());
  for (std::size_t k = 1; k <= scores.size(); ++k) {
    double sum = 0, count = 0;
    for (unsigned chosen = 0; chosen < 32; ++chosen) {
      double best = 0;
      std::size_t size = 0;
      for (std::size_t i = 0; i < scores.size(); ++i)
        if (chosen >> i & 1) best = std::max(best, scores[i]), ++size;
      if (size == k) sum += best, ++count;
    }
    CHECK(expected[k - 1] == doctest::Approx(sum / count));
  }
}

TEST_CASE("the table of tuning has the mean of every configuration and the best of the last budget in bold") {
  const Study s = tiny::study(R"(
title = "T"
task = "tiny"
halving = {configurations = 3, budgets = [1000, 2000], keep = 2}
variants = [{name = "mine", method = "banel", ranges = {f = [4]}}, "prior"]
)");
  std::vector<Row> rows;
  const auto add = [&](const char* variant, std::initializer_list<double> finals) {
    for (const double final : finals) {
      rows.emplace_back().variant = variant;
      rows.back().final = final;
    }
  };
  add("mine #1 at 1000", {0.1, 0.3});
  add("mine #2 at 1000", {0.5, 0.7});
  add("mine #3 at 1000", {0.3, 0.5});
  add("mine #2 at 2000", {0.2, 0.4});
  add("mine #3 at 2000", {0.7, 0.9});
  add("prior", {1, 1});
  const std::string table = tuning_table(s, rows);
  CAPTURE(table);
  CHECK(table.find("| at 1,000 evaluations | at 2,000 evaluations |\n|---|---|---|---|---|\n"
                   "| mine | #1 | as the method has them | 0.2000 | – |\n"
                   "| mine | #2 | f 4 | 0.6000 | 0.3000 |\n"
                   "| mine | **#3** | f 4 | **0.4000** | **0.8000** |\n") != table.npos);
  CHECK(table.ends_with("| method | k = 1 | k = 2 |\n|---|---|---|\n| mine | 0.4000 | 0.5333 |\n"));
}

TEST_CASE("all configurations run at the short budget and the best at the full one") {
  const TemporaryFolder temporary;
  Study s = tiny::study(tuned);
  const Registry all = tiny::registry();
  s.seconds = 80;  // 8 attacks of half the budget and 5 of all of it, whichever go on
  CHECK(forecast(temporary.path, s, all, 2) ==
        "13 attacks, 0 of them finished; about 12 min of computing, 6 min on 2 cores");
  CHECK(missing_attacks(temporary.path, s, all).size() == 8);
  CHECK(stages_of(temporary.path, s, all).size() == 1);
  tiny::run(temporary.path, s);
  const std::vector<Study> stages = stages_of(temporary.path, s, all);
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].variants.size() == 8);
  CHECK(stages[1].variants.size() == 5);  // two of each, and the prior
  CHECK(missing_attacks(temporary.path, s, all).empty());
  const std::vector<Row> rows = parse_rows(read_file(temporary.path / "rows.json"), "rows.json");
  CHECK(rows.size() == 13);
  double best = 0, dropped = 0;
  for (const Row& row : rows) {
    const bool is_banel = row.method == "banel" && row.variant.ends_with(" at 20");
    const bool goes_on = std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
      return other.variant == row.variant.substr(0, row.variant.find(" at ")) + " at 40";
    });
    if (is_banel) (goes_on ? best : dropped) = std::max(goes_on ? best : dropped, row.final);
  }
  CHECK(best >= dropped);
  const std::string table = read_file(temporary.path / "tuning.md");
  CHECK(table.find("| banel | #") != table.npos);
  CHECK(table.find("**") != table.npos);
  CHECK(table.find("| method | k = 1 | k = 2 | k = 4 |") != table.npos);
}

// All differences, one a line.
std::string verified(const fs::path& run, std::size_t attacks) {
  const Verification found = verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet);
  CHECK(found.attacks == attacks);
  std::string text;
  for (const std::string& difference : found.differences) text += difference + '\n';
  return text;
}

TEST_CASE("attacks that went on before seeds were added are not accused and are verified" *
          doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const fs::path& run = temporary.path;
  const Registry all = tiny::registry();
  Study s = tiny::study(tuned);
  tiny::run(run, s);
  s.seeds = {1, 2};
  CHECK(missing_attacks(run, s, all).size() == 8);
  CHECK(verified(run, 13) == (run / "report.html").string() +
                                 ": the report is older than study.toml; `banel report " + run.string() +
                                 "` makes it again\n");
  report_study(run, all, {.mode = ProgressMode::quiet});
  CHECK(verified(run, 13) == "");
  const fs::path later = run / "attacks/1/banel-1-at-40", kept = run / "kept";
  fs::path unchosen = later;  // a configuration that did not go on
  for (int number = 2; fs::exists(unchosen); ++number)
    unchosen = run / "attacks/1" / ("banel-" + std::to_string(number) + "-at-40");
  tiny::run(run, s);
  CHECK(verified(run, 26) == "");
  fs::create_directories(unchosen / "seed1");
  write_file(unchosen / "seed1" / "ledger.jsonl", "");  // a job that was killed
  CHECK(verified(run, 26) == "");
  write_file(unchosen / "ledger.jsonl", "");
  CHECK(verified(run, 26) == (unchosen / "ledger.jsonl").string() + ": is no file of this study\n");
}

}  // namespace
}  // namespace banel
