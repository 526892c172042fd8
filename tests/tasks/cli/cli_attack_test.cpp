// `banel train` and `banel attack` as a user runs them: what they leave, refuse and survive.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "banel/ledger.h"
#include "nn/io/checkpoint.h"
#include "nn/io/json.h"
#include "nn/io/safetensors.h"
#include "tensor/rng.h"
#include "tests/support/json.h"
#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using tiny::Folder;

bool has_bytes(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return !error && size > 0;
}

TEST_CASE("missing networks are named and nothing is left behind") {
  const TemporaryFolder here;
  const std::string missing = here.path / "missing";
  refused(4, {"attack", "--networks", missing, "--out", here.path / "run"}, {missing});
  refused(4, {"ask", "target", "1+1", "--networks", missing}, {missing});
  refused(4, {"ask", "attacker", missing}, {missing});
  refused(4, {"ask", missing}, {missing});
  refused(4, {"ask", "rules"}, {"banel reproduce --quick"}, here.path);
  CHECK(here.names().empty());
  fs::create_directory(missing);
  refused(3, {"attack", "--networks", missing, "--out", here.path / "run"}, {missing, "banel train"});
  CHECK(here.names() == std::set<std::string>{"missing"});
}

TEST_CASE("a checkpoint that is no checkpoint of this task is refused by name") {
  const Folder good;
  const std::string target = read_file(good.networks / "target.safetensors");
  const auto network = [](int vocabulary, int context) {
    return GPT({vocabulary, context, 16, 1, 2}, Rng(1, "foreign"));
  };
  const auto other_weights = [](const fs::path& p) {  // of the same shapes
    Checkpoint other = load_checkpoint(p);
    other.model.parameters.values[0] += 1;
    save_checkpoint(p, other.model, other.metadata);
  };
  const std::vector<std::pair<std::string, std::function<void(const fs::path&)>>> damages{
      {"target.safetensors", [&](const fs::path& p) { write_file(p, ""); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target.substr(0, target.size() - 1)); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target.substr(0, 100)); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target + 'x'); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, std::string(1000, '\0')); }},
      {"target.safetensors",
       [&](const fs::path& p) {
         save_safetensors(p, {{}, {{"w", {2}, {1, 2}}}});
       }},
      {"target.safetensors", [&](const fs::path& p) { save_checkpoint(p, network(14, 9)); }},
      {"target.safetensors", [&](const fs::path& p) { save_checkpoint(p, network(13, 8)); }},
      {"attacker.safetensors", [&](const fs::path& p) { save_checkpoint(p, network(14, 6)); }},
      {"attacker.safetensors", [&](const fs::path& p) { save_checkpoint(p, network(13, 8)); }},
      {"attacker.safetensors", [&](const fs::path& p) { write_file(p, target); }},
      {"target.safetensors", other_weights},
      {"attacker.safetensors", other_weights},
      {"target.json", [&](const fs::path& p) { write_file(p, "{}"); }},
      {"instance.json", [&](const fs::path& p) { write_file(p, "{}"); }},
      {"instance.json", [&](const fs::path& p) {
         write_file(p, R"({"task":"none","instance":1,"settings":{},"folder":"."})");
       }}};
  int number = 0;
  for (const auto& [name, damage] : damages) {
    INFO("damage " << ++number);
    const Folder here;
    damage(here.networks / name);
    refused(3, here.attack("run"), {name});
    CHECK(!fs::exists(here.path / "run"));
    refused(3, {"ask", "target", "1+1", "--networks", here.networks}, {name});
  }
  TensorFile file = load_safetensors(good.networks / "attacker.safetensors");
  file.tensors[0].shape = {file.tensors[0].shape[1],
                           file.tensors[0].shape[0]};  // the right numbers in another shape
  save_safetensors(good.networks / "attacker.safetensors", file);
  refused(3, good.attack("run"), {"attacker.safetensors", file.tensors[0].name});
  CHECK(!fs::exists(good.path / "run"));
}

TEST_CASE("an out folder that cannot be made is named") {
  const Folder here;
  write_file(here.path / "file", "a file\n");
  const std::string below = here.path / "file" / "run", file = here.path / "file";
  refused(4, here.attack("file/run"), {below});
  refused(4, {"train", "addition", "--out", below}, {below});
  refused(4, {"study", "planted", "--quick", "--quiet", "--out", below}, {below});
  refused(4, here.attack("file"), {file});
  CHECK(read_file(file) == "a file\n");
  CHECK(here.folder.names() == std::set<std::string>{"file", "networks"});
}

TEST_CASE("a second process on a run folder is refused and changes nothing") {
  const Folder here;
  const fs::path folder = here.path / "run";
  fs::create_directory(folder);
  {
    const FolderLock lock(folder);
    refused(4, here.attack("run"), {folder});
    refused(4, {"train", "addition", "--out", folder}, {folder});
    refused(4, {"study", "planted", "--quick", "--quiet", "--out", folder}, {folder});
  }
  for (const auto& entry : fs::directory_iterator(folder)) CHECK(entry.path().filename() == ".lock");
  CHECK(run(here.attack("run")).code == 0);  // the lock is gone with its holder
}

TEST_CASE("a run folder of another configuration is refused and kept as it was") {
  const Folder here;
  REQUIRE(run(here.attack("run")).code == 0);
  const auto before = tiny::files(here.path / "run");
  refused(3, here.attack("run", {"--set", "f=3"}), {here.path / "run"});
  CHECK((tiny::files(here.path / "run") ==
         before));  // config.toml and run.json too: they describe what made the results
}

TEST_CASE("networks of other settings are neither trained over nor attacked") {
  const Folder here;
  refused(3, {"train", "addition", "--quiet", "--out", here.networks, "--set", "digits=3"}, {"target.json"});
  refused(3, here.attack("run", {"--set", "digits=3"}), {"target.json"});
  refused(2, here.attack("run", {"--instance", "2"}), {"--instance", "2"});
  refused(2, here.attack("run", {"--task", "planted"}), {"--task", "planted"});
  CHECK(!fs::exists(here.path / "run"));
}

TEST_CASE("an attack on the instance that the program carries trains nothing") {
  const TemporaryFolder here;
  const Outcome o = run({"attack", "--instance", "5", "--out", "x", "--quiet", "--samples", "10", "--method",
                         "banel", "--set", "budget=5", "--set", "m=5", "--set", "n=2"},
                        here.path);
  CAPTURE(o.err);
  REQUIRE(o.code == 0);
  const fs::path carried = fs::path(BANEL_SOURCE_DIR) / "tasks" / "networks";
  for (const auto& entry : fs::directory_iterator(carried)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("addition-5-"))
      CHECK(read_file(here.path / "x" / "instance" / name.substr(name.find('.') + 1)) ==
            read_file(entry.path()));
  }
}

TEST_CASE("an attack writes its files and says what it reached in words or as JSON") {
  const Folder here;
  for (const std::string method : {"banel", "oracle-free"}) {
    CAPTURE(method);
    Arguments words = here.attack(method, {"--method", method, "--json"});
    const Outcome o = run(words);
    CAPTURE(o.err);
    REQUIRE(o.code == 0);
    CHECK(o.err == "");
    const Json json = json_of(o.out);
    CHECK(json.at("method") == method);
    CHECK(json.at("seed") == 5);
    CHECK(json.at("evaluations") == (method == "banel" ? 60 : 0));
    CHECK(json.at("final").at("success").at("n") == 100);
    for (const char* name : {"run.json", "config.toml", "config.json", "instance.json", "ledger.jsonl",
                             "metrics.jsonl", "attacker.safetensors"}) {
      CAPTURE(name);
      CHECK(fs::exists(here.path / method / name));
    }
    CHECK(read_json(here.path / method / "run.json").contains("arguments"));
    CHECK(run(words).out == o.out);  // read back, the seconds included
    words.pop_back();
    CHECK(run(words).out.find("2-digit addition, target 1, " + method + ", seed 5: success rate") == 0);
  }
}

TEST_CASE("a seed that JSON does not hold exactly is refused") {
  refused(2, {"attack", "--task", "toy1d", "--seed", "9007199254740993", "--out", "none"},
          {"--seed", "9007199254740993", "9007199254740992"});
}

TEST_CASE("the program works in a folder whose name is not UTF-8") {
  const TemporaryFolder here;
  const fs::path folder = here.path / "caf\xe9";
  fs::create_directory(folder);
  fs::create_symlink(BANEL_PROGRAM, folder / "banel");
  const Outcome o = Program({(folder / "banel").string(), "attack", "--quiet", "--task", "toy1d", "--set",
                             "budget=20", "--samples", "50", "--out", (here.path / "run").string()})
                        .wait();
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(read_file(here.path / "run" / "run.json"), "caf?"));
}

TEST_CASE("progress of an attack and the command that comes next go to stderr") {
  const Folder here;
  Arguments words = here.attack("run");
  words.erase(std::find(words.begin(), words.end(), "--quiet"));
  const Outcome o = run(words);
  CHECK(o.code == 0);
  CHECK(o.out.find("Next") == o.out.npos);
  CHECK(o.err.find("banel") != o.err.npos);
  CHECK(o.err.find("Next: banel ask " + (here.path / "run").string()) != o.err.npos);
  CHECK(o.err.find('\r') == o.err.npos);  // no terminal: plain lines
}

TEST_CASE("Ctrl-C ends an attack within 2 seconds and the same command completes it" *
          doctest::test_suite("slow")) {
  const Folder here;
  const fs::path whole = here.path / "whole", parts = here.path / "parts";
  REQUIRE(run(here.long_attack("whole")).code == 0);
  for (const int number : {SIGINT, SIGTERM}) {
    Program program(Arguments{BANEL_PROGRAM} + here.long_attack("parts"));
    const std::string before = has_bytes(parts / "metrics.jsonl") ? read_file(parts / "metrics.jsonl") : "";
    REQUIRE(within(60s, [&] {
      return program.ended() || (has_bytes(parts / "metrics.jsonl") &&
                                 read_file(parts / "metrics.jsonl").size() > before.size());
    }));
    const auto start = std::chrono::steady_clock::now();
    program.signal(number);
    const Outcome o = program.wait();
    CHECK(std::chrono::steady_clock::now() - start < 2s);
    CHECK(o.code == 130);
    CHECK(o.out == "");
    CHECK(o.err.rfind("banel: interrupted", 0) == 0);
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  }
  CHECK(run(here.long_attack("parts")).code == 0);
  CHECK((tiny::results(parts) == tiny::results(whole)));
}

TEST_CASE("an attack killed at random instants completes with the same results" *
          doctest::test_suite("slow")) {
  const Folder here;
  const fs::path whole = here.path / "whole", parts = here.path / "parts";
  REQUIRE(run(here.long_attack("whole")).code == 0);
  Rng random(1, "kills");
  int killed = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    Program program(Arguments{BANEL_PROGRAM} + here.long_attack("parts"));
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random.below(380)));
    if (program.ended()) break;
    program.signal(SIGKILL);
    if (program.wait().code == -SIGKILL) ++killed;
  }
  CHECK(killed >= 3);
  const Outcome o = run(here.long_attack("parts"));
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK((tiny::results(parts) == tiny::results(whole)));
}

TEST_CASE("a target that stays above its stop_error is said wherever it is used") {
  const TemporaryFolder here;
  const Arguments training =
      tiny::without(tiny::training(), "stop_error=1") + Arguments{"--set", "stop_error=0"};
  for (int call = 0; call < 2; ++call) {  // the second one loads what the first one made
    const Outcome o =
        run(Arguments{"train", "addition", "--quiet", "--out", here.path / "poor"} + training, here.path);
    CHECK(o.code == 7);
    CHECK(has(o.out, "ready in"));
    CHECK(
        o.err.starts_with("banel: 2-digit addition, target 1: the target ended its training of 11,904 exam"));
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  }
  const Outcome attack = run({"attack", "--networks", here.path / "poor", "--out", here.path / "attack",
                              "--json", "--samples", "10", "--set", "budget=20"});
  CHECK(attack.code == 0);
  CHECK(has(attack.err, "Warning: 2-digit addition, target 1: the target ended"));
  CHECK(has(json_of(attack.out).at("warning").text(), "above stop_error = 0"));
}

TEST_CASE("Ctrl-C ends a training within 2 seconds and leaves its last checkpoint") {
  const TemporaryFolder here;
  const fs::path partial = here.path / "run" / "target.partial.safetensors";
  Program program({BANEL_PROGRAM, "train",
                   "addition",    "--quiet",
                   "--out",       here.path / "run",
                   "--set",       "digits=2",
                   "--set",       "target_width=16",
                   "--set",       "target_layers=1",
                   "--set",       "target_heads=2",
                   "--set",       "target_examples=100000000",
                   "--set",       "check_every=1000",
                   "--set",       "stop_error=0"});
  REQUIRE(within(60s, [&] { return program.ended() || fs::exists(partial); }));
  const auto start = std::chrono::steady_clock::now();
  program.signal(SIGINT);
  const Outcome o = program.wait();
  CHECK(std::chrono::steady_clock::now() - start < 2s);
  CHECK(o.code == 130);
  CHECK(o.out == "");
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK(load_checkpoint(partial).optimizer.has_value());
  CHECK(!fs::exists(here.path / "run" / "target.safetensors"));
}

}  // namespace
}  // namespace banel
