#include "tasks/study/verify.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// A value that is impossible by itself is refused before anything is compared.
std::vector<std::string> differences(const fs::path& folder) {
  try {
    return verify(folder, tiny::registry(), ProgressMode::quiet).differences;
  } catch (const InputError& error) {
    return {error.what()};
  }
}

// Replaces the first `before` in a file, looks, and puts the file back.
void check_found(const fs::path& run, const fs::path& file, const std::string& before,
                 const std::string& after) {
  const std::string text = read_file(run / file);
  const auto at = text.find(before);
  INFO(file.string() << ": " << before << " -> " << after);
  REQUIRE(at != text.npos);
  write_file(run / file, std::string(text).replace(at, before.size(), after));
  const std::vector<std::string> found = differences(run);
  REQUIRE(!found.empty());
  CHECK(found[0].find(file.filename().string()) != found[0].npos);
  write_file(run / file, text);
}

struct FinishedRun : TemporaryFolder {
  FinishedRun() {
    Study s = tiny::study(tiny::two_by_two);
    select(s, tiny::registry(), {.panels = {"threes"}});
    tiny::run(path, s);
  }
};

const fs::path attack = fs::path("attacks") / "threes-1" / "banel" / "seed2";

TEST_CASE("a finished run agrees with itself and whatever text is changed in it is found") {
  const FinishedRun finished;
  const fs::path& run = finished.path;
  const Verification whole = verify(run, tiny::registry(), ProgressMode::quiet);
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

TEST_CASE("a run with missing parts is refused") {
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
  CHECK_THROWS_AS(verify(run, tiny::registry(), ProgressMode::quiet), InputError);
  fs::remove(run / "rows.json");
  CHECK_THROWS_AS(verify(run, tiny::registry(), ProgressMode::quiet), IoError);
}

}  // namespace
}  // namespace banel
