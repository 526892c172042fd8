#include "tasks/run/folder.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// What a study leaves in its folder, as far as other commands look at it.
void take(const fs::path& folder) {
  fs::create_directories(folder / "attacks");
  write_file(folder / "study.toml", "");
  write_file(folder / ".lock", "");
}

TEST_CASE("a folder is neither within a run nor around one by whatever path it is reached") {
  const TemporaryFolder temporary;
  const fs::path run = temporary.path / "run", beside = temporary.path / "beside";
  take(run);
  fs::create_directories(run / "attacks/1/banel");
  fs::create_directories(beside);
  fs::create_directory_symlink(run / "attacks/1", temporary.path / "link");
  for (const fs::path& within : {run / "new", run / "attacks/1/banel", beside / "../run/new",
                                 temporary.path / "link/banel", temporary.path / "link/new"}) {
    CAPTURE(within.string());
    CHECK_THROWS_WITH_AS(check_folder(within, "study"), doctest::Contains("is within the run"), IoError);
  }
  CHECK_THROWS_WITH_AS(check_folder(temporary.path, "study"), doctest::Contains("holds the run"), IoError);
  CHECK_NOTHROW(check_folder(run, "study"));
  CHECK_NOTHROW(check_folder(beside, "study"));
  CHECK_NOTHROW(check_folder(temporary.path / "run2", "study"));
}

TEST_CASE("a run may hold its own canary but no other run") {
  const TemporaryFolder temporary;
  take(temporary.path);
  take(temporary.path / "canary");
  take(temporary.path / "canary-new");
  CHECK_NOTHROW(check_folder(temporary.path, "study"));
  take(temporary.path / "attacks/canary");
  CHECK_THROWS_WITH_AS(check_folder(temporary.path, "study"), doctest::Contains("attacks/canary"), IoError);
}

TEST_CASE("of two commands that begin at the same time one within the folder of the other is refused") {
  const TemporaryFolder temporary;
  const fs::path outer = temporary.path / "run", inner = outer / "attacks/1/banel";
  fs::create_directories(inner);
  {
    const FolderLock other(inner);  // which has written nothing yet
    CHECK_THROWS_WITH_AS(take_folder(outer, "attack"), doctest::Contains("holds the run"), IoError);
    write_file(outer / "study.toml", "");
    CHECK_NOTHROW(take_folder(outer, "study"));  // there it is a job of the study
    fs::remove(outer / "study.toml");
  }
  const FolderLock other(outer);
  CHECK_THROWS_WITH_AS(take_folder(inner, "attack"), doctest::Contains("is within the run"), IoError);
}

TEST_CASE("a command works in a new folder or in its own and replaces nothing of others") {
  const TemporaryFolder temporary;
  const fs::path own = temporary.path / "own";
  fs::create_directories(own / "attacks");
  write_file(own / "attacks/.lock", "");  // of a call that was killed
  write_file(own / "run.json.tmp", "");   // likewise
  write_file(own / "log.txt", "");        // a name that no command uses
  CHECK_NOTHROW(take_folder(own, "study"));
  for (const char* file : {"plots/holiday.png", "canary/bird.txt", "canary-new/bird.txt",
                           "attacks/mine",      "instance/mine",   "attacker.safetensors",
                           "base-1.json",       "phi1.json",       "planted-1.json",
                           "study.toml",        "run.json",        "config.toml",
                           "rows.json",         "table.md",        "table.csv",
                           "table.txt",         "tuning.md",       "report.html",
                           "config.json",       "instance.json",   "ledger.jsonl",
                           "metrics.jsonl",     "timing.jsonl",    "checkpoint",
                           "steps.json",        "toy1d.png",       "toy1d.svg",
                           "attacker.json",     "target.json",     "reasoner.json"}) {
    CAPTURE(file);
    const TemporaryFolder foreign;
    fs::create_directories((foreign.path / file).parent_path());
    write_file(foreign.path / file, "mine");
    CHECK_THROWS_WITH_AS(take_folder(foreign.path, "study"), doctest::Contains("no command made there"),
                         InputError);
    CHECK(foreign.names() == std::set<std::string>{fs::path(file).begin()->string()});
  }
  write_file(own / "run.json", R"({"arguments": ["banel", "--config", "train", "attack", "--out", "own"]})");
  CHECK_NOTHROW(take_folder(own, "attack"));
  CHECK_NOTHROW(take_folder(own / "", "attack"));  // "own/"
  CHECK_THROWS_WITH_AS(take_folder(own, "train"), doctest::Contains("what `banel attack` made"), InputError);
  write_file(own / "study.toml", "");  // beside attacks
  CHECK_THROWS_WITH_AS(take_folder(own, "attack"), doctest::Contains("what `banel study` made"), InputError);
}

}  // namespace
}  // namespace banel
