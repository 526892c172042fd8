#include "tasks/study/runner.h"

#include <doctest/doctest.h>

#include <functional>

#include "nn/io/file.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tasks/study/results.h"
#include "tasks/study/verify/verify.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

std::vector<Row> rows_in(const fs::path& run) {
  return parse_rows(read_file(run / "rows.json"), "rows.json");
}

// All that a row says but the time it took.
std::vector<Json> without_times(std::vector<Row> rows) {
  std::vector<Json> result;
  for (Row& row : rows) {
    row.seconds = 0;
    result.push_back(to_json(row));
  }
  return result;
}

void verify_clean(const fs::path& run) {
  for (const std::string& difference :
       verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet).differences)
    FAIL_CHECK(difference);
}

TEST_CASE("a study makes a row for every panel and variant and seed with all that is known of it" *
          doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const Table table = tiny::run(temporary.path, tiny::study(tiny::two_by_two));
  CHECK(table.rows.size() == 4);
  const std::vector<Row> rows = rows_in(temporary.path);
  REQUIRE(rows.size() == 8);
  for (const Row& row : rows) {
    CHECK(row.task == "tiny");
    CHECK((row.panel == "threes" || row.panel == "fives"));
    CHECK(row.base.samples == 500);
    CHECK(row.base.value > 0);
    CHECK(row.settings.at("budget") == Value(60));
    CHECK(row.ledger_hash.size() == 16);
  }
  for (const char* file : {"study.toml", "run.json", "table.md", "table.csv", "report.html",
                           "plots/bars-threes.png", "attacks/threes-1/banel/seed2/ledger.jsonl"})
    CHECK(fs::exists(temporary.path / file));
  CHECK(std::distance(fs::directory_iterator(temporary.path / "instances"), {}) ==
        1);  // panels differ in the judge only
  CHECK(std::ranges::count(table.made.facts, "Command: `test`.") == 1);
  verify_clean(temporary.path);
}

TEST_CASE("a second call runs nothing and an attack that is missing is run alone") {
  const TemporaryFolder temporary;
  const Study s = tiny::study(tiny::two_by_two);
  tiny::run(temporary.path, s);
  const std::vector<Json> before = without_times(rows_in(temporary.path));
  const auto time = fs::last_write_time(temporary.path / "attacks/fives-1/prior/seed1/checkpoint");
  fs::remove_all(temporary.path / "attacks/threes-1/banel/seed2");
  Json record = read_json(temporary.path / "run.json");
  record["commit"] = std::string("earlier") + source_commit();  // not that commit, though it holds it
  write_file(temporary.path / "run.json", record.dump(2) + '\n');
  std::string said;
  run_study(temporary.path, s, tiny::registry(),
            {.mode = ProgressMode::quiet, .say = [&](const std::string& text) { said += text; }});
  CHECK(said.find("Tiny: 8 attacks, 7 of them finished; about") != said.npos);
  CHECK(without_times(rows_in(temporary.path)) == before);
  const std::string now = source_commit();  // both made attacks of this run
  CHECK(read_record(temporary.path)->commit == "earlier" + now + (now.empty() ? "" : ", " + now));
  CHECK(fs::last_write_time(temporary.path / "attacks/fives-1/prior/seed1/checkpoint") == time);
}

TEST_CASE("what is left takes as long as the mean of what is finished") {
  const TemporaryFolder temporary;
  Study s = tiny::study(
      "title = \"T\"\ntask = \"tiny\"\nseeds = 2\nbudget = 20\nsamples = 100\n"
      "base_samples = 100\nvariants = [\"prior\"]");
  tiny::run(temporary.path, s);
  for (const auto& [seed, seconds] : {std::pair("seed1", "60"), std::pair("seed2", "180")})
    write_file(temporary.path / "attacks/1/prior" / seed / "timing.jsonl",
               "{\"round\":1,\"seconds\":" + std::string(seconds) + ",\"measuring_seconds\":0}\n");
  s.seeds = {1, 2, 3, 4};
  CHECK(forecast(temporary.path, s, tiny::registry(), 2) ==
        "4 attacks, 2 of them finished; about 4 min of computing, 2 min on 2 cores");
}

TEST_CASE("before anything is finished the study itself says how long an evaluation and an instance take") {
  const TemporaryFolder temporary;
  Study s = tiny::study(
      "title = \"T\"\ntask = \"tiny\"\nseeds = 2\ninstances = [1, 2, 3]\nbudget = 100\nseconds = 40\n"
      "instance_seconds = 120\nvariants = [\"prior\", {name = \"half\", method = \"prior\", budget = "
      "50}]");
  const std::string attacks = "12 attacks, 0 of them finished; ",
                    made = "; each of the 3 instances that is not made takes another 2 min";
  CHECK(forecast(temporary.path, s, tiny::registry(), 3) ==
        attacks + "about 6 min of computing, 2 min on 3 cores" + made);
  s.seconds = 0;
  CHECK(forecast(temporary.path, s, tiny::registry(), 3) ==
        attacks + "how long they take is not known" + made);
}

TEST_CASE("a study whose attacks would differ is refused in a folder of the same names and changes nothing") {
  const TemporaryFolder temporary;
  const Study s = tiny::study(tiny::two_by_two);
  missing_attacks(temporary.path, s, tiny::registry());
  const std::string kept = read_file(temporary.path / "study.toml");
  const auto refused = [&](const char* text, const std::function<void(Study&)>& edit) {
    Study other = s;
    edit(other);
    CHECK_THROWS_WITH_AS(missing_attacks(temporary.path, other, tiny::registry()), doctest::Contains(text),
                         InputError);
    CHECK(read_file(temporary.path / "study.toml") == kept);
  };
  refused("another task;", [](Study& other) { other.panels[1].task = "hopeless"; });
  refused("another ranking;", [](Study& other) { other.ranking = true; });
  refused("another samples, quick;", [](Study& other) { other.quick = true, other.samples = 200; });
  refused("another halving;", [](Study& other) { other.halving = Halving{2, {10, 60}}; });
}

TEST_CASE("rows of other variants and seeds stay in a folder and other settings are refused" *
          doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const Registry all = tiny::registry();
  Study one = tiny::study(tiny::two_by_two), other = one;
  select(one, all, {.panels = {"fives"}, .variants = {"prior"}});
  select(other, all, {.variants = {"tail"}, .seeds = {1}});
  change(other, all, "tail.m=20");
  tiny::run(temporary.path, one);
  CHECK(rows_in(temporary.path).size() == 2);
  tiny::run(temporary.path, other);
  CHECK(rows_in(temporary.path).size() == 4);
  verify_clean(temporary.path);
  const Study kept = read_study(temporary.path.string(), all);
  CHECK(kept.variants.size() == 2);
  CHECK(kept.panels.size() == 2);
  change(other, all, "tail.m=10");
  CHECK_THROWS_WITH_AS(tiny::run(temporary.path, other), doctest::Contains("has another \"tail\""),
                       InputError);
  for (const std::string key : {"budget", "samples", "base_samples"}) {
    Study changed = one;
    change(changed, all, key + "=777");
    const std::string text = "another " + key + ';';
    CHECK_THROWS_WITH_AS(tiny::run(temporary.path, changed), doctest::Contains(text.c_str()), InputError);
  }
}

TEST_CASE("attacks run one at a time by many processes make what one call makes" *
          doctest::test_suite("slow")) {
  const TemporaryFolder whole, parts;
  const Registry all = tiny::registry();
  const Study s = tiny::study(tiny::two_by_two);
  tiny::run(whole.path, s);
  const std::vector<std::string> names = missing_attacks(parts.path, s, all);
  REQUIRE(names.size() == 8);
  CHECK(names[0] == "threes/1/banel/1");
  CHECK_THROWS_AS(report_study(parts.path, all, {}), InputError);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const FolderLock another(parts.path);  // a full runner beside it
    run_one(parts.path, *name, all, {.mode = ProgressMode::quiet});
  }
  CHECK(missing_attacks(parts.path, s, all).empty());
  report_study(parts.path, all, {});
  CHECK(without_times(rows_in(parts.path)) == without_times(rows_in(whole.path)));
  CHECK(without_times({run_one(parts.path, names[0], all, {})})[0] == without_times(rows_in(whole.path))[0]);
  CHECK_THROWS_AS(run_one(parts.path, "threes/1/banel/3", all, {}), UsageError);
}

TEST_CASE("an attack of another process is left to it and a second runner is refused") {
  const TemporaryFolder temporary;
  const Study s = tiny::study(tiny::two_by_two);
  const fs::path attack = temporary.path / "attacks/fives-1/prior/seed2";
  missing_attacks(temporary.path, s, tiny::registry());
  create_folders(attack);
  {
    const FolderLock another(attack);
    tiny::run(temporary.path, s);
    CHECK(rows_in(temporary.path).size() == 7);
    CHECK_THROWS_AS(run_one(temporary.path, "fives/1/prior/2", tiny::registry(), {}), IoError);
  }
  {
    const FolderLock another(temporary.path);
    CHECK_THROWS_AS(tiny::run(temporary.path, s), IoError);
  }
  tiny::run(temporary.path, s);
  CHECK(rows_in(temporary.path).size() == 8);
}

TEST_CASE("an oracle that wavers and costs is studied and verified by its paid verdicts alone") {
  const TemporaryFolder temporary;
  const Study s = tiny::study(
      "title = \"P\"\ntask = \"program\"\nseeds = 2\nbudget = 70\nvariants = [{method = \"banel\", m = 10, n "
      "= 10, f = 2}, \"prior\"]");
  tiny::run(temporary.path, s);
  for (const Row& row : rows_in(temporary.path)) {
    CHECK(row.samples == 0);
    CHECK(row.base.samples == 0);
    CHECK(row.evaluations > 0);
  }
  verify_clean(temporary.path);
  Study sampled = s;
  sampled.samples = 100;
  const TemporaryFolder other;
  CHECK_THROWS_WITH_AS(tiny::run(other.path, sampled), doctest::Contains("judges nothing outside the budget"),
                       InputError);
}

TEST_CASE("an attack that ends without a round is a row that says why and the study goes on") {
  const TemporaryFolder temporary;
  const Study s = tiny::study(
      "title = \"H\"\ntask = \"hopeless\"\nseeds = 1\nbudget = 20\nsamples = 100\nbase_samples = "
      "100\nvariants = [{method = \"banel\", m = 10, n = 10}, {method = \"banel-paper\", m = 10, n = 10, "
      "phi_epochs = 1}]");
  tiny::run(temporary.path, s);
  const std::vector<Row> rows = rows_in(temporary.path);
  REQUIRE(rows.size() == 2);
  CHECK(!rows[0].ended.empty());
  CHECK(rows[0].final == rows[0].base.value);
  CHECK(rows[1].ended.empty());
  verify_clean(temporary.path);
}

class RewardsNothing : public tiny::TinyTask {
 public:
  Judge judge() const override {
    return [](std::span<const Attempt> all) {
      return std::vector<Verdict>(all.size(), {"", Reward::failure});
    };
  }
};

TEST_CASE("a final rate of zero is told with the rate that it leaves possible") {
  const TemporaryFolder temporary;
  Registry all = tiny::registry();
  all.tasks.push_back({.name = "barren", .sentence = "no reward", .make = [](const Values&, std::uint64_t) {
                         return std::make_unique<RewardsNothing>();
                       }});
  const Study s = parse_study(
      "title = \"B\"\ntask = \"barren\"\nseeds = 2\nbudget = 10\nsamples = 100\nbase_samples = 100\n"
      "variants = [\"prior\"]",
      "b.toml", all);
  const Table table = run_study(temporary.path, s, all, {.mode = ProgressMode::quiet});
  CHECK(std::ranges::count(table.made.warnings,
                           "Warning: some final rates are 0 and stand for any rate up to 0.036 (95 %); by "
                           "variant: prior 2.") == 1);
}

class Uncertain : public tiny::TinyTask {
 public:
  std::optional<Estimate> exact_success(const Attacker&) const override { return Estimate{0.1, 0.04}; }
};

TEST_CASE("a rate that the task estimates has its error in the base rate and a warning if it is large") {
  const TemporaryFolder temporary;
  Registry all = tiny::registry();
  all.tasks.push_back({.name = "estimated", .sentence = "no count", .make = [](const Values&, std::uint64_t) {
                         return std::make_unique<Uncertain>();
                       }});
  const Study s = parse_study(
      "title = \"E\"\ntask = \"estimated\"\nseeds = 2\nbudget = 10\nsamples = 100\nvariants = [\"prior\"]",
      "e.toml", all);
  const Table table = run_study(temporary.path, s, all, {.mode = ProgressMode::quiet});
  CHECK(std::ranges::count(table.made.warnings,
                           "Warning: some final rates have a standard error above 30 % of themselves; by "
                           "variant: prior 2.") == 1);
  const BaseRate base = rows_in(temporary.path).at(0).base;
  CHECK(base.lo == doctest::Approx(0.1 - 1.96 * 0.04));
  CHECK(base.hi == doctest::Approx(0.1 + 1.96 * 0.04));
}

TEST_CASE("a method under another name has the same ledger and a row of its own") {
  const TemporaryFolder temporary;
  Registry all = tiny::registry();
  all.methods.push_back(variant("mine", all.method("banel"), {}));
  const Study s = parse_study(
      "title = \"M\"\ntask = \"tiny\"\nseeds = 1\nbudget = 40\nsamples = 100\nbase_samples = 100\nvariants = "
      "[\"banel\", \"mine\"]",
      "m.toml", all);
  const Table table = run_study(temporary.path, s, all, {.mode = ProgressMode::quiet});
  CHECK(read_file(temporary.path / "attacks/1/banel/seed1/ledger.jsonl") ==
        read_file(temporary.path / "attacks/1/mine/seed1/ledger.jsonl"));
  CHECK(to_csv(table).find("mine") != std::string::npos);
}

TEST_CASE("attacks of code with another canary are refused" * doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const fs::path canary = temporary.path / "bird.toml";
  write_file(canary,
             "title = \"C\"\ntask = \"tiny\"\nseeds = 1\nbudget = 20\nsamples = 100\nbase_samples = 100\n"
             "variants = [\"prior\"]\n");
  Study s = tiny::study(tiny::two_by_two);
  s.canary = canary.string();
  const fs::path run = temporary.path / "run";
  const Table table = tiny::run(run, s);
  CHECK(table.made.facts.back().starts_with("Canary "));
  verify_clean(run);
  const std::string record = read_file(run / "run.json");
  const auto hash = record.find("\"hash\": \"") + 9;
  write_file(run / "run.json", std::string(record).replace(hash, 4, "beef"));
  CHECK(!verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet).differences.empty());
  tiny::run(run, s);  // nothing is missing
  fs::remove_all(run / "attacks/fives-1/prior/seed2");
  CHECK_THROWS_WITH_AS(tiny::run(run, s), doctest::Contains("choose another folder"), InputError);
  CHECK_FALSE(fs::exists(run / "canary-new"));
  write_file(run / "run.json", record);
  fs::remove(canary);  // the run has a copy
  tiny::run(run, s);
  verify_clean(run);
  report_study(run, tiny::registry(), {.mode = ProgressMode::quiet});
  CHECK_THROWS_WITH_AS(tiny::run(temporary.path / "new", s),
                       doctest::Contains("is neither a study nor a file"), UsageError);
}

TEST_CASE("instances can be shared between studies" * doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const Study s = tiny::study(tiny::two_by_two);
  for (const char* run : {"one", "two"})
    run_study(temporary.path / run, s, tiny::registry(),
              {.instances = temporary.path / "shared", .mode = ProgressMode::quiet});
  CHECK(fs::is_symlink(temporary.path / "two" / "instances"));
  CHECK(std::distance(fs::directory_iterator(temporary.path / "shared"), {}) == 1);
  verify_clean(temporary.path / "two");
  CHECK_THROWS_AS(
      run_study(temporary.path / "two", s, tiny::registry(), {.instances = temporary.path / "else"}),
      InputError);
}

TEST_CASE("results replace the pictures of their page and leave those of others") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path / "out";
  fs::create_directory(out);
  write_file(out / "line-of-others-bars.png", "kept");
  write_file(out / "line-old.png", "removed");
  write_file(out / "holiday.png", "kept");
  write_file(out / "tuning.md", "of another study, though runs have a file of this name");
  write_file(out / "line.md",
             "# Old\n- Command: `banel results --only line`.\n![old](line-old.png)![holiday](holiday.png)\n");
  write_file(temporary.path / "line.toml", std::string("results = true\n") + tiny::two_by_two);
  run_results(out, temporary.path / "runs", tiny::registry(), {.mode = ProgressMode::quiet},
              {temporary.path / "line.toml"});
  CHECK(fs::exists(out / "line-of-others-bars.png"));
  CHECK(fs::exists(out / "holiday.png"));
  CHECK(read_file(out / "tuning.md").starts_with("of another study"));
  CHECK_FALSE(fs::exists(out / "line-old.png"));
  CHECK(read_file(out / "line.md").find("# Tiny") == 0);
}

TEST_CASE("a page names the command of results whatever command made its attacks") {
  const TemporaryFolder temporary;
  const fs::path out = temporary.path / "out", runs = temporary.path / "runs";
  write_file(temporary.path / "line.toml", std::string("results = true\n") + tiny::two_by_two);
  const Study study = read_study((temporary.path / "line.toml").string(), tiny::registry());
  run_study(runs / "line", study, tiny::registry(),
            {.instances = runs / "instances", .command = "banel study line.toml"});
  for (int call = 1; call <= 2; ++call) {  // the second one knows the page of the first
    run_results(out, runs, tiny::registry(), {.mode = ProgressMode::quiet}, {temporary.path / "line.toml"});
    CHECK(read_file(out / "line.md").find("- Command: `banel results --only line`.\n") != std::string::npos);
  }
}

TEST_CASE("results replace no page of somebody else and write into no run") {
  const TemporaryFolder temporary;
  const fs::path study = temporary.path / "line.toml", out = temporary.path / "out";
  write_file(study, std::string("results = true\n") + tiny::two_by_two);
  const auto results = [&](const std::vector<std::string>& names) {
    run_results(out, temporary.path / "runs", tiny::registry(), {.mode = ProgressMode::quiet}, names);
  };
  CHECK_THROWS_WITH_AS(results({study, study}), doctest::Contains("line is named twice"), UsageError);
  fs::create_directory(out);
  write_file(out / "line.md", "my notes");
  CHECK_THROWS_WITH_AS(results({study}), doctest::Contains("was not made by"), InputError);
  CHECK(read_file(out / "line.md") == "my notes");
  fs::remove(out / "line.md");
  fs::create_directory(out / "attacks");
  write_file(out / "study.toml", "");
  CHECK_THROWS_WITH_AS(results({study}), doctest::Contains("holds what `banel study` made"), InputError);
  CHECK(!fs::exists(temporary.path / "runs"));
}

TEST_CASE("only studies that say so are results") {
  const TemporaryFolder temporary;
  CHECK_THROWS_AS(
      run_results(temporary.path, temporary.path, Registry{built_in_methods(), {}}, {}, {"nothing"}),
      UsageError);
}

}  // namespace
}  // namespace banel
