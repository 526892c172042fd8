#include "tasks/run/attack.h"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "nn/io/checkpoint.h"
#include "tasks/run/attacks.h"
#include "tensor/check.h"
#include "tensor/parallel.h"
#include "tests/support/json.h"
#include "tests/support/tiny/tiny_attack.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::attack, tiny::check_equal, tiny::files, tiny::TinyTask;

std::vector<Json> json_lines(const fs::path& path) {
  std::vector<Json> result;
  const std::string text = read_file(path);
  CHECK((text.empty() || text.back() == '\n'));
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    result.push_back(json_of(text.substr(begin, end - begin)));
  return result;
}

const Reals& prior_weights() { return as_gpt(tiny::task().prior(), "test").model().parameters.values; }

Reals attacker_weights(const fs::path& folder) {
  return load_checkpoint(folder / "attacker.safetensors").model.parameters.values;
}

TEST_CASE("every method writes its files and spends its budget" * doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const TemporaryFolder folder;
    attack(folder.path, m);
    CHECK(json_lines(folder.path / "ledger.jsonl").size() == 60);
    std::set<std::string> expected{"attacker.safetensors", "checkpoint",    "config.json",
                                   "ledger.jsonl",         "metrics.jsonl", "timing.jsonl"};
    if (m.settings.memory == Memory::regions)
      for (const char* phi : {"phi1.safetensors", "phi2.safetensors", "phi3.safetensors"})
        expected.insert(phi);
    CHECK(folder.names() == expected);
  }
}

TEST_CASE("the rounds of every method are those of its logs and of its ledger" *
          doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const TemporaryFolder folder;
    const AttackResult result = attack(folder.path, m);
    const auto rounds = json_lines(folder.path / "metrics.jsonl"),
               ledger = json_lines(folder.path / "ledger.jsonl");
    const bool even = !m.settings.scout && known.name != "auto";  // whether each round has m attempts
    if (even) CHECK(rounds.size() == 3);
    REQUIRE(result.rounds.size() == rounds.size());
    REQUIRE(ledger.size() == 60);
    CHECK(result.rounds.back().nre == 60);
    CHECK(result.seconds >= 0);
    std::int64_t paid = 0, rewards = 0;
    for (std::size_t k = 0; k < rounds.size(); ++k) {
      CHECK(rounds[k].at("round") == k + 1);
      if (even) {
        CHECK(rounds[k].at("submitted") == 20);
        CHECK(rounds[k].at("nre") == 20 * (k + 1));
      }
      if (even) REQUIRE(result.rounds[k].measured);
      if (result.rounds[k].measured) {
        // Little may be left that is unrefuted, or of a pool outside all regions.
        const bool all = m.remembers != Method::Remembers::claims && m.pool == 0;
        CHECK(rounds[k].at("measured").at("success").at("n").number() <= 100);
        if (all) CHECK(rounds[k].at("measured").at("success").at("n") == 100);
        CHECK(rounds[k].at("measured").at("success").at("k") == result.rounds[k].measured->success.k);
      }
      CHECK(result.rounds[k].nre == rounds[k].at("nre"));
      CHECK(result.rounds[k].positives == rounds[k].at("positives"));
      CHECK(result.rounds[k].submitted == rounds[k].at("submitted"));
      std::int64_t positives = 0;
      for (; paid < result.rounds[k].nre; ++paid)
        positives += ledger[static_cast<std::size_t>(paid)].at("reward").integer();
      CHECK(rounds[k].at("positives") == positives);
      rewards += positives;
    }
    if (m.consults_oracle) {
      CHECK(rewards > 0);  // the test can tell the verdicts apart only if both occur
      CHECK(rewards < 60);
    }
  }
}

TEST_CASE("the verdicts of the ledger are those of the judge") {
  const TemporaryFolder folder;
  attack(folder.path, tiny::method("banel-paper"));
  std::vector<Attempt> asked;
  const auto ledger = json_lines(folder.path / "ledger.jsonl");
  for (const Json& line : ledger) asked.push_back(line.at("attempt").text());
  const std::vector<Verdict> verdicts = tiny::task().judge()(asked);
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    CHECK(ledger[i].at("n") == i + 1);
    CHECK(ledger[i].at("answer") == verdicts[i].answer);
    CHECK(ledger[i].at("reward") == (verdicts[i].reward == Reward::success ? 1 : 0));
  }
}

TEST_CASE("screened methods submit valid strings and none twice" * doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const TemporaryFolder folder;
    attack(folder.path, m);
    std::set<std::string> submitted;
    bool all_valid = true;
    for (const Json& line : json_lines(folder.path / "ledger.jsonl")) {
      submitted.insert(line.at("attempt").text());
      all_valid = all_valid && TinyTask::sum(line.at("attempt").text());
    }
    CHECK(m.settings.screened == (known.screen != "none"));
    CHECK((all_valid && submitted.size() == 60) ==
          m.settings.screened);  // the paper's form submits others here
  }
}

TEST_CASE("a screen by prior knowledge is used by the method that names it and by no other") {
  Method m = tiny::method("banel");
  m.screen = "no-fives";
  for (const Method& method : {tiny::method("banel"), m}) {
    const TemporaryFolder folder;
    attack(folder.path, method);
    int fives = 0;
    for (const Json& line : json_lines(folder.path / "ledger.jsonl"))
      fives += *TinyTask::sum(line.at("attempt").text()) % 5 == 0;
    CHECK((fives == 0) == (method.screen == "no-fives"));
  }
}

TEST_CASE("the oracle-free control learns no verdict") {
  const Method m = tiny::method("oracle-free");
  const TinyTask always(1);  // divides every sum
  const TemporaryFolder one, other;
  attack(one.path, m);
  attack(other.path, m, -1, always);
  for (const Json& line : json_lines(one.path / "ledger.jsonl")) {
    CHECK(line.at("reward") == 0);
    CHECK(line.at("answer") == "");
  }
  CHECK(read_file(one.path / "ledger.jsonl") == read_file(other.path / "ledger.jsonl"));
  CHECK(attacker_weights(one.path) == attacker_weights(other.path));
}

TEST_CASE("every method that learns changes the attacker and the others keep it" *
          doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const TemporaryFolder folder;
    Method m = tiny::method(known.name);
    m.settings.patience = 0;
    m.settings.restart = 0;  // or the best attacker may be the prior
    attack(folder.path, m);
    const bool learns = known.settings.memory == Memory::distil && !tiny::learns_nothing(known);
    CHECK((attacker_weights(folder.path) == prior_weights()) != learns);
  }
}

TEST_CASE("a method with exact memory is measured on strings that it never evaluated") {
  const TemporaryFolder folder;
  const AttackResult result = attack(folder.path, tiny::method("memory"));
  CHECK(result.rounds.back().measured->distinct.value() == 1);
}

TEST_CASE("the attack gives the same bytes for any number of threads") {
  for (const char* name : {"banel-paper", "banel", "banel-union"}) {
    CAPTURE(name);
    check_same_for_all_threads([&] {
      const TemporaryFolder folder;
      attack(folder.path, tiny::method(name));
      return files(folder.path);
    });
  }
}

TEST_CASE("attacks side by side give the same bytes as one after the other") {
  const TemporaryFolder one_by_one, together;
  std::vector<Job> jobs;
  for (const char* name : {"banel-paper", "banel", "banel-union", "random"}) {
    attack(one_by_one.path / name, tiny::method(name));
    const std::shared_ptr<const Task> task(std::shared_ptr<void>(), &tiny::task());
    jobs.push_back({together.path / name, task, tiny::method(name), tiny::attack_settings});
  }
  std::set<std::size_t> done;
  const auto results = run_all(jobs, 4, ProgressMode::quiet, [&](std::size_t i) { done.insert(i); });
  CHECK(done.size() == jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const fs::path name = jobs[i].folder.filename();
    CAPTURE(name);
    check_equal(files(one_by_one.path / name), files(jobs[i].folder));
    CHECK(results[i].rounds.size() == 3);
  }
}

TEST_CASE("a budget that is no multiple of a round is spent to the last evaluation") {
  Method m = tiny::method("banel");
  m.settings.budget = 50;
  const TemporaryFolder folder;
  const AttackResult result = attack(folder.path, m);
  REQUIRE(result.rounds.size() == 3);
  CHECK(result.rounds.back().nre == 50);
  CHECK(result.rounds.back().submitted == 10);
  CHECK(json_lines(folder.path / "ledger.jsonl").size() == 50);
}

TEST_CASE("a finished attack is read from its logs alone") {
  const TemporaryFolder folder;
  const AttackResult result = attack(folder.path, tiny::method("banel")), read = read_attack(folder.path);
  CHECK(read.seconds == result.seconds);
  REQUIRE(read.rounds.size() == result.rounds.size());
  for (std::size_t i = 0; i < read.rounds.size(); ++i)
    CHECK(to_json(read.rounds[i]) == to_json(result.rounds[i]));
  CHECK(read.readings().size() == 3);
}

TEST_CASE("time that a reading takes counts as measuring") {
  struct Slow : TinyTask {
    std::optional<Estimate> exact_success(const Attacker&) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      return {};
    }
  };
  const TemporaryFolder folder;
  attack(folder.path, tiny::method("prior"), -1, Slow());
  const std::vector<Json> times = json_lines(folder.path / "timing.jsonl");
  REQUIRE(!times.empty());
  CHECK(times.front().at("measuring_seconds").number() >= 0.2);  // the same attacker is measured once
}

}  // namespace
}  // namespace banel
