#include "tasks/study/canary.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/study/record.h"
#include "tasks/study/verify/verify.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_study.h"

namespace banel {
namespace {

TEST_CASE("a canary has one hash for the same code and another one for other attacks") {
  const TemporaryFolder one, two;
  const Registry all = tiny::registry();
  Study s = tiny::study(tiny::two_by_two);
  const Canary first = run_canary(one.path, s, all);
  CHECK(run_canary(one.path, s, all).hash == first.hash);  // read back
  CHECK(canary_hash(one.path, all) == first.hash);
  CHECK(!first.expected);
  s.hashes[first.core] = "stated";
  CHECK(run_canary(one.path, s, all).expected == "stated");
  change(s, all, "banel.f=2");
  CHECK(run_canary(two.path, s, all).hash != first.hash);
}

TEST_CASE("the tables in tasks/results belong to the present code" * doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const Registry all{.methods = built_in_methods(), .tasks = {addition::entry()}};
  const Canary canary = run_canary(temporary.path, read_study("canary", all), all);
  if (!canary.expected) {
    MESSAGE("skipped: no hash is stored for the OpenBLAS core type " << canary.core << ", here it is "
                                                                     << canary.hash);
    return;
  }
  CHECK(canary.hash == *canary.expected);
}

TEST_CASE("an expected hash that was written into a copy of the canary is found" *
          doctest::test_suite("slow")) {
  const TemporaryFolder temporary;
  const std::filesystem::path& run = temporary.path;
  Registry all = tiny::registry();
  all.tasks.push_back(addition::entry());
  Study s = tiny::study(
      "title = \"T\"\ntask = \"tiny\"\nseeds = 1\nbudget = 20\nsamples = 100\n"
      "base_samples = 100\nvariants = [\"prior\"]");
  s.canary = "canary";
  run_study(run, s, all, {.mode = ProgressMode::quiet});
  CHECK(verify(run, all, Depth::fast, ProgressMode::quiet).differences.empty());
  Study forged = read_run(run / "canary", all);
  const std::optional<RunRecord> record = read_record(run);
  REQUIRE((record && record->canary));
  forged.hashes[record->canary->core] = "0123456789abcdef";
  write_file(run / "canary" / "study.toml", to_toml(forged));
  const std::string text = read_file(run / "run.json"), key = "\"expected\": ";
  const auto at = text.find(key) + key.size();
  write_file(run / "run.json",
             std::string(text).replace(at, text.find('\n', at) - at, "\"0123456789abcdef\""));
  const Verification found = verify(run, all, Depth::fast, ProgressMode::quiet);
  REQUIRE(found.differences.size() == 2);
  CHECK(found.differences[0].find("canary/study.toml, line") != std::string::npos);
  CHECK(found.differences[1].find("run.json, canary, expected") != std::string::npos);
}

}  // namespace
}  // namespace banel
