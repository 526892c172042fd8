#include "tasks/study/verify.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_reproduce.h"
#include "tensor/check.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// A value that is impossible by itself is refused before anything is compared.
std::vector<std::string> differences(const fs::path& folder) {
  try {
    return verify(folder, ProgressMode::quiet).differences;
  } catch (const InputError& error) {
    return {error.what()};
  }
}

// Replaces the first `before` in a file, looks, and puts the file back.
void check_found(const fs::path& run, const fs::path& file, const std::string& before, const std::string& after) {
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

TEST_CASE("a finished run agrees with itself and whatever is changed in it is found") {
  const TemporaryFolder temporary;
  const fs::path run = temporary.path / "run";
  reproduce(run, tiny::reproduction({"banel", "tail"}), ProgressMode::quiet);
  const Verification whole = verify(run, ProgressMode::quiet);
  for (const std::string& difference : whole.differences) FAIL_CHECK(difference);
  CHECK(whole.attacks == 4);
  CHECK(whole.evaluations > 4 * 20);  // one digit: some runs know no new string before their budget ends

  const fs::path attack = fs::path("attacks") / "banel" / "seed2";
  check_found(run, "table.json", "\"final_mean\": ", "\"final_mean\": 1");
  check_found(run, "table.csv", "banel,2,", "banel,3,");
  check_found(run, "table.md", "| **banel** |", "| **banel** | 0");
  check_found(run, attack / "metrics.jsonl", "\"positives\":", "\"positives\":1");
  check_found(run, attack / "metrics.jsonl", "\"nre\":", "\"nre\":1");
  check_found(run, attack / "config.json", "\"target\": \"", "\"target\": \"0");

  const std::string log = read_file(run / attack / "metrics.jsonl");
  const auto last = log.rfind("\"valid\":{\"k\":");
  write_file(run / attack / "metrics.jsonl", std::string(log).insert(last + 13, "1"));
  CHECK(!differences(run).empty());
  write_file(run / attack / "metrics.jsonl", log);

  const std::string attacker = read_file(run / attack / "attacker.safetensors");
  Checkpoint other = load_checkpoint(run / attack / "attacker.safetensors");
  for (real& w : other.model.parameters.values) w *= 1.5F;
  save_checkpoint(run / attack / "attacker.safetensors", other.model, other.metadata);
  const std::vector<std::string> found = differences(run);
  REQUIRE(!found.empty());
  CHECK(found[0].find("last attacker measured again") != found[0].npos);
  write_file(run / attack / "attacker.safetensors", attacker);
  CHECK(differences(run).empty());

  other.metadata["finished"] = "no";
  save_checkpoint(run / attack / "attacker.safetensors", other.model, other.metadata);
  CHECK_THROWS_WITH_AS(verify(run, ProgressMode::quiet), doctest::Contains("is not finished"), InputError);
  fs::remove(run / "table.json");
  CHECK_THROWS_AS(differences(run), IoError);
}

}  // namespace
}  // namespace banel
