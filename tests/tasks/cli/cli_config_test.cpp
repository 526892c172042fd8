// The file of --config, written by a run and read by the next.
#include <doctest/doctest.h>

#include "nn/io/json.h"
#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::Folder;

TEST_CASE("the written configuration repeats the run and options override it") {
  const Folder here;
  const fs::path first = here.path / "first", second = here.path / "second", third = here.path / "third";
  const Arguments tail{"--method", "tail", "--set", "f=3"};
  const Arguments words = tiny::without(here.attack("first"), "phi_epochs=2");  // tail has no failure model
  REQUIRE(run(words + tail).code == 0);
  const std::string config = first / "config.toml";

  const Outcome again = run({"--config", config, "attack", "--out", second});
  CAPTURE(again.err);
  CHECK(again.code == 0);
  REQUIRE(fs::exists(second / "attacker.safetensors"));
  CHECK((tiny::results(second) == tiny::results(first)));

  REQUIRE(run({"--config", config, "attack", "--out", third, "--seed", "6"}).code == 0);
  const Json changed = read_json(third / "config.json");
  CHECK(changed.at("seed") == 6);
  CHECK(changed.at("method") == "tail");
  CHECK(changed.at("settings").at("f") == 3.0);
  CHECK(changed.at("settings").at("budget") == 60);
  CHECK(read_file(third / "ledger.jsonl") != read_file(first / "ledger.jsonl"));
}

TEST_CASE("a configuration with an unknown key or a value out of range is refused by its line") {
  const Folder here;
  const fs::path config = here.path / "config.toml";
  const std::vector<std::pair<std::string, std::string>> bad{
      {"[attack]\nsamplse = 30\n", "line 2: attack.samplse"},
      {"unknown = 1\n", "line 1: unknown"},
      {"[attack]\nsamples = -1\n", "line 2: attack.samples: -1"},
      {"[attack]\nseed = \"one\"\n", "line 2: attack.seed"}};
  for (const auto& [text, reason] : bad) {
    write_file(config, text);
    refused(3, Arguments{"--config", config, "attack", "--out", here.path / "run"}, {"config.toml", reason});
  }
  write_file(config, "[attack]\nset = [\"budget=0\"]\n");
  refused(2, Arguments{"--config", config, "attack", "--out", here.path / "run"}, {"budget", "0"});
  refused(4, Arguments{"--config", here.path / "missing.toml"} + here.attack("run"), {"missing.toml"});
  CHECK(!fs::exists(here.path / "run"));
}

TEST_CASE(
    "a configuration that is damaged or ambiguous is refused by its line and nothing of it reaches the "
    "terminal") {
  const Folder here;
  const fs::path config = here.path / "config.toml";
  std::string dots = "a";
  for (int i = 0; i < 40'000; ++i) dots += ".a";
  const std::vector<std::pair<std::string, std::string>> damaged{
      {"[attack]\n\x1b[31mseed = 30\n", "line 2"},
      {"[attack]\nseed = 30\n\xFF\xFE\n", "line 3"},
      {std::string("[attack]\n\0\n", 11), "line 2"},
      {"[" + dots + "]\nx = 1\n", "line 1"},
      {dots + " = 1\n", "line 1"},
      {"[attack]\nset = [\"a\", \"b\"\nseed = 1\n", "line 3"},
      {"[attack]\nseed = 30\n[attack]\nseed = 60\n", "line 3"},
      {"attack.seed = 30\n[attack]\nseed = 60\n", "line 2"},
      {std::string(200'000, '\n'), "more than 100,000 bytes"}};
  for (const auto& [text, why] : damaged) {
    const std::string reason = why;
    CAPTURE(reason);
    write_file(config, text);
    const Arguments words = Arguments{"--config", config} + here.attack("run");
    refused(3, words, {"config.toml", reason});
    CHECK(run(words).err.find('\x1b') == std::string::npos);
  }
  CHECK(!fs::exists(here.path / "run"));
}

}  // namespace
}  // namespace banel
