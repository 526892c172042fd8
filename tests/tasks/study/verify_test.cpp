#include "tasks/study/verify/verify.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <mutex>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tasks/study/verify/verify_attack.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// A value that is impossible by itself is refused before anything is compared.
std::vector<std::string> differences(const fs::path& folder, Depth depth = Depth::usual) {
  try {
    return verify(folder, tiny::registry(), depth, ProgressMode::quiet).differences;
  } catch (const InputError& error) {
    return {error.what()};
  }
}

// Replaces the first `before` in a file, looks, and puts the file back.
void check_found(const fs::path& run, const fs::path& file, const std::string& before,
                 const std::string& after, Depth depth = Depth::usual) {
  const std::string text = read_file(run / file);
  const auto at = text.find(before);
  INFO(file.string() << ": " << before << " -> " << after);
  REQUIRE(at != text.npos);
  write_file(run / file, std::string(text).replace(at, before.size(), after));
  const std::vector<std::string> found = differences(run, depth);
  REQUIRE(!found.empty());
  CHECK(found[0].find(file.filename().string()) != found[0].npos);
  write_file(run / file, text);
}

void check_named(const std::vector<std::string>& found, const std::string& text) {
  INFO(text);
  REQUIRE(!found.empty());
  CHECK(found[0].find(text) != found[0].npos);
}

struct FinishedRun : TemporaryFolder {
  FinishedRun() {
    Study s = tiny::study(tiny::two_by_two);
    select(s, tiny::registry(), {.panels = {"threes"}});
    tiny::run(path, s);
  }
};

const fs::path attack = fs::path("attacks") / "threes-1" / "banel" / "seed2";

TEST_CASE("a finished run agrees with itself and whatever text is changed in it is found" *
          doctest::test_suite("slow")) {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const Verification whole = verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet);
  for (const std::string& difference : whole.differences) FAIL_CHECK(difference);
  CHECK(whole.attacks == 4);
  CHECK(whole.evaluations == 4 * 60);

  check_found(run, "rows.json", "\"final\":", "\"final\":1");
  check_found(run, "rows.json", "\"seed\":2", "\"seed\":3");
  check_found(run, "table.csv", "banel", "tail");
  check_found(run, "table.txt", "banel", "tail");
  check_found(run, "table.md", "banel", "tail");
  check_found(run, "report.html", "banel", "tail");
  check_found(run, "plots/bars-threes.svg", "banel", "tail");
  check_found(run, attack / "metrics.jsonl", "\"positives\":", "\"positives\":1");
  check_found(run, attack / "metrics.jsonl", "\"nre\":", "\"nre\":1");
  check_found(run, attack / "config.json", "\"fingerprint\": \"", "\"fingerprint\": \"0");
  check_found(run, attack / "config.json", "\"m\": 20", "\"m\": 21");
  check_found(run, attack / "ledger.jsonl", "\"reward\":0", "\"reward\":1");
  fs::rename(run / "plots/bars-threes.svg", run / "plots/old.svg");
  CHECK(differences(run).size() == 2);  // one is missing, one is too many
  fs::rename(run / "plots/old.svg", run / "plots/bars-threes.svg");
  for (const auto& instance : fs::directory_iterator(run / "instances"))
    for (const auto& file : fs::directory_iterator(instance))
      if (file.path().extension() == ".json")
        check_found(run, fs::relative(file.path(), run), "\"k\": ", "\"k\": 1");
  CHECK(differences(run).empty());
}

// The same answers, and rewards for the others.
class OtherJudge : public tiny::TinyTask {
 public:
  Judge judge() const override {
    return [right = TinyTask::judge()](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts = right(attempts);
      for (Verdict& v : verdicts) v.reward = v.reward == Reward::success ? Reward::failure : Reward::success;
      return verdicts;
    };
  }
};

// Leaves a file in the run the first time that it is asked.
class WritingJudge : public tiny::TinyTask {
 public:
  explicit WritingJudge(const fs::path& run) : file_(run / "attacks" / "new") {}
  Judge judge() const override {
    return [this, right = TinyTask::judge()](std::span<const Attempt> attempts) {
      std::call_once(asked_, [&] { write_file(file_, ""); });
      return right(attempts);
    };
  }

 private:
  fs::path file_;
  mutable std::once_flag asked_;
};

Registry with(const std::function<std::unique_ptr<Task>()>& made) {
  Registry all = tiny::registry();
  all.tasks[0].make = [made](const Values&, std::uint64_t) { return made(); };
  return all;
}

TEST_CASE("rewards that the judge does not give are found though the answers are the same") {
  const FinishedRun finished;
  const Registry all = with([] { return std::make_unique<OtherJudge>(); });
  std::string text;
  for (const std::string& d : verify(finished.path, all, Depth::usual, ProgressMode::quiet).differences)
    text += d + '\n';
  CHECK(text.find("ledger.jsonl, evaluation 1 ") != text.npos);
  CHECK(text.find("ledger.jsonl, evaluation 60 ") != text.npos);
}

TEST_CASE("every failure model of Algorithm 1 is a file of its run") {
  const TemporaryFolder run;
  tiny::run(run.path,
            tiny::study("title = \"T\"\ntask = \"tiny\"\nseeds = 1\nbudget = 40\nsamples = 100\n"
                        "base_samples = 100\nvariants = [{method = \"banel-union\", m = 20, n = 20}]"));
  REQUIRE(fs::exists(run.path / "attacks/1/banel-union/seed1/phi2.safetensors"));
  CHECK(differences(run.path).empty());
  fs::remove(run.path / "attacks/1/banel-union/seed1/phi2.safetensors");
  check_named(differences(run.path), "phi2.safetensors");
}

TEST_CASE("a run that changes while it is verified is not accused") {
  const FinishedRun finished;
  const Registry all = with([&] { return std::make_unique<WritingJudge>(finished.path); });
  CHECK_THROWS_WITH_AS(verify(finished.path, all, Depth::usual, ProgressMode::quiet),
                       doctest::Contains("another process is writing this run"), IoError);
  CHECK(differences(finished.path).size() == 1);  // the file that was left
}

TEST_CASE("a finished attack that the tables do not have yet is named with the cure") {
  const TemporaryFolder temporary;
  const Registry all = tiny::registry();
  Study one = tiny::study(tiny::two_by_two);
  one.seeds = {1};
  tiny::run(temporary.path, one);
  const std::vector<std::string> left = missing_attacks(temporary.path, tiny::study(tiny::two_by_two), all);
  REQUIRE(left.size() == 4);
  run_one(temporary.path, left[0], all, {});
  check_named(differences(temporary.path),
              "threes/1/banel/2: has no row, although its attack is finished; "
              "`banel report` adds one");
}

TEST_CASE("another attacker than the measured one is found") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const std::string log = read_file(run / attack / "metrics.jsonl");
  const auto last = log.rfind("\"valid\":{\"k\":");
  write_file(run / attack / "metrics.jsonl", std::string(log).insert(last + 13, "1"));
  CHECK(!differences(run).empty());
  write_file(run / attack / "metrics.jsonl", log);

  Checkpoint other = load_checkpoint(run / attack / "attacker.safetensors");
  for (real& w : other.model.parameters.values) w *= 1.5F;
  save_checkpoint(run / attack / "attacker.safetensors", other.model, other.metadata);
  const std::vector<std::string> found = differences(run);
  REQUIRE(!found.empty());
  CHECK(found[0].find("last attacker measured again") != found[0].npos);
}

TEST_CASE("what only training gives is found by making it again" * doctest::test_suite("slow")) {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  CHECK(differences(run, Depth::rerun).empty());
  const fs::path log = run / attack / "metrics.jsonl";
  const std::string text = read_file(log);
  for (const char* key : {"\"tokens\":", "\"drawn_for_submission\":", "\"proposals_drawn\":"}) {
    std::string forged = text;
    char& digit = forged[text.find(key) + std::string(key).size()];
    digit = digit == '1' ? '2' : '1';
    write_file(log, forged);
    CHECK(differences(run).empty());
    check_named(differences(run, Depth::rerun), log.string() + ", line 1");
  }
  write_file(log, text);
}

TEST_CASE("a file that no part of the run has is named and so is text behind a log" *
          doctest::test_suite("slow")) {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  for (const fs::path& surplus :
       {fs::path("notes.txt"), attack / "phi1.safetensors", fs::path("attacks/lucky/seed1/ledger.jsonl"),
        fs::path("instances/other/base.json"), fs::path("plots/more.svg")}) {
    fs::create_directories((run / surplus).parent_path());
    write_file(run / surplus, "x");
    check_named(differences(run), surplus.string() + ": is no file of this study");
    fs::remove(run / surplus);
  }
  fs::create_directory_symlink("seed2", (run / attack).parent_path() / "seed9");
  check_named(differences(run), "seed9: is no file of this study");
  fs::remove((run / attack).parent_path() / "seed9");
  write_file(run / attack / "ledger.jsonl", read_file(run / attack / "ledger.jsonl") + "{");
  check_named(differences(run), "ledger.jsonl, bytes");
}

TEST_CASE("counts of a checkpoint and the machine of run.json are those of the other files") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  check_found(run, attack / "checkpoint", "\"idle\":0", "\"idle\":1");
  check_found(run, "run.json", "\"machine\": \"", "\"machine\": \"x");
  check_found(run, "run.json", "\"kernels\": \"", "\"kernels\": \"x");
  const std::string timing = read_file(run / attack / "timing.jsonl");
  write_file(run / attack / "timing.jsonl", timing.substr(0, timing.rfind('\n', timing.size() - 2) + 1));
  check_named(differences(run), "timing.jsonl, rounds");
}

TEST_CASE("without networks hashes and counts are checked and verdicts are said to be left out") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const Verification whole = verify(run, tiny::registry(), Depth::fast, ProgressMode::quiet);
  CHECK(whole.differences.empty());
  CHECK(whole.unchecked.size() == 4);
  check_named(whole.unchecked, "answers, readings and base rates");
  check_found(run, attack / "ledger.jsonl", "\"reward\":0", "\"reward\":1", Depth::fast);
  check_found(run, "table.md", "banel", "tail", Depth::fast);
  fs::remove(run / attack / "attacker.safetensors");
  check_named(differences(run, Depth::fast), "attacker.safetensors: is missing");
}

TEST_CASE("a run of other kernels is checked in answers and arithmetic and says so") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const std::string record = read_file(run / "run.json");
  write_file(run / "run.json", std::string(record).insert(record.find("OpenBLAS "), "another "));
  Checkpoint other = load_checkpoint(run / attack / "attacker.safetensors");
  for (real& w : other.model.parameters.values) w *= 1.5F;  // as if another machine had written other samples
  save_checkpoint(run / attack / "attacker.safetensors", other.model, other.metadata);
  const Verification found = verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet);
  CHECK(found.differences.empty());
  check_named(found.unchecked, "made with another OpenBLAS");
  CHECK_THROWS_AS(verify(run, tiny::registry(), Depth::rerun, ProgressMode::quiet), UsageError);
  check_found(run, attack / "ledger.jsonl", "\"reward\":0", "\"reward\":1");
}

TEST_CASE("a pipe in the place of a file is refused by name and not waited for") {
  const FinishedRun finished;
  for (const char* name : {"table.md", "rows.json", "attacks/left"}) {
    const fs::path pipe = finished.path / name;
    fs::remove(pipe);
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    check_named(differences(finished.path), pipe.string() + ": is neither a file nor a folder");
    fs::remove(pipe);
  }
}

TEST_CASE(
    "a report that is older than study.toml is said to be so and its files are not accused one by one") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  Study more = read_run(run, tiny::registry());
  more.seeds.push_back(3);
  REQUIRE(missing_attacks(run, more, tiny::registry()).size() == 2);
  CHECK(differences(run) == std::vector<std::string>{(run / "report.html").string() +
                                                     ": the report is older than study.toml; `banel report " +
                                                     run.string() + "` makes it again"});
  write_file(run / attack / "ledger.jsonl", read_file(run / attack / "ledger.jsonl") + "{");
  check_named(differences(run), "ledger.jsonl, bytes");
}

TEST_CASE("what a canary left whose process was killed is no surplus file and a comment in study.toml is") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  fs::create_directories(run / "canary-new" / "attacks");
  write_file(run / "canary-new" / "study.toml", "x");
  CHECK(differences(run, Depth::fast).empty());
  write_file(run / "study.toml", read_file(run / "study.toml") + "# approved\n");
  check_named(differences(run, Depth::fast), "study.toml, line ");
}

TEST_CASE("a lock is part of a run only if it is empty and its folder has other files of the run") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const fs::path full = run / attack / ".lock", alone = run / "empty" / ".lock";
  fs::create_directory(run / "empty");
  write_file(full, "x");
  write_file(alone, "");
  std::vector<std::string> found = differences(run, Depth::fast);
  std::ranges::sort(found);
  CHECK(found == std::vector<std::string>{full.string() + ": is no file of this study",
                                          alone.string() + ": is no file of this study"});
}

TEST_CASE("a damaged network is refused by name even where no network is asked") {
  const FinishedRun finished;
  const fs::path file = finished.path / attack / "attacker.safetensors";
  const std::string whole = read_file(file);
  for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() - 4)}) {
    write_file(file, damaged);
    check_named(differences(finished.path, Depth::fast), file.string());
  }
}

TEST_CASE("of two texts the first line that differs is told and of other files the first byte") {
  const TemporaryFolder here;
  const fs::path file = here.path / "log";
  const auto told = [&](const std::string& written, const std::string& found) {
    write_file(file, written);
    Differences all;
    compare_text(all, file, found);
    return all.empty() ? "" : all[0].substr(file.string().size());
  };
  CHECK(told("a\nbc\nd\n", "a\nbc\nd\n") == "");
  CHECK(told("a\nbc\nd\n", "a\nbx\nd\n") == ", line 2: the file says \"bc\", found \"bx\"");
  CHECK(told("a\nb", "a\nbcd") == ", line 2: the file says \"b\", found \"bcd\"");
  const std::string far(100, 'a'), end = "\"..." + far.substr(0, 20);
  CHECK(told(far + "b", far + "c") == ", line 1: the file says " + end + "b\", found " + end + "c\"");
  CHECK(told("a\nb\n", "a\nb") == ": differs from byte 4");
  CHECK(told(std::string("a\0b", 3), std::string("a\0c", 3)) == ": differs from byte 3");
}

TEST_CASE("a folder for scratch files that cannot be is named before anything is verified") {
  const FinishedRun finished;
  const char* const given = std::getenv("TMPDIR");
  const std::string before = given ? given : "";
  ::setenv("TMPDIR", "/nonexistent", 1);
  const Registry all = with([&] { return std::make_unique<WritingJudge>(finished.path); });
  CHECK_THROWS_WITH_AS(verify(finished.path, all, Depth::usual, ProgressMode::quiet),
                       doctest::Contains("/nonexistent: no folder can be made there"), IoError);
  CHECK_FALSE(fs::exists(finished.path / "attacks" / "new"));  // no judge was asked
  ::setenv("TMPDIR", "", 1);  // is /tmp, and not the folder that the program was started in
  CHECK(differences(finished.path).empty());
  given ? ::setenv("TMPDIR", before.c_str(), 1) : ::unsetenv("TMPDIR");
}

TEST_CASE("a folder of the run that cannot be read is named") {
  const FinishedRun finished;
  const fs::path closed = finished.path / "attacks" / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms::none);
  fs::permissions(finished.path, fs::perms::all);
  const bool is_root = ::geteuid() == 0;  // who may read everything
  constexpr uid_t nobody = 65534;
  if (is_root) REQUIRE(::seteuid(nobody) == 0);
  std::string message;
  try {
    verify(finished.path, tiny::registry(), Depth::fast, ProgressMode::quiet);
  } catch (const IoError& error) {
    message = error.what();
  }
  if (is_root) REQUIRE(::seteuid(0) == 0);
  fs::permissions(closed, fs::perms::owner_all);
  CHECK(message == closed.string() + ": cannot be read: Permission denied; check its permissions");
}

TEST_CASE("a run with missing parts is refused" * doctest::test_suite("slow")) {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const std::string rows = read_file(run / "rows.json"), checkpoint = read_file(run / attack / "checkpoint");
  std::vector<Row> fewer = parse_rows(rows, "rows.json");
  fewer.pop_back();
  write_file(run / "rows.json", rows_text(fewer));
  CHECK(!differences(run).empty());
  write_file(run / "rows.json", rows);
  std::string begun = checkpoint;
  begun.replace(begun.find("\"finished\":true"), 15, "\"finished\":false");
  write_file(run / attack / "checkpoint", begun);
  check_named(differences(run), "rows.json, threes/1/banel/2: no finished attack");
  fs::remove_all(run / attack);
  report_study(run, tiny::registry(), {.mode = ProgressMode::quiet});
  const Verification rest = verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet);
  CHECK(rest.differences.empty());  // tables without it agree with one another
  check_named(rest.unchecked, "1 unfinished of the attacks of study.toml, first " + (run / attack).string());
  fs::rename(run / "study.toml", run / "kept.toml");
  check_named(differences(run), "study.toml: is missing");
  fs::rename(run / "kept.toml", run / "study.toml");
  fs::remove(run / "rows.json");
  CHECK_THROWS_AS(verify(run, tiny::registry(), Depth::usual, ProgressMode::quiet), IoError);
}

}  // namespace
}  // namespace banel
