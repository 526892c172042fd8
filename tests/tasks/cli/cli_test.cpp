// The real program, run as a user runs it: exit codes, what is said and where, what is left behind.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tests/support/run_banel.h"
#include "tests/support/temporary_folder.h"
#include "tensor/rng.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool has_bytes(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return !error && size > 0;
}

TEST_CASE("no command or an unknown one is a usage error that names it") {
  refused(2, {}, {"subcommand"});
  refused(2, {"atack"}, {"atack"});
  refused(2, {"train"}, {"subcommand"});
  refused(2, {"train", "targets"}, {"targets"});
}

TEST_CASE("an unknown flag is a usage error that names it") {
  for (const Arguments& command : std::vector<Arguments>{{"reproduce"}, {"doctor"}, {"attack", "--out", "x"}, {"train", "target", "--out", "x"},
                                                         {"train", "attacker", "--out", "x"}, {"eval", "--target", "x"}, {"sample", "--attacker", "x"}})
    refused(2, command + Arguments{"--no-such-flag"}, {"--no-such-flag"});
}

TEST_CASE("a required option that is missing is named") {
  refused(2, {"attack"}, {"--out"});
  refused(2, {"train", "target"}, {"--out"});
  refused(2, {"train", "attacker"}, {"--out"});
  refused(2, {"eval"}, {"--target"});
  refused(2, {"sample"}, {"--attacker"});
}

TEST_CASE("every numeric option refuses values out of its range and names option and value") {
  const TemporaryFolder here;
  struct Case {
    Arguments command;
    std::string option;
    std::vector<std::string> values;
  };
  const Arguments attack{"attack", "--out", "x"}, target{"train", "target", "--out", "x"}, attacker{"train", "attacker", "--out", "x"},
      eval{"eval", "--target", "x"}, sample{"sample", "--attacker", "x"}, reproduce{"reproduce", "--out", "x"};
  std::vector<Case> cases{
      {attack, "--budget", {"0", "10000001", "many", "1.5"}}, {attack, "--per-round", {"0", "1000001"}}, {attack, "--accepted", {"0", "1000001"}},
      {attack, "--f", {"0.9", "1001", "nan"}},                {attack, "--kappa", {"10.5", "nan"}},      {attack, "--phi-epochs", {"10001"}},
      {attack, "--distil-epochs", {"10001"}},                 {attack, "--rate", {"0", "1.1", "nan"}},   {attack, "--samples", {"99", "10000001"}},
      {attack, "--threads", {"0", "1025"}},                   {attack, "--seed", {"one"}},
      {target, "--stop-error", {"1.1"}},                      {target, "--check-every", {"999"}},
      {eval, "--samples", {"0", "1000000001"}},               {eval, "--threads", {"0"}},                {eval, "--seed", {"one"}},
      {sample, "-n", {"0", "100000001"}},                     {sample, "--temperature", {"0", "1001", "nan"}}, {sample, "--seed", {"one"}},
      {reproduce, "--seeds", {"0", "1001"}},                  {reproduce, "--jobs", {"0", "1025"}},      {reproduce, "--threads", {"0", "1025"}}};
  for (const Arguments& train : {target, attacker})
    for (const Case& c : std::vector<Case>{{train, "--digits", {"0", "19"}}, {train, "--d-model", {"3", "1025"}}, {train, "--layers", {"0", "17"}},
                                           {train, "--heads", {"0", "65"}}, {train, "--batch", {"0", "65537"}}, {train, "--rate", {"0", "2"}},
                                           {train, "--weight-decay", {"10.5"}}, {train, "--examples", {"999"}}, {train, "--threads", {"0"}},
                                           {train, "--seed", {"one"}}})
      cases.push_back(c);
  for (const Case& c : cases)
    for (const std::string& value : c.values) refused(2, c.command + Arguments{c.option, value}, {c.option, value}, here.path);
  CHECK(here.names().empty());
}

TEST_CASE("negative numbers are refused as values") {
  const TemporaryFolder here;
  for (const char* option : {"--budget", "--per-round", "--accepted", "--f", "--kappa", "--phi-epochs", "--distil-epochs", "--rate", "--samples",
                             "--threads", "--seed"})
    refused(2, {"attack", "--out", "x", std::string(option) + "=-1"}, {option, "-1"}, here.path);
  refused(2, {"attack", "--out", "x", "--budget", "-1"}, {"--budget", "-1"}, here.path);
  CHECK(here.names().empty());
}

TEST_CASE("a width that the heads do not divide is refused before anything is made") {
  const TemporaryFolder here;
  refused(2, {"train", "target", "--out", "x", "--d-model", "30", "--heads", "4"}, {"30", "4"}, here.path);
  CHECK(here.names().empty());
}

TEST_CASE("an unknown method is a usage error with the names of all") {
  const Networks networks;
  refused(2, networks.attack("run", {"--method", "bandel"}), {"bandel", "banel-union"});
  refused(2, {"reproduce", "--quick", "--methods", "banel,bandel", "--out", networks.folder.path / "run"}, {"bandel", "banel-union"});
  CHECK(!fs::exists(networks.folder.path / "run"));
}

TEST_CASE("missing networks are named and nothing is left behind") {
  const TemporaryFolder here;
  const std::string missing = here.path / "missing";
  refused(4, {"attack", "--networks", missing, "--out", here.path / "run"}, {missing});
  refused(4, {"eval", "--target", missing}, {missing});
  refused(4, {"sample", "--attacker", missing}, {missing});
  CHECK(here.names().empty());
  refused(4, {"train", "attacker", "--out", here.path / "run"}, {"target.safetensors"});
  CHECK(here.names().empty());
}

TEST_CASE("a checkpoint that is no checkpoint of this task is refused by name") {
  const Networks good;
  const std::string target = read_file(good.path / "target.safetensors");
  const auto attacker_of = [](int vocabulary, int context) { return GPT({vocabulary, context, 16, 1, 2}, Rng(1, "foreign")); };
  std::vector<std::pair<std::string, std::function<void(const fs::path&)>>> damages{
      {"target.safetensors", [&](const fs::path& p) { write_file(p, ""); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target.substr(0, target.size() - 1)); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target.substr(0, 100)); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, target + 'x'); }},
      {"target.safetensors", [&](const fs::path& p) { write_file(p, std::string(1000, '\0')); }},
      {"target.safetensors", [&](const fs::path& p) { save_safetensors(p, {{}, {{"w", {2}, {1, 2}}}}); }},
      {"target.safetensors", [&](const fs::path& p) { save_checkpoint(p, attacker_of(14, 9)); }},
      {"target.safetensors", [&](const fs::path& p) { save_checkpoint(p, attacker_of(13, 8)); }},
      {"attacker.safetensors", [&](const fs::path& p) { save_checkpoint(p, attacker_of(14, 6)); }},
      {"attacker.safetensors", [&](const fs::path& p) { save_checkpoint(p, attacker_of(13, 8)); }},
      {"attacker.safetensors", [&](const fs::path& p) { save_checkpoint(p, tiny::target()); }}};
  for (const auto& [name, damage] : damages) {
    const Networks networks;
    damage(networks.path / name);
    refused(3, networks.attack("run"), {name});
    CHECK(!fs::exists(networks.folder.path / "run"));
    const Arguments eval{"eval", "--target", networks.path / "target.safetensors", "--samples", "10"};
    refused(3, name[0] == 't' ? eval : eval + Arguments{"--attacker", networks.path / name}, {name});
  }
  TensorFile file = load_safetensors(good.path / "attacker.safetensors");
  file.tensors[0].shape = {file.tensors[0].shape[1], file.tensors[0].shape[0]};  // the right numbers in another shape
  save_safetensors(good.path / "attacker.safetensors", file);
  refused(3, good.attack("run"), {"attacker.safetensors", file.tensors[0].name});
  refused(3, {"sample", "--attacker", good.path / "attacker.safetensors"}, {"attacker.safetensors", file.tensors[0].name});
  CHECK(!fs::exists(good.folder.path / "run"));
}

TEST_CASE("an out folder that cannot be made is named") {
  const Networks networks;
  write_file(networks.folder.path / "file", "a file\n");
  const std::string below = networks.folder.path / "file" / "run";
  refused(4, networks.attack("file/run"), {below});
  refused(4, {"train", "target", "--out", below}, {below});
  refused(4, {"reproduce", "--quick", "--out", below}, {below});
  const std::string file = networks.folder.path / "file";
  refused(4, networks.attack("file"), {file});
  CHECK(read_file(file) == "a file\n");
  CHECK(networks.folder.names() == std::set<std::string>{"file", "networks"});
}

TEST_CASE("a second process on a run folder is refused and changes nothing") {
  const Networks networks;
  const fs::path folder = networks.folder.path / "run";
  fs::create_directory(folder);
  {
    const FolderLock lock(folder);
    refused(4, networks.attack("run"), {folder});
    refused(4, {"train", "target", "--out", folder}, {folder});
    refused(4, {"reproduce", "--quick", "--out", folder}, {folder});
  }
  for (const auto& entry : fs::directory_iterator(folder)) CHECK(entry.path().filename() == ".lock");
  CHECK(run(networks.attack("run")).code == 0);  // the lock is gone with its holder
}

TEST_CASE("a run folder of another configuration is refused and kept as it was") {
  const Networks networks;
  REQUIRE(run(networks.attack("run")).code == 0);
  const auto all = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(networks.folder.path / "run")) files[entry.path().filename()] = read_file(entry.path());
    return files;
  };
  const auto before = all();
  refused(3, networks.attack("run", {"--f", "3"}), {networks.folder.path / "run"});
  CHECK((all() == before));  // config.toml and run.json too: they describe what made the results
}

TEST_CASE("an attacker is not trained beside a target of other digits") {
  const TemporaryFolder here;
  save_checkpoint(here.path / "target.safetensors", GPT(addition::target_config(3, 16, 1, 2), Rng(1, "three digits")));
  refused(3, {"train", "attacker", "--digits", "2", "--d-model", "4", "--layers", "1", "--heads", "1", "--examples", "1000", "--quiet", "--out", here.path},
          {"target.safetensors"});
  CHECK(!fs::exists(here.path / "attacker.safetensors"));
}

TEST_CASE("help is on stdout and names units ranges and exit codes") {
  const std::vector<std::pair<Arguments, std::vector<std::string>>> commands{
      {{}, {"reproduce", "train", "attack", "eval", "sample", "doctor", "--config", "130"}},
      {{"reproduce"}, {"--quick", "[1 - 1000]", "--out", "--threads"}},
      {{"train"}, {"target", "attacker"}},
      {{"train", "target"}, {"examples", "[1 - 18]", "[4 - 1024]"}},
      {{"train", "attacker"}, {"examples", "[1 - 18]", "[4 - 1024]"}},
      {{"attack"}, {"evaluations", "[1 - 10000000]", "[0 - 10]", "banel-union", "[7500]"}},
      {{"toy1d"}, {"[1 - 100000]", "--seed", "steps.json"}},
      {{"eval"}, {"[1 - 1000000000]"}},
      {{"sample"}, {"nats", "[0.001 - 1000]"}},
      {{"doctor"}, {"BLAS"}}};
  for (const auto& [command, texts] : commands) {
    const Arguments words = command + Arguments{"--help"};
    const Outcome o = run(words);
    INFO(shown(words));
    CHECK(o.code == 0);
    CHECK(o.err == "");
    for (const std::string& text : texts) {
      CAPTURE(text);
      CAPTURE(o.out);
      CHECK(o.out.find(text) != o.out.npos);
    }
  }
}

TEST_CASE("toy1d prints its steps and keeps them as numbers and pictures") {
  const TemporaryFolder folder;
  const Outcome o = run({"toy1d", "--seeds", "3", "--seed", "2", "--out", folder.path});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  const Json json = Json::parse(read_file(folder.path / "steps.json"));
  CHECK(json.at("summary").at("seeds") == 3);
  CHECK(o.out.find("step " + std::string(json.at("steps").size() < 10 ? " " : "") + std::to_string(json.at("steps").size())) != o.out.npos);
  CHECK(read_file(folder.path / "toy1d.svg").rfind("<svg", 0) == 0);
  CHECK(read_file(folder.path / "toy1d.png").substr(1, 3) == "PNG");
  CHECK(run({"toy1d", "--seeds", "3", "--seed", "2"}).out == o.out);
  CHECK(run({"toy1d", "--seeds", "0"}).code == 2);
}

TEST_CASE("the version is one line on stdout") {
  const Outcome o = run({"--version"});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  CHECK(o.out.rfind("banel ", 0) == 0);
  CHECK(std::count(o.out.begin(), o.out.end(), '\n') == 1);
}

TEST_CASE("doctor prints JSON with the kernels in use") {
  const Outcome o = run({"doctor"});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  const Json json = Json::parse(o.out);
  for (const char* key : {"banel", "compiler", "build", "cpu", "cores", "threads", "blas_library", "blas_kernels", "blas_config"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  CHECK(!json.at("blas_kernels").get<std::string>().empty());
}

TEST_CASE("bench prints a table and keeps its numbers and refuses what it does not know") {
  const TemporaryFolder folder;
  const fs::path json = folder.path / "bench.json";
  const Outcome o = run({"bench", "--quiet", "--configs", "F", "--works", "loglik", "--threads", "1", "--seconds", "0.001", "--json", json});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  CHECK(o.out.find("| F | loglik | 1 |") != o.out.npos);
  CHECK(Json::parse(read_file(json)).at("rows").size() == 1);
  const Outcome profile = run({"bench", "--profile", "--configs", "F", "--seconds", "0.001"});
  CHECK(profile.code == 0);
  CHECK(profile.out.find("| F | linear | backward |") != profile.out.npos);
  for (const Arguments& bad : std::vector<Arguments>{{"--configs", "X"}, {"--works", "play"}, {"--threads", "0"}, {"--seconds", "nan"}}) {
    const Outcome refused = run(Arguments{"bench"} + bad);
    CHECK(refused.code == 2);
    CHECK(refused.err.find(bad[0]) != refused.err.npos);
  }
}

TEST_CASE("an attack prints its result as JSON and writes its files") {
  const Networks networks;
  for (const std::string method : {"banel", "oracle-free"}) {
    CAPTURE(method);
    const Outcome o = run(networks.attack(method, {"--method", method}));
    CAPTURE(o.err);
    REQUIRE(o.code == 0);
    CHECK(o.err == "");
    const Json json = Json::parse(o.out);
    CHECK(json.at("method") == method);
    CHECK(json.at("seed") == 5);
    CHECK(json.at("nre") == (method == "banel" ? 60 : 0));
    CHECK(json.at("final").at("n") == 100);
    const fs::path folder = networks.folder.path / method;
    for (const char* name : {"run.json", "config.toml", "config.json", "ledger.jsonl", "metrics.jsonl", "attacker.safetensors"}) {
      CAPTURE(name);
      CHECK(fs::exists(folder / name));
    }
    CHECK(Json::parse(read_file(folder / "run.json")).contains("arguments"));
    const Outcome again = run(networks.attack(method, {"--method", method}));
    CHECK(again.code == 0);
    CHECK(again.out == o.out);  // read back, the seconds included
  }
}

TEST_CASE("progress of an attack goes to stderr") {
  const Networks networks;
  Arguments arguments = networks.attack("run");
  arguments.erase(std::find(arguments.begin(), arguments.end(), "--quiet"));
  const Outcome o = run(arguments);
  CHECK(o.code == 0);
  CHECK(Json::accept(o.out));
  CHECK(o.err.find("banel") != o.err.npos);
  CHECK(o.err.find('\r') == o.err.npos);  // no terminal: plain lines
}

TEST_CASE("samples and errors can be read from the networks of an attack") {
  const Networks networks;
  const Outcome sample = run({"sample", "--attacker", networks.path / "attacker.safetensors", "-n", "7", "--seed", "3"});
  CHECK(sample.code == 0);
  CHECK(sample.err == "");
  CHECK(std::count(sample.out.begin(), sample.out.end(), '\t') == 7);
  CHECK(run({"sample", "--attacker", networks.path / "attacker.safetensors", "-n", "7", "--seed", "3"}).out == sample.out);

  const Arguments eval{"eval", "--target", networks.path / "target.safetensors", "--samples", "200"};
  CHECK(Json::parse(run(eval).out).at("error").at("n") == 200);
  CHECK(Json::parse(run(eval + Arguments{"--attacker", networks.path / "attacker.safetensors"}).out).at("success").at("n") == 200);
}

TEST_CASE("Ctrl-C ends an attack within 2 seconds and the same command completes it") {
  const Networks networks;
  const fs::path whole = networks.folder.path / "whole", parts = networks.folder.path / "parts";
  REQUIRE(run(networks.long_attack("whole")).code == 0);
  for (const int number : {SIGINT, SIGTERM}) {
    Program program(Arguments{BANEL_PROGRAM} + networks.long_attack("parts"));
    const std::string before = has_bytes(parts / "metrics.jsonl") ? read_file(parts / "metrics.jsonl") : "";
    REQUIRE(within(60s, [&] { return program.ended() || (has_bytes(parts / "metrics.jsonl") && read_file(parts / "metrics.jsonl").size() > before.size()); }));
    const auto start = std::chrono::steady_clock::now();
    program.signal(number);
    const Outcome o = program.wait();
    CHECK(std::chrono::steady_clock::now() - start < 2s);
    CHECK(o.code == 130);
    CHECK(o.out == "");
    CHECK(o.err.rfind("banel: interrupted", 0) == 0);
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  }
  CHECK(run(networks.long_attack("parts")).code == 0);
  CHECK((results(parts) == results(whole)));
}

TEST_CASE("an attack killed at random instants completes with the same results") {
  const Networks networks;
  const fs::path whole = networks.folder.path / "whole", parts = networks.folder.path / "parts";
  REQUIRE(run(networks.long_attack("whole")).code == 0);
  Rng random(1, "kills");
  int killed = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    Program program(Arguments{BANEL_PROGRAM} + networks.long_attack("parts"));
    const auto patience = std::chrono::milliseconds(20 + random.below(380));
    std::this_thread::sleep_for(patience);
    if (program.ended()) break;
    program.signal(SIGKILL);
    if (program.wait().code == -SIGKILL) ++killed;
  }
  CHECK(killed >= 3);
  const Outcome o = run(networks.long_attack("parts"));
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK((results(parts) == results(whole)));
}

TEST_CASE("Ctrl-C ends a training within 2 seconds and leaves its last checkpoint") {
  const TemporaryFolder here;
  const fs::path partial = here.path / "run" / "target.partial.safetensors";
  Program program({BANEL_PROGRAM, "train", "target", "--digits", "2", "--d-model", "16", "--layers", "1", "--heads", "2", "--examples", "100000000", "--check-every",
                   "1000", "--stop-error", "0", "--quiet", "--out", here.path / "run"});
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
