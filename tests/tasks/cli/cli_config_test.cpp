// The file of --config, written by a run and read by the next.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

TEST_CASE("the written configuration repeats the run and flags override it") {
  const Networks networks;
  const fs::path first = networks.folder.path / "first", second = networks.folder.path / "second", third = networks.folder.path / "third";
  REQUIRE(run(networks.attack("first", {"--method", "tail", "--f", "3"})).code == 0);
  const std::string config = first / "config.toml";

  const Outcome again = run({"--config", config, "attack", "--out", second});
  CAPTURE(again.err);
  CHECK(again.code == 0);
  REQUIRE(fs::exists(second / "attacker.safetensors"));
  CHECK((results(second) == results(first)));

  REQUIRE(run({"--config", config, "attack", "--out", third, "--seed", "6"}).code == 0);
  const Json changed = Json::parse(read_file(third / "config.json"));
  CHECK(changed.at("seed") == 6);
  CHECK(changed.at("method") == "tail");
  CHECK(changed.at("f") == 3.0);
  CHECK(changed.at("budget") == 60);
  CHECK(read_file(third / "ledger.jsonl") != read_file(first / "ledger.jsonl"));
}

TEST_CASE("a configuration with an unknown key or no configuration at all is refused by name") {
  const Networks networks;
  const fs::path config = networks.folder.path / "config.toml";
  write_file(config, "[attack]\nbudgt = 30\n");
  refused(2, Arguments{"--config", config} + networks.attack("run"), {"budgt"});
  write_file(config, "unknown = 1\n");
  refused(2, Arguments{"--config", config} + networks.attack("run"), {"unknown"});
  write_file(config, "[attack]\nbudget = 0\n");
  refused(2, Arguments{"--config", config, "attack", "--networks", networks.path, "--out", networks.folder.path / "run"}, {"budget", "0"});
  refused(2, Arguments{"--config", networks.folder.path / "missing.toml"} + networks.attack("run"), {"missing.toml"});
  CHECK(!fs::exists(networks.folder.path / "run"));
}

TEST_CASE("a configuration that is damaged or ambiguous is refused by its line and nothing of it reaches the terminal") {
  const Networks networks;
  const fs::path config = networks.folder.path / "config.toml";
  std::string dots = "[a";
  for (int i = 0; i < 40'000; ++i) dots += ".a";
  const std::vector<std::pair<std::string, std::string>> damaged{{"[attack]\n\x1b[31mbudget = 30\n", "line 2: not plain UTF-8"},
                                                                 {"[attack]\nbudget = 30\n\xFF\xFE\n", "line 3: not plain UTF-8"},
                                                                 {std::string("[attack]\n\0\n", 11), "line 2: not plain UTF-8"},
                                                                 {dots + "]\nx = 1\n", "line 1: more than three dots"},
                                                                 {dots.substr(1) + " = 1\n", "line 1: more than three dots"},
                                                                 {"[attack]\nbudget = [30, 60\nseed = 1\n", "line 2: an array that does not end"},
                                                                 {"[attack]\nbudget = 30\n[attack]\nbudget = 60\n", "\"attack.budget\" comes twice"},
                                                                 {"attack.budget = 30\n[attack]\nbudget = 60\n", "\"attack.budget\" comes twice"},
                                                                 {std::string(200'000, '\n'), "more than 100,000 bytes"}};
  for (const auto& [text, reason] : damaged) {
    write_file(config, text);
    refused(3, Arguments{"--config", config} + networks.attack("run"), {"--config", reason});
  }
  CHECK(!fs::exists(networks.folder.path / "run"));
}

}  // namespace
}  // namespace banel
