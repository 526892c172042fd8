#include "tasks/run/attack.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "nn/io/checkpoint.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tensor/parallel.h"
#include "tests/support/tiny_attack.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::attack, tiny::check_equal, tiny::files, tiny::seed;

std::vector<Json> json_lines(const fs::path& path) {
  std::vector<Json> result;
  const std::string text = read_file(path);
  CHECK((text.empty() || text.back() == '\n'));
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    result.push_back(Json::parse(text.substr(begin, end - begin)));
  return result;
}

TEST_CASE("every method of the table writes its files and spends its budget") {
  for (const Method& known : methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const TemporaryFolder folder;
    const AttackResult result = attack(folder.path, m);
    const auto rounds = json_lines(folder.path / "metrics.jsonl"), ledger = json_lines(folder.path / "ledger.jsonl");

    if (!m.settings.scout) CHECK(rounds.size() == 3);  // a round of scouts ends when its last one has been tried
    REQUIRE(result.rounds.size() == rounds.size());
    REQUIRE(ledger.size() == 60);
    CHECK(result.rounds.back().nre == 60);
    CHECK(result.seconds >= 0);
    std::set<std::string> expected{"attacker.safetensors", "config.json", "ledger.jsonl", "metrics.jsonl", "timing.jsonl"};
    if (m.settings.memory == Memory::regions)
      for (const char* phi : {"phi1.safetensors", "phi2.safetensors", "phi3.safetensors"}) expected.insert(phi);
    CHECK(folder.names() == expected);

    std::int64_t paid = 0, rewards = 0;
    for (std::size_t k = 0; k < rounds.size(); ++k) {
      CHECK(rounds[k].at("round") == k + 1);
      if (!m.settings.scout) {
        CHECK(rounds[k].at("submitted") == 20);
        CHECK(rounds[k].at("nre") == 20 * (k + 1));
      }
      CHECK(rounds[k].at("measured").at("success").at("n") == 100);
      CHECK(result.rounds[k].nre == rounds[k].at("nre"));
      CHECK(result.rounds[k].positives == rounds[k].at("positives"));
      CHECK(result.rounds[k].submitted == rounds[k].at("submitted"));
      CHECK(result.rounds[k].success.k == rounds[k].at("measured").at("success").at("k"));
      std::int64_t positives = 0;
      for (; paid < result.rounds[k].nre; ++paid) positives += ledger[static_cast<std::size_t>(paid)].at("reward").get<int>();
      CHECK(rounds[k].at("positives") == positives);
      rewards += positives;
    }
    if (m.consults_oracle) {
      CHECK(rewards > 0);  // the test can tell the verdicts apart only if both occur
      CHECK(rewards < 60);
    }
  }
}

TEST_CASE("the verdicts of the ledger are those of the target") {
  const TemporaryFolder folder;
  attack(folder.path, tiny::method("banel-paper"));
  std::vector<Attempt> asked;
  const auto ledger = json_lines(folder.path / "ledger.jsonl");
  for (const Json& line : ledger) asked.push_back(line.at("attempt"));
  const std::vector<Verdict> verdicts = addition_judge(tiny::target(), {tiny::digits})(asked);
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    CHECK(ledger[i].at("n") == i + 1);
    CHECK(ledger[i].at("answer") == verdicts[i].answer);
    CHECK(ledger[i].at("reward") == (verdicts[i].reward ? 1 : 0));
  }
}

TEST_CASE("screened methods submit valid questions and none twice") {
  for (const Method& known : methods()) {
    CAPTURE(known.name);
    const TemporaryFolder folder;
    attack(folder.path, tiny::method(known.name));
    std::set<std::string> submitted;
    bool all_valid = true;
    for (const Json& line : json_lines(folder.path / "ledger.jsonl")) {
      submitted.insert(line.at("attempt").get<std::string>());
      all_valid = all_valid && addition::parse(line.at("attempt").get<std::string>(), {tiny::digits});
    }
    CHECK((all_valid && submitted.size() == 60) == known.settings.screened);  // the paper's form does submit such strings here
  }
}

TEST_CASE("the oracle-free control learns no verdict") {
  const Method m = tiny::method("oracle-free");
  const GPT always_wrong(addition::target_config(tiny::digits, tiny::d_model, tiny::layers, tiny::heads), Rng(9, "untrained"));
  const TemporaryFolder one, other;
  attack(one.path, m);
  run_attack(other.path, m, tiny::measured_samples, always_wrong, tiny::attacker(), {tiny::digits}, seed, [](std::int64_t) {});
  for (const Json& line : json_lines(one.path / "ledger.jsonl")) {
    CHECK(line.at("reward") == 0);
    CHECK(line.at("answer") == "");
  }
  CHECK(read_file(one.path / "ledger.jsonl") == read_file(other.path / "ledger.jsonl"));
  CHECK(load_checkpoint(one.path / "attacker.safetensors").model.parameters.values ==
        load_checkpoint(other.path / "attacker.safetensors").model.parameters.values);
}

TEST_CASE("every method that learns changes the attacker and the others keep it") {
  for (const Method& known : methods()) {
    CAPTURE(known.name);
    const TemporaryFolder folder;
    Method m = tiny::method(known.name);
    m.settings.patience = 0;
    m.settings.restart = 0;  // or the best attacker may be the pre-trained one
    attack(folder.path, m);
    const bool same = load_checkpoint(folder.path / "attacker.safetensors").model.parameters.values == tiny::attacker().parameters.values;
    const bool learns = known.settings.memory == Memory::distil && known.name != "temperature" && known.name != "memory";
    CHECK(same != learns);
  }
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
  const std::vector<std::string> names{"banel-paper", "banel", "banel-union", "random"};
  const TemporaryFolder one_by_one, together;
  for (const std::string& name : names) attack(one_by_one.path / name, tiny::method(name));
  const int before = threads();
  set_threads(4);
  parallel_for(names.size(), [&](std::size_t i) { attack(together.path / names[i], tiny::method(names[i])); });
  set_threads(before);
  for (const std::string& name : names) {
    CAPTURE(name);
    check_equal(files(one_by_one.path / name), files(together.path / name));
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

TEST_CASE("an unknown method is refused with the names of all") {
  try {
    method("bandel");
    FAIL_CHECK("accepted");
  } catch (const UsageError& error) {
    const std::string what = error.what();
    CHECK(what.find("'bandel'") != what.npos);
    for (const Method& m : methods()) CHECK(what.find(m.name) != what.npos);
  }
}

}  // namespace
}  // namespace banel
