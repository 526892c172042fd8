// Studies as a user runs them: run, resumed, split into jobs, reported, verified and asked.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <sstream>

#include "banel/ledger.h"
#include "nn/io/json.h"
#include "tests/support/json.h"
#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::Folder;

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

// rows.json without its times.
Json rows(const fs::path& folder) {
  Json all = read_json(folder / "rows.json");
  for (Json& row : all.items()) row.erase("seconds");
  return all;
}

TEST_CASE("a study prints its table and leaves its files and is verified and asked") {
  const Folder here;
  const fs::path folder = here.path / "run";
  const Arguments study{"study", here.study(), "--out", folder, "--quiet"};
  const Outcome o = run(study);
  CAPTURE(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err == "");
  for (const char* text : {"Tiny", "banel", "memory", "report.html"}) CHECK(has(o.out, text));
  for (const char* name :
       {"study.toml", "run.json", "rows.json", "table.md", "table.csv", "report.html", "plots/bars.svg"}) {
    CAPTURE(name);
    CHECK(fs::exists(folder / name));
  }
  CHECK(rows(folder).size() == 4);
  CHECK(json_of(run(study + Arguments{"--json"}).out).size() == 4);  // finished: read back
  CHECK(run({"verify", folder, "--quiet"}).code == 0);
  const Outcome asked = run({"ask", folder, "--quiet"});
  CHECK(asked.code == 0);
  CHECK(has(asked.out, "2-digit addition, target 1"));
  for (const Arguments& same : std::vector<Arguments>{{"ask", "--", folder},
                                                      {"ask", "--quiet", "--", folder},
                                                      {"ask", "-n", "5", folder},
                                                      {"ask", "finds", "--", folder}}) {
    CAPTURE(shown(same));
    CHECK(run(same).out == asked.out);
  }
  refused(4, {"ask", "--", "target"}, {"target", "no such folder"});
  CHECK(run({"verify", "--quiet", "--", folder}).code == 0);
  CHECK(run({"ask", "target", "1+1", "--networks", folder}).code == 0);
  CHECK(run(here.attack("attack")).code == 0);
  CHECK(run({"attack", "--quiet", "--networks", folder, "--out", here.path / "more", "--set", "budget=20",
             "--set", "m=20", "--samples", "100"})
            .code == 0);
}

TEST_CASE("a study goes on with a target above its stop_error and says so in its rows and pages") {
  const Folder here;
  const fs::path file = here.study(), folder = here.path / "run";
  std::string text = read_file(file);
  text.replace(text.find("stop_error=1"), 12, "stop_error=0");
  write_file(file, text);
  const std::string warning = "the target ended its training of 11,904 examples";
  const Outcome o = run({"study", file, "--out", folder});
  CHECK(o.code == 0);
  CHECK(has(o.err, "Warning: 2-digit addition, target 1: " + warning));
  for (const Json& row : rows(folder).items()) CHECK(has(row.at("warning").text(), warning));
  for (const char* page : {"table.md", "report.html"}) {
    CHECK(has(read_file(folder / page), warning));
    CHECK(has(read_file(folder / page), "under How it was made"));
  }
  CHECK(run({"verify", folder, "--quiet"}).code == 0);
  CHECK(run({"report", folder, "--quiet"}).code == 0);
  CHECK(run(Arguments{"study", here.study(), "--out", here.path / "good", "--quiet"}).code == 0);
  CHECK(!has(read_file(here.path / "good" / "rows.json"), "warning"));
}

// Every command that writes in a folder, in this one.
std::vector<Arguments> commands_in(const Folder& here, const fs::path& folder) {
  return {here.attack(fs::relative(folder, here.path)),
          Arguments{"train", "addition", "--out", folder} + tiny::training(),
          {"study", here.study(), "--quiet", "--out", folder},
          {"jobs", here.study(), "--quiet", "--out", folder},
          {"toy1d", "--quiet", "--out", folder}};
}

TEST_CASE("a folder within that of a command is refused before anything is made") {
  const Folder here;
  const fs::path study = here.path / "study", attack = here.path / "attack", jobs = here.path / "jobs";
  REQUIRE(run({"study", here.study(), "--out", study, "--quiet"}).code == 0);
  REQUIRE(run(here.attack("attack")).code == 0);
  REQUIRE(run({"jobs", here.study(), "--out", jobs, "--quiet"}).code == 0);
  fs::create_directory_symlink(study / "attacks", here.path / "link");
  const std::map<std::string, std::string> before = tiny::files(here.path);
  for (const fs::path& within :
       {study / "x", study / "attacks/1/banel/seed3", study / "instances/x/y", attack / "x",
        attack / "instance/x", jobs / "attacks/x", jobs / "x/y", here.path / "link/x"})
    for (const Arguments& command : commands_in(here, within)) {
      CAPTURE(shown(command));
      const Outcome o = run(command);
      CHECK(o.code == 4);
      CHECK(o.out == "");
      CHECK(has(o.err, "within the run"));
    }
  CHECK((tiny::files(here.path) == before));
}

TEST_CASE("a folder that holds that of a command is refused before anything is made") {
  const Folder here;
  const std::vector<fs::path> made{here.path / "a/x/y", here.path / "b/attacks/1/banel/seed1",
                                   here.path / "c/instances/x"};
  REQUIRE(run(here.attack("a/x/y")).code == 0);
  REQUIRE(run({"study", here.study(), "--out", made[1], "--quiet"}).code == 0);
  REQUIRE(run({"jobs", here.study(), "--out", made[2], "--quiet"}).code == 0);
  const std::map<std::string, std::string> before = tiny::files(here.path);
  for (const char* above : {"a", "a/x", "b", "b/attacks", "c"})
    for (const Arguments& command : commands_in(here, here.path / above)) {
      CAPTURE(shown(command));
      const Outcome o = run(command);
      CHECK(o.code == 4);
      CHECK(has(o.err, "holds the run"));
    }
  CHECK((tiny::files(here.path) == before));
  CHECK(run(here.attack("a/x/y")).code == 0);  // it goes on where it is
}

TEST_CASE("a run is read from its folder though this is called like a study of the program") {
  const TemporaryFolder here;
  write_file(here.path / "t.toml",
             "title = \"T\"\ntask = \"toy1d\"\nbudget = 40\nsamples = 100\nvariants = [\"prior\"]\n");
  REQUIRE(run({"study", "t.toml", "--out", "planted", "--quiet"}, here.path).code == 0);
  for (const char* command : {"verify", "report", "ask"}) {
    const Outcome o = run({command, "planted", "--quiet"}, here.path);
    CAPTURE(o.err);
    CHECK(o.code == 0);
  }
  const Outcome jobs = run({"jobs", "t.toml", "--out", "canary", "--quiet"}, here.path);
  Program job({"/bin/sh", "-c", lines(jobs.out)[0]}, here.path);
  CHECK(job.wait().code == 0);
}

TEST_CASE("the lines of jobs quote the name of a folder for the shell") {
  const Folder here;
  const Outcome o = run({"jobs", here.study(), "--out", here.path / "it's", "--quiet"});
  REQUIRE(o.code == 0);
  CHECK(has(o.out, "/it'\\''s'"));
}

TEST_CASE("calls of jobs at the same time on one folder all count") {
  const Folder here;
  const fs::path file = here.study(), folder = here.path / "run";
  std::vector<std::unique_ptr<Program>> calls;
  for (int i = 1; i <= 8; ++i)
    calls.push_back(
        std::make_unique<Program>(Arguments{BANEL_PROGRAM, "jobs", file, "--quiet", "--out", folder,
                                            "--instances", std::to_string(i), "--seeds", "1"}));
  for (const auto& call : calls) {
    const Outcome o = call->wait();
    CAPTURE(o.err);
    CHECK(o.code == 0);
    CHECK(lines(o.out).size() == 2);
  }
  const std::string study = read_file(folder / "study.toml");
  std::string list = study.substr(study.find("instances = "));
  list.resize(list.find('\n'));
  CHECK(std::count(list.begin(), list.end(), ',') == 7);
  const FolderLock lock(folder / "attacks");  // as another call has it for a moment
  Program waits({BANEL_PROGRAM, "jobs", file, "--quiet", "--out", folder});
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(!waits.ended());
  waits.signal(SIGTERM);
  CHECK(waits.wait().code == 130);
}

TEST_CASE("a run that is being written or has no table yet is said to be so") {
  const Folder here;
  const fs::path folder = here.path / "run";
  REQUIRE(run({"study", here.study(), "--out", folder, "--quiet"}).code == 0);
  {
    const FolderLock lock(folder);
    refused(4, {"verify", folder, "--quiet"}, {"another process is writing this run"});
  }
  CHECK(run({"verify", folder, "--quiet"}).code == 0);
  fs::remove(folder / "rows.json");
  refused(4, {"verify", folder, "--quiet"}, {"rows.json", "not there yet", "banel report"});
  refused(4, {"ask", folder, "--quiet"}, {"rows.json", "not there yet", "banel report"});
}

TEST_CASE("jobs refuses a folder whose name would break a line of its list") {
  const Folder here;
  refused(2, {"jobs", here.study(), "--out", "a\nb"}, {"--out", "line break"}, here.path);
  CHECK(!fs::exists(here.path / "a\nb"));
}

TEST_CASE("the lines of jobs and the advice name a folder that begins like an option") {
  const Folder here;
  const Outcome jobs = run({"jobs", here.study(), "--out=-run"}, here.path);
  CHECK(has(jobs.err, "banel report ./-run "));
  const std::vector<std::string> commands = lines(jobs.out);
  REQUIRE(commands.size() == 4);
  Program job({"/bin/sh", "-c", commands[0]}, here.path);
  CHECK(job.wait().code == 0);
  CHECK(run({"report", "--quiet", "--", "-run"}, here.path).code == 0);
}

TEST_CASE("verification names what was changed and exits with 5") {
  const Folder here;
  const fs::path folder = here.path / "run";
  REQUIRE(
      run({"study", here.study(), "--out", folder, "--quiet", "--seeds", "1", "--variants", "memory"}).code ==
      0);
  std::string text = read_file(folder / "rows.json");
  const std::size_t at = text.find("\"final\":") + 8;
  text.replace(at, text.find(',', at) - at, "0.123");
  write_file(folder / "rows.json", text);
  const Outcome o = run({"verify", folder, "--quiet"});
  CHECK(o.code == 5);
  CHECK(has(o.out, "rows.json"));
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
}

TEST_CASE("the jobs of a study make the rows that one process makes") {
  const Folder here;
  const fs::path whole = here.path / "whole", parts = here.path / "parts";
  REQUIRE(run({"study", here.study(), "--out", whole, "--quiet"}).code == 0);
  const Arguments jobs{"jobs", here.study(), "--out", parts, "--quiet"};
  const std::vector<std::string> commands = lines(run(jobs).out);
  REQUIRE(commands.size() == 4);
  for (const std::string& command : commands) {
    CAPTURE(command);
    Program job({"/bin/sh", "-c", command});
    CHECK(job.wait().code == 0);
  }
  CHECK(run(jobs).out == "");  // nothing is missing
  CHECK(run({"report", parts, "--quiet", "--threads", "3"}).code == 0);
  CHECK(read_json(parts / "run.json").at("system").at("threads") == 3);
  CHECK(rows(parts) == rows(whole));
  refused(2, {"attack", "--study", parts, "--only", "1/banel/7"}, {"1/banel/7"});
}

TEST_CASE("a study with halving is asked like any other") {
  const Folder here;
  write_file(here.path / "tuned.toml",
             "title = \"T\"\ntask = \"toy1d\"\ninstances = [1, 2]\nsamples = 100\nhalving = {configurations "
             "= 3, budgets = "
             "[20, 40], keep = 3}\nshow = []\n[[variants]]\nmethod = \"banel-union\"\n[variants.ranges]\n"
             "f = {low = 1, high = 4}\n");
  const fs::path folder = here.path / "run";
  REQUIRE(run({"study", here.path / "tuned.toml", "--out", folder, "--quiet"}).code == 0);
  const Outcome finds = run({"ask", folder, "--quiet"});
  CHECK(finds.code == 0);
  CHECK(has(finds.out, "success rate"));
  CHECK(run({"ask", "attacker", folder / "attacks/2/banel-union-1-at-20/seed1", "--quiet"}).code == 0);
  refused(3, {"ask", "attacker", folder / "attacks/2"}, {"attacks/2", "is no attack of", "study.toml"});
}

TEST_CASE("a figure that cannot be drawn is left out with a warning") {
  const Folder here;
  write_file(
      here.path / "line.toml",
      "title = \"T\"\ntask = \"toy1d\"\nbudget = 40\nsamples = 100\nshow = [\"scaling\", \"collapse\", "
      "\"modes\", \"bars\"]\nvariants = [{name = \"v1\", method = \"tail\"}, {name = \"v2\", method = "
      "\"tail\"}, {name = \"v3\", method = \"tail\"}, {name = \"v4\", method = \"tail\"}, {name = \"v5\", "
      "method = \"tail\"}, {name = \"v6\", method = \"tail\"}, {name = \"v7\", method = \"tail\"}, {name "
      "= \"v8\", method = \"tail\"}]\n");
  const fs::path folder = here.path / "run";
  REQUIRE(run({"jobs", here.path / "line.toml", "--out", folder, "--quiet"}).code == 0);
  REQUIRE(run({"attack", "--quiet", "--study", folder, "--only", "1/v8/1"}).code == 0);
  const Outcome o = run({"report", folder, "--quiet"});  // of the variants only the last has an attack
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK(has(read_file(folder / "table.md"), "the figure scaling is left out"));
  for (const char* figure : {"collapse", "modes", "bars"})
    CHECK(fs::exists(folder / "plots" / (std::string(figure) + ".svg")));
}

TEST_CASE("settings with which a study could not be read again are refused before its file is written") {
  const Folder here;
  const fs::path folder = here.path / "run";
  refused(2, {"study", here.study(), "--instances", "-1", "--out", folder}, {"--instances", "-1", "0.."});
  const Outcome o = run({"jobs", here.study(), "--set", "target_heads=7", "--out", folder});
  CHECK(o.code != 0);
  CHECK(has(o.err, "7 does not divide"));
  CHECK_FALSE(fs::exists(folder / "study.toml"));
}

TEST_CASE("options change a study and earlier rows stay in its folder") {
  const Folder here;
  const fs::path folder = here.path / "run";
  const Arguments study{"study", here.study(), "--out", folder, "--quiet", "--seeds", "1"};
  REQUIRE(run(study + Arguments{"--variants", "memory"}).code == 0);
  CHECK(rows(folder).size() == 1);
  REQUIRE(run(study + Arguments{"--variants", "memory,prior"}).code == 0);
  CHECK(rows(folder).size() == 2);
  refused(3, study + Arguments{"--variants", "memory", "--set", "budget=30"}, {folder});
  CHECK(rows(folder).size() == 2);
  refused(2, study + Arguments{"--set", "kappa=11"}, {"kappa", "0..10"});
  refused(2, study + Arguments{"--set", "samples=200", "--set", "samples=300"}, {"samples is given twice"});
}

TEST_CASE("a command goes on in its own folder however it is named and touches that of no other command") {
  const Folder here;
  const fs::path study = here.path / "study", attack = here.path / "attack", toy = here.path / "toy";
  const Arguments make_study{"study", here.study(), "--quiet", "--out"},
      make_toy{"toy1d", "--seeds", "1", "--out"};
  REQUIRE(run(make_study + Arguments{study}).code == 0);
  REQUIRE(run(here.attack("attack")).code == 0);
  REQUIRE(run(make_toy + Arguments{toy}).code == 0);
  CHECK(run(make_study + Arguments{study / ""}).code == 0);
  CHECK(run(make_study + Arguments{"."}, study).code == 0);
  CHECK(run(here.attack("attack/")).code == 0);
  CHECK(run(make_toy + Arguments{toy / "."}).code == 0);
  const std::map<std::string, std::string> before = tiny::files(here.path);
  for (const fs::path& taken : {attack, toy, here.networks})
    refused(3, make_study + Arguments{taken}, {taken});
  for (const fs::path& taken : {study, attack, here.networks})
    refused(3, make_toy + Arguments{taken}, {taken});
  for (const char* taken : {"study", "toy", "networks"}) refused(3, here.attack(taken), {taken});
  refused(3, here.attack("attack", {"--set", "f=2"}), {"other settings"});
  refused(3, {"attack", "--task", "toy1d", "--out", attack}, {"an attack on an instance with task"});
  fs::create_directory(here.path / "empty");
  refused(3, {"report", here.path / "empty"}, {"study.toml"});
  CHECK((tiny::files(here.path) == before));
}

TEST_CASE("from scratch refuses a run with the networks that the program carries") {
  const TemporaryFolder here;
  write_file(
      here.path / "carried.toml",
      "title = \"Carried\"\ntask = \"addition\"\ninstances = [5]\nseeds = 1\nbudget = 5\nsamples = 100\n"
      "base_samples = 500\nvariants = [\"prior\"]\n");
  const Arguments study{"study", here.path / "carried.toml", "--quiet", "--out", here.path / "run"};
  REQUIRE(run(study).code == 0);
  refused(3, study + Arguments{"--from-scratch"}, {"run/instances"});
}

TEST_CASE("a study says before it starts what it will take and afterwards what comes next") {
  const Folder here;
  const Outcome o =
      run({"study", here.study(), "--out", here.path / "run", "--seeds", "1", "--variants", "memory"});
  CHECK(o.code == 0);
  CHECK(has(o.err, "1 attack"));
  CHECK(has(o.err, "Next: banel ask"));
}

TEST_CASE(
    "of a run the attack that ended highest is told and not one with a better reading or without a round") {
  const Folder here;
  const fs::path folder = here.path / "run", file = folder / "rows.json";
  REQUIRE(run({"study", here.study(), "--out", folder, "--quiet"}).code == 0);
  Json rows = read_json(file);
  rows.items().front()["ended"] = "nothing valid could be drawn";
  double final = 0.5;
  std::string text;
  for (Json& row : rows.items()) {
    row["final"] = final -= 0.1;
    row["best"] = 1 - final;
    text += (text.empty() ? "[\n" : ",\n") + row.dump();
  }
  write_file(file, text + "\n]\n");
  const Json& first = rows[1];
  CHECK(has(run({"ask", folder, "--quiet"}).out,
            first.at("variant").text() + ", seed " + first.at("seed").dump()));
}

TEST_CASE("the wrong answers that came more than once before the first reward are told with their number") {
  const Folder here;
  REQUIRE(run(here.attack("run", {"--set", "sevens=2"})).code == 0);
  const std::vector<Evaluation> paid = read_ledger(here.path / "run" / "ledger.jsonl").evaluations;
  std::map<std::string, int> times;
  for (const Evaluation& e : paid) {
    if (e.verdict.reward == Reward::success) break;
    if (!e.verdict.answer.empty()) ++times[e.verdict.answer];
  }
  std::erase_if(times, [](const auto& answer) { return answer.second < 2; });
  CHECK(std::ranges::count_if(times, [](const auto& answer) { return answer.second == 2; }) > 0);
  const Json json = json_of(run({"ask", here.path / "run", "--json"}).out);
  std::map<std::string, int> told;
  for (const Json& failed : json.at("failed_answers").items())
    told[failed.at("answer").text()] = static_cast<int>(failed.at("times").integer());
  CHECK(told == times);
  CHECK(std::ranges::is_sorted(json.at("failed_answers").items(), {},
                               [](const Json& failed) { return -failed.at("times").integer(); }));
}

}  // namespace
}  // namespace banel
