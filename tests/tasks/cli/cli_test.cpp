// The real program, run as a user runs it: what it refuses, what its help says, and the commands without a
// run.
#include <doctest/doctest.h>

#include <algorithm>
#include <regex>
#include <thread>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tests/support/json.h"
#include "tests/support/run_banel.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

TEST_CASE("no command or an unknown one is a usage error that names it") {
  refused(2, {}, {"command"});
  refused(2, {"atack"}, {"atack", "did you mean attack?"});
  refused(2, {"ask"}, {"command"});
  refused(2, {"train"}, {"TASK"});
  refused(2, {"train", "additon", "--out", "x"}, {"additon", "addition"});
  refused(2, {"study"}, {"NAME", "--list"});
  refused(2, {"study", "plantd"}, {"plantd", "planted"});
}

TEST_CASE("a command of earlier versions is refused with the one that does its work") {
  const std::vector<std::pair<std::string, std::string>> renamed{
      {"sample", "banel ask attacker"}, {"eval", "banel ask target"},       {"rules", "banel ask rules"},
      {"tune", "banel study tuning"},   {"scaling", "banel study scaling"}, {"across", "banel report"}};
  for (const auto& [old, today] : renamed) {
    refused(2, {old}, {old, today});
    refused(2, {old, "--networks", "x"}, {old, today});
  }
}

TEST_CASE("an unknown flag is a usage error that names it") {
  for (const Arguments& command : std::vector<Arguments>{{"study", "planted"},
                                                         {"reproduce"},
                                                         {"results"},
                                                         {"jobs", "planted"},
                                                         {"attack", "--out", "x"},
                                                         {"report"},
                                                         {"verify"},
                                                         {"train", "addition", "--out", "x"},
                                                         {"ask", "target"},
                                                         {"ask", "attacker"},
                                                         {"ask", "rules"},
                                                         {"ask", "x"},
                                                         {"toy1d"},
                                                         {"methods"},
                                                         {"tasks"},
                                                         {"bench"},
                                                         {"doctor"}})
    refused(2, command + Arguments{"--no-such-flag"}, {"--no-such-flag"});
}

TEST_CASE("a required option that is missing is named") {
  refused(2, {"attack"}, {"--out"});
  refused(2, {"train", "addition"}, {"--out"});
  refused(2, {"attack", "--study", "x"}, {"--only"});
  for (const Arguments& other : std::vector<Arguments>{{"--seed", "2"},
                                                       {"--set", "m=5"},
                                                       {"--task", "addition"},
                                                       {"--networks", "x"},
                                                       {"--samples", "9"}})
    refused(2, Arguments{"attack", "--study", "x", "--only", "1/banel/1"} + other, {"--study", other[0]});
  refused(2, {"ask", "target"}, {"QUESTION"});
}

TEST_CASE("every numeric option refuses values out of its range and names option and value") {
  const TemporaryFolder here;
  struct Case {
    Arguments command;
    std::string option;
    std::vector<std::string> values;
  };
  const Arguments attack{"attack", "--out", "x"}, study{"study", "planted", "--out", "x"},
      attacker{"ask", "attacker"};
  const std::vector<Case> cases{{attack, "--samples", {"-1", "10000001", "many", "1.5"}},
                                {attack, "--threads", {"0", "1025"}},
                                {attack, "--seed", {"one", "-1"}},
                                {attack, "--instance", {"-1", "1000001"}},
                                {study, "--seeds", {"0", "1001"}},
                                {study, "--jobs", {"0", "1025"}},
                                {study, "--threads", {"0", "1025"}},
                                {study, "--instances", {"1,x", "1000001", "1,,2"}},
                                {{"train", "addition", "--out", "x"}, "--instance", {"-1", "x"}},
                                {attacker, "-n", {"0", "100000001"}},
                                {attacker, "--samples", {"0", "100000001"}},
                                {attacker, "--format", {"xml"}},
                                {{"ask", "rules"}, "--samples", {"99"}},
                                {{"ask", "x"}, "-n", {"0", "21"}},
                                {{"toy1d"}, "--seeds", {"0", "100001"}}};
  for (const Case& c : cases)
    for (const std::string& value : c.values) {
      const std::string shown_value = value == "1,x" ? "x" : value;
      refused(2, c.command + Arguments{c.option, value}, {c.option, shown_value}, here.path);
    }
  CHECK(here.names().empty());
}

TEST_CASE("every setting of a method refuses values out of its range and names key and range") {
  const TemporaryFolder here;
  const Json methods = json_of(run({"methods", "--json"}).out);
  int numbers = 0;
  for (const Json& method : methods.items())
    for (const Json& setting : method.at("settings").items()) {
      if (!setting.contains("range")) continue;
      ++numbers;
      const double beyond = setting.at("range")[1].number() * 2;
      const std::string key = setting.at("key").text();
      if (method.at("name") != "banel") continue;  // the settings are the same ones
      refused(2, {"attack", "--out", "x", "--set", key + "=" + Json(beyond).dump()}, {key, ".."}, here.path);
      refused(2, {"attack", "--out", "x", "--set", key + "=nan"}, {key}, here.path);
      refused(2, {"attack", "--out", "x", "--set", key + "=-1"}, {key, "-1"}, here.path);
    }
  CHECK(numbers > 50);
  CHECK(here.names().empty());
}

TEST_CASE("a setting that is unknown or ambiguous or without effect is refused before anything is made") {
  const TemporaryFolder here;
  const Arguments attack{"attack", "--out", "x", "--set"};
  refused(2, attack + Arguments{"bugdet=100"}, {"bugdet", "did you mean budget?"}, here.path);
  refused(2, attack + Arguments{"budget"}, {"budget", "KEY=VALUE"}, here.path);
  refused(2, attack + Arguments{"budget=10", "--set", "budget=20"}, {"budget", "twice"}, here.path);
  refused(2, attack + Arguments{"kappa=1", "--method", "grpo"}, {"kappa", "grpo"}, here.path);
  refused(2, attack + Arguments{"zeros=maybe"}, {"zeros", "forbidden"}, here.path);
  refused(2, {"train", "addition", "--out", "x", "--set", "budget=10"}, {"budget", "method"}, here.path);
  refused(2, {"train", "addition", "--out", "x", "--set", "target_width=30", "--set", "target_heads=4"},
          {"30", "4"}, here.path);
  refused(2, {"study", "planted", "--out", "x", "--set", "bugdet=100"}, {"bugdet", "budget"}, here.path);
  refused(2, {"study", "planted", "--out", "x", "--variants", "bandel"}, {"bandel", "banel"}, here.path);
  CHECK(here.names().empty());
}

TEST_CASE("an unknown method is a usage error with the names of all") {
  const TemporaryFolder here;
  refused(2, {"attack", "--out", "x", "--method", "bandel"}, {"bandel", "banel-union"}, here.path);
  refused(2, {"methods", "bandel"}, {"bandel", "banel-union"});
  refused(2, {"tasks", "adition"}, {"adition", "addition"});
  CHECK(here.names().empty());
}

TEST_CASE("help is on stdout and names units ranges and exit codes") {
  const std::vector<std::pair<Arguments, std::vector<std::string>>> commands{
      {{}, {"study", "reproduce", "train", "attack", "ask", "methods", "doctor", "--config", "130"}},
      {{"reproduce"}, {"--quick", "1..1000", "--out", "--threads"}},
      {{"study"}, {"--list", "--variants", "--set", "KEY=VALUE", "1..1000"}},
      {{"jobs"}, {"Slurm", "--out"}},
      {{"train"}, {"--instance", "--set"}},
      {{"attack"}, {"--method", "--networks", "method.KEY=VALUE", "0..10000000"}},
      {{"ask"}, {"target", "attacker", "finds", "rules"}},
      {{"ask", "attacker"}, {"nats", "jsonl"}},
      {{"toy1d"}, {"1..100000", "--seed", "steps.json"}},
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
      CHECK(has(o.out, text));
    }
  }
}

TEST_CASE("methods and tasks list every entry and every setting with its range and default") {
  for (const std::string kind : {"methods", "tasks"}) {
    const Json all = json_of(run({kind, "--json"}).out);
    const Outcome list = run({kind});
    CHECK(list.code == 0);
    for (const Json& entry : all.items()) {
      CHECK(has(list.out, entry.at("name").text()));
      const Outcome one = run({kind, entry.at("name").text()});
      CHECK(one.code == 0);
      for (const Json& setting : entry.at("settings").items()) {
        CAPTURE(setting.dump());
        CHECK(has(one.out, "\n  " + setting.at("key").text() + " "));
      }
      CHECK(json_of(run({kind, entry.at("name").text(), "--json"}).out) == entry);
    }
  }
  for (const Json& method : json_of(run({"methods", "--json"}).out).items()) {
    const std::string words =  // without line breaks
        std::regex_replace(run({"methods", method.at("name").text()}).out, std::regex("\\s+"), " ");
    CHECK(has(words, "; trains on rewarded strings") == method.at("trains_on_rewarded").boolean());
  }
  const std::string banel = run({"methods", "banel"}).out;
  for (const char* text : {"1..10000000", "default 7500", "0..10", "standard deviations"}) {
    CAPTURE(text);
    CHECK(has(banel, text));
  }
}

TEST_CASE("the studies are listed with a sentence and the time they take") {
  const Outcome o = run({"study", "--list"});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  for (const char* text : {"planted: ", "reproduce: ", "about", "--quick"}) {
    CAPTURE(text);
    CHECK(has(o.out, text));
  }
}

TEST_CASE("a run without a folder of its own is named after its study and its quick form") {
  const TemporaryFolder here;
  const std::vector<std::pair<Arguments, std::string>> calls{{{"planted"}, "runs/planted"},
                                                             {{"planted", "--quick"}, "runs/planted-quick"},
                                                             {{"reproduce", "--quick"}, "runs/quick"}};
  for (const auto& [study, folder] : calls) {
    const Outcome o = run(Arguments{"jobs"} + study + Arguments{"--quiet", "--seeds", "1"}, here.path);
    CAPTURE(o.err);
    CHECK(o.code == 0);
    CHECK(has(o.out, " --study " + folder + " --only "));
  }
}

TEST_CASE("a variant whose name has a comma is chosen by its whole name") {
  const TemporaryFolder here;
  write_file(here.path / "t.toml",
             "title = \"T\"\ntask = \"toy1d\"\nseeds = 1\nvariants = [{method = \"tail\", m = [5, 10]}]\n");
  const Outcome o = run({"jobs", "t.toml", "--quiet", "--variants", "tail, m 10"}, here.path);
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(o.out, " --study runs/t --only 1/tail-m-10/1\n"));
  CHECK(std::count(o.out.begin(), o.out.end(), '\n') == 1);
}

TEST_CASE("toy1d prints its steps and keeps them as numbers and pictures") {
  const TemporaryFolder folder;
  const Arguments words{"toy1d", "--quiet", "--seeds", "3", "--seed", "2"};
  const Outcome o = run(words + Arguments{"--out", folder.path});
  CHECK(o.code == 0);
  CHECK(o.err == "");
  const Json json = read_json(folder.path / "steps.json");
  CHECK(json.at("summary").at("seeds") == 3);
  CHECK(has(o.out, "step " + std::string(json.at("steps").size() < 10 ? " " : "") +
                       std::to_string(json.at("steps").size())));
  CHECK(read_file(folder.path / "toy1d.svg").rfind("<svg", 0) == 0);
  CHECK(read_file(folder.path / "toy1d.png").substr(1, 3) == "PNG");
  CHECK(run(words).out == o.out);
  CHECK(json_of(run(words + Arguments{"--json"}).out) == json);
  for (const char* alone : {"--step", "--first-steps"})
    for (const Arguments& other : {Arguments{"--json"}, {"--seeds", "3"}, {"--out", folder.path}})
      refused(2, Arguments{"toy1d", alone} + other, {alone, other[0]});
  refused(2, {"toy1d", "--step", "--first-steps"}, {"--step", "--first-steps"});
}

TEST_CASE("a message is one line whatever a path in it is") {
  refused(4, {"verify", "a\nb\x1b[31m"}, {"a?b?[31m/rows.json"});
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
  const Json json = json_of(o.out);
  for (const char* key : {"banel", "compiler", "build", "cpu", "cores", "threads", "blas_library",
                          "blas_kernels", "blas_config", "blas_products"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  CHECK(!json.at("blas_kernels").text().empty());
}

TEST_CASE("a program uses no more threads than OMP_NUM_THREADS says") {
  const auto threads_with = [](const std::string& number) {
    const Outcome o = Program({BANEL_PROGRAM, "doctor"}, {}, {{"OMP_NUM_THREADS", number}}).wait();
    return json_of(o.out).at("threads").integer();
  };
  CHECK(threads_with("1") == 1);
  CHECK(threads_with("1,4") == 1);
  CHECK(threads_with("4096") <= std::int64_t{std::thread::hardware_concurrency()});
}

TEST_CASE("a number beyond all numbers is outside the range of what it was given for") {
  refused(2, {"study", "planted", "--instances", "99999999999999999999"},
          {"--instances: 99999999999999999999 is outside 0..1000000"});
  const TemporaryFolder here;
  write_file(here.path / "s.toml",
             "title = \"t\"\ntask = \"toy1d\"\nseeds = 1\nvariants = [{method = \"banel\", f = nan}]\n");
  refused(3, {"study", here.path / "s.toml"}, {"line 4: variants[0].f: nan is outside 1..1000"});
}

TEST_CASE("bench prints a table or its numbers and refuses what it does not know" *
          doctest::test_suite("slow")) {
  const Arguments bench{"bench",  "--quiet",   "--configs", "F",         "--works",
                        "loglik", "--threads", "1",         "--seconds", "0.001"};
  const Outcome o = run(bench);
  CHECK(o.code == 0);
  CHECK(o.err == "");
  CHECK(has(o.out, "| F | loglik | 1 |"));
  CHECK(json_of(run(bench + Arguments{"--json"}).out).at("rows").size() == 1);
  const Outcome profile = run({"bench", "--profile", "--configs", "F", "--seconds", "0.001"});
  CHECK(profile.code == 0);
  CHECK(has(profile.out, "| F | linear | backward |"));
  for (const Arguments& bad : std::vector<Arguments>{
           {"--configs", "X"}, {"--works", "play"}, {"--threads", "0"}, {"--seconds", "nan"}})
    refused(2, Arguments{"bench"} + bad, {bad[0], bad[1]});
}

}  // namespace
}  // namespace banel
