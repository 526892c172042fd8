// What an attack goes on from.
#include <doctest/doctest.h>

#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::attack, tiny::check_equal, tiny::files, tiny::Stopped, tiny::WholeAttack;

TEST_CASE("a finished attack is read back without any work") {
  for (const char* name : {"banel", "banel-union"}) {
    CAPTURE(name);
    const Method m = tiny::method(name);
    const TemporaryFolder folder;
    const AttackResult first = attack(folder.path, m);
    const auto before = files(folder.path);
    std::map<std::string, fs::file_time_type> times;
    for (const auto& entry : fs::directory_iterator(folder.path))
      times[entry.path().string()] = entry.last_write_time();

    std::vector<std::int64_t> reports;
    const AttackResult second = run_attack(folder.path, tiny::task(), m, tiny::attack_settings,
                                           [&](std::int64_t used) { reports.push_back(used); });
    CHECK(reports == std::vector<std::int64_t>{60});
    CHECK(second.seconds == first.seconds);
    REQUIRE(second.rounds.size() == first.rounds.size());
    for (std::size_t k = 0; k < first.rounds.size(); ++k)
      CHECK(to_json(second.rounds[k]) == to_json(first.rounds[k]));
    check_equal(before, files(folder.path));
    for (const auto& entry : fs::directory_iterator(folder.path))
      CHECK(times.at(entry.path().string()) == entry.last_write_time());
  }
}

TEST_CASE("an attack that stops after any round goes on to the same bytes" * doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    const Method m = tiny::method(known.name);
    const WholeAttack whole(m);
    for (int round = 0; round <= 3; ++round) {
      CAPTURE(known.name);
      CAPTURE(round);
      const TemporaryFolder folder;
      CHECK_THROWS_AS(attack(folder.path, m, round), Stopped);
      const AttackResult result = attack(folder.path, m);
      check_equal(files(whole.path()), files(folder.path));
      CHECK(result.rounds.size() == whole.result.rounds.size());
    }
  }
}

TEST_CASE("an attack that stops after every round goes on to the same bytes" * doctest::test_suite("slow")) {
  for (const Method& known : built_in_methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const WholeAttack whole(m);
    const TemporaryFolder folder;
    for (int round = 0; round < 3; ++round) CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

TEST_CASE("an attack that stops where its scouts hand over goes on to the same bytes") {
  Method m = tiny::method("banel");
  m.settings.scout = 20;
  const WholeAttack whole(m);
  for (int round = 0; round <= 3; ++round) {
    CAPTURE(round);
    const TemporaryFolder folder;
    CHECK_THROWS_AS(attack(folder.path, m, round), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

TEST_CASE("an attack whose rewards are dealt in two batches a round goes on to the same bytes") {
  Method m = tiny::method("shuffled-rewards");
  m.settings.early_abort = 4;
  const WholeAttack whole(m);
  const std::size_t rounds = whole.result.rounds.size();
  CHECK(rounds >= 3);
  const TemporaryFolder folder;
  for (std::size_t round = 1; round < rounds; ++round) CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
  attack(folder.path, m);
  check_equal(files(whole.path()), files(folder.path));
}

TEST_CASE("an attack that takes attempts for failures goes on to the same bytes") {
  for (const char* name : {"banel", "rnd-score", "count-score"}) {
    CAPTURE(name);
    Method m = tiny::method(name);
    m.settings.early_abort = 7;
    m.consults_oracle = false;  // no reward ever
    const WholeAttack whole(m);
    CHECK(whole.result.rounds.size() > 3);
    CHECK_FALSE(whole.result.rounds[0].assumed.empty());
    const TemporaryFolder folder;
    for (std::size_t round = 1; round < whole.result.rounds.size(); ++round)
      CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

// Between two checkpoints a round appends to the ledger, then to the metrics, then to the timing, then saves
// phi, and after the last round the attacker. So a kill leaves the old checkpoint with some of the files
// already grown.
const std::vector<std::string> order_of_writes{"ledger.jsonl", "metrics.jsonl", "timing.jsonl", "phi",
                                               "attacker.safetensors"};

// The folder after `round` rounds in which the first `grown` files are those of the next round, the last one
// torn.
void kill_inside(const WholeAttack& whole, std::size_t round, std::size_t grown, bool torn,
                 const fs::path& folder) {
  fs::copy(whole.after[round], folder, fs::copy_options::recursive);
  for (std::size_t i = 0; i < grown; ++i) {
    const bool appended = order_of_writes[i].ends_with("jsonl");
    const std::string file =
        order_of_writes[i] == "phi" ? "phi" + std::to_string(round + 1) + ".safetensors" : order_of_writes[i];
    const fs::path next = whole.after[round + 1] / file;
    if (!fs::exists(next)) continue;  // no phi but in the union, no attacker but after the last round
    std::string bytes = read_file(next);
    if (torn && i + 1 == grown && appended) bytes.resize(bytes.size() - 7);
    write_file(folder / file, bytes);
  }
}

TEST_CASE("an attack killed inside a round goes on to the same bytes" * doctest::test_suite("slow")) {
  // Methods that differ in what they keep: only theta, every phi, what their learner has seen, scouts that
  // survived, what was rewarded, what was dealt.
  std::vector<Method> methods;
  for (const char* name :
       {"banel", "banel-union", "banel-pool", "claim-memory", "count", "scout", "finds", "shuffled-rewards"})
    methods.push_back(tiny::method(name));
  methods.push_back(tiny::method("banel-pool"));  // its failure model is the pool itself
  methods.back().settings.phi.epochs = 0;
  methods.back().settings.kappa = 2;
  for (const Method& m : methods) {
    const WholeAttack whole(m);
    REQUIRE(whole.after.size() == 4);
    for (std::size_t round = 0; round < 3; ++round)
      for (std::size_t grown = 1; grown <= order_of_writes.size(); ++grown)
        for (const bool torn : {false, true}) {
          CAPTURE(m.name);
          CAPTURE(round);
          CAPTURE(grown);
          CAPTURE(torn);
          const TemporaryFolder folder;
          kill_inside(whole, round, grown, torn, folder.path);
          const AttackResult result = attack(folder.path, m);
          check_equal(files(whole.path()), files(folder.path));
          CHECK(result.rounds.size() == 3);
        }
  }
}

TEST_CASE("a kill that leaves half of a batch in the ledger pays for the other half only") {
  const Method m = tiny::method("banel");
  const WholeAttack whole(m);
  const TemporaryFolder folder;
  fs::copy(whole.after[1], folder.path, fs::copy_options::recursive);
  const std::string ledger = read_file(whole.path() / "ledger.jsonl");
  std::size_t end = 0;
  for (int line = 0; line < 27; ++line) end = ledger.find('\n', end) + 1;
  write_file(folder.path / "ledger.jsonl", ledger.substr(0, end + 11));
  attack(folder.path, m);
  check_equal(files(whole.path()), files(folder.path));
}

}  // namespace
}  // namespace banel
