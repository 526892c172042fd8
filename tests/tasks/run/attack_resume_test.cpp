// What an attack goes on from, and what it refuses to go on from.
#include <doctest/doctest.h>

#include "nn/io/safetensors.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tests/support/tiny_attack.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::attack, tiny::check_equal, tiny::files, tiny::seed, tiny::Stopped;

// What an uninterrupted attack leaves behind, and the folder after each of its rounds.
struct Run {
  TemporaryFolder folder;
  AttackResult result;
  std::vector<fs::path> after;  // after[k]: a copy of the folder as it was after k rounds

  explicit Run(const Method& m) {
    const fs::path here = folder.path / "run";
    result = run_attack(here, m, tiny::measured_samples, tiny::target(), tiny::attacker(), {tiny::digits}, seed, [&](std::int64_t) {
      after.push_back(folder.path / ("after" + std::to_string(after.size())));
      fs::copy(here, after.back());
    });
    after.pop_back();  // the last report comes twice: after the last round and at the end
  }
  fs::path path() const { return folder.path / "run"; }
};

TEST_CASE("a finished attack is read back without any work") {
  for (const char* name : {"banel", "banel-union"}) {
    CAPTURE(name);
    const Method m = tiny::method(name);
    const TemporaryFolder folder;
    const AttackResult first = attack(folder.path, m);
    const auto before = files(folder.path);
    std::map<std::string, fs::file_time_type> times;
    for (const auto& entry : fs::directory_iterator(folder.path)) times[entry.path().string()] = entry.last_write_time();

    std::vector<std::int64_t> reports;
    const AttackResult second = run_attack(folder.path, m, tiny::measured_samples, tiny::target(), tiny::attacker(), {tiny::digits}, seed,
                                           [&](std::int64_t used) { reports.push_back(used); });
    CHECK(reports == std::vector<std::int64_t>{60});
    CHECK(second.seconds == first.seconds);
    REQUIRE(second.rounds.size() == first.rounds.size());
    for (std::size_t k = 0; k < first.rounds.size(); ++k) {
      CHECK(second.rounds[k].nre == first.rounds[k].nre);
      CHECK(second.rounds[k].positives == first.rounds[k].positives);
      CHECK(second.rounds[k].submitted == first.rounds[k].submitted);
      CHECK(second.rounds[k].success.k == first.rounds[k].success.k);
      CHECK(second.rounds[k].success.n == first.rounds[k].success.n);
    }
    check_equal(before, files(folder.path));
    for (const auto& entry : fs::directory_iterator(folder.path)) CHECK(times.at(entry.path().string()) == entry.last_write_time());
  }
}

TEST_CASE("an attack that stops after any round goes on to the same bytes") {
  for (const Method& known : methods()) {
    const Method m = tiny::method(known.name);
    const Run whole(m);
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

TEST_CASE("an attack that stops after every round goes on to the same bytes") {
  for (const Method& known : methods()) {
    CAPTURE(known.name);
    const Method m = tiny::method(known.name);
    const Run whole(m);
    const TemporaryFolder folder;
    for (int round = 0; round < 3; ++round) CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

TEST_CASE("an attack that stops where its scouts hand over goes on to the same bytes") {
  Method m = tiny::method("banel");
  m.settings.scout = 20;
  const Run whole(m);
  for (int round = 0; round <= 3; ++round) {
    CAPTURE(round);
    const TemporaryFolder folder;
    CHECK_THROWS_AS(attack(folder.path, m, round), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

TEST_CASE("an attack that takes attempts for failures goes on to the same bytes") {
  for (const char* name : {"banel", "rnd-score", "count-score"}) {
    CAPTURE(name);
    Method m = tiny::method(name);
    m.settings.probe = 7;
    m.consults_oracle = false;  // no reward ever
    const Run whole(m);
    CHECK(whole.result.rounds.size() > 3);
    CHECK_FALSE(whole.result.rounds[0].assumed.empty());
    const TemporaryFolder folder;
    for (std::size_t round = 1; round < whole.result.rounds.size(); ++round) CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
    attack(folder.path, m);
    check_equal(files(whole.path()), files(folder.path));
  }
}

TEST_CASE("an attack killed inside a round goes on to the same bytes") {
  // Between two checkpoints a round appends to the ledger, then to the metrics, then to the timing, then saves phi.
  // So a kill leaves the old checkpoint with some of the files already grown, and the last of them torn.
  // Methods that differ in what they keep: only theta, every phi, what their learner has seen, scouts that survived.
  for (const char* name : {"banel", "banel-union", "count", "scout"}) {
    const Method m = tiny::method(name);
    const Run whole(m);
    REQUIRE(whole.after.size() == 4);
    for (std::size_t round = 0; round < 3; ++round)
      for (const std::vector<std::string>& grown : {std::vector<std::string>{"ledger.jsonl"},
                                                    {"ledger.jsonl", "metrics.jsonl"},
                                                    {"ledger.jsonl", "metrics.jsonl", "timing.jsonl"},
                                                    {"ledger.jsonl", "metrics.jsonl", "timing.jsonl", "phi"}})
        for (const bool torn : {false, true}) {
          CAPTURE(name);
          CAPTURE(round);
          CAPTURE(grown.back());
          CAPTURE(torn);
          const TemporaryFolder folder;
          fs::copy(whole.after[round], folder.path, fs::copy_options::recursive);
          for (const std::string& kind : grown) {
            const std::string file = kind == "phi" ? "phi" + std::to_string(round + 1) + ".safetensors" : kind;
            if (!fs::exists(whole.after[round + 1] / file)) continue;  // no phi: not the union
            std::string bytes = read_file(whole.after[round + 1] / file);
            if (torn && kind == grown.back() && kind != "phi") bytes.resize(bytes.size() - 7);
            write_file(folder.path / file, bytes);
          }
          const AttackResult result = attack(folder.path, m);
          check_equal(files(whole.path()), files(folder.path));
          CHECK(result.rounds.size() == 3);
        }
  }
}

TEST_CASE("a kill that leaves half of a batch in the ledger pays for the other half only") {
  const Method m = tiny::method("banel");
  const Run whole(m);
  const TemporaryFolder folder;
  fs::copy(whole.after[1], folder.path, fs::copy_options::recursive);
  const std::string ledger = read_file(whole.path() / "ledger.jsonl");
  std::size_t end = 0;
  for (int line = 0; line < 27; ++line) end = ledger.find('\n', end) + 1;
  write_file(folder.path / "ledger.jsonl", ledger.substr(0, end + 11));
  attack(folder.path, m);
  check_equal(files(whole.path()), files(folder.path));
}

TEST_CASE("a ledger of another attack is refused") {
  const Method m = tiny::method("banel");
  const Run whole(m);
  const TemporaryFolder folder;
  fs::copy(whole.after[1], folder.path, fs::copy_options::recursive);
  std::string ledger = read_file(whole.after[2] / "ledger.jsonl");
  const std::size_t last = ledger.rfind("\"attempt\":\"") + 11;
  ledger.insert(last, 1, '9');  // an entry that this attack would not submit
  write_file(folder.path / "ledger.jsonl", ledger);
  CHECK_THROWS_AS(attack(folder.path, m), InputError);
}

TEST_CASE("a ledger that is cut or replaced after a checkpoint is refused and so is one of a finished attack") {
  const Method m = tiny::method("banel");
  const Run whole(m);
  for (const std::size_t rounds : {std::size_t{1}, std::size_t{3}}) {
    const auto refused = [&](const auto& damage, const char* why) {
      const TemporaryFolder folder;
      fs::copy(whole.after[rounds], folder.path, fs::copy_options::recursive);
      damage(folder.path / "ledger.jsonl");
      const auto before = files(folder.path);
      CAPTURE(rounds);
      CHECK_THROWS_WITH_AS(attack(folder.path, m), doctest::Contains(why), InputError);
      check_equal(before, files(folder.path));
    };
    refused([](const fs::path& ledger) { fs::remove(ledger); }, "ledger.jsonl: has 0 evaluations");
    refused(
        [](const fs::path& ledger) {
          const std::string text = read_file(ledger);
          write_file(ledger, text.substr(0, text.rfind('\n', text.size() - 2) + 1));  // one line less
        },
        "it was cut or replaced");
    refused(
        [](const fs::path& ledger) {  // the same attempts with every verdict reversed, and right hashes
          std::vector<Attempt> asked;
          std::vector<Verdict> verdicts;
          for (const Evaluation& e : read_ledger(ledger).evaluations) {
            asked.push_back(e.attempt);
            verdicts.push_back({e.verdict.answer, !e.verdict.reward});
          }
          fs::remove(ledger);
          Oracle([&](std::span<const Attempt>) { return verdicts; }, 1000, ledger).evaluate(asked);
        },
        "it is the ledger of another run");
  }
}

TEST_CASE("a damaged run folder is refused by name") {
  const Method m = tiny::method("banel-union");
  const Run whole(m);
  struct Damage {
    std::string file;
    std::string (*change)(std::string);
  };
  const auto cut = [](std::string s) { return s.substr(0, s.size() / 2); };
  const auto flip = [](std::string s) { return s[3] ^= 0x20, s; };
  for (const Damage& damage : {Damage{"metrics.jsonl", cut}, {"timing.jsonl", cut}, {"ledger.jsonl", cut}, {"ledger.jsonl", flip},
                               {"attacker.safetensors", cut}, {"attacker.safetensors", flip}, {"phi1.safetensors", cut}}) {
    CAPTURE(damage.file);
    const TemporaryFolder folder;
    fs::copy(whole.after[2], folder.path, fs::copy_options::recursive);
    write_file(folder.path / damage.file, damage.change(read_file(folder.path / damage.file)));
    const auto before = files(folder.path);
    try {
      attack(folder.path, m);
      FAIL_CHECK("accepted");
    } catch (const InputError& error) {
      const std::string what = error.what();
      CHECK((what.find(damage.file) != what.npos || what.find("ledger") != what.npos));
      CHECK(what.find('\n') == what.npos);
    }
    check_equal(before, files(folder.path));
  }
}

TEST_CASE("a checkpoint whose metadata or logs claim other work than was done is refused by name and left alone") {
  const Method m = tiny::method("banel-union");
  const Run whole(m);
  for (const std::size_t rounds : {std::size_t{2}, std::size_t{3}}) {  // unfinished and finished
    const auto refused = [&](const char* file, auto damage) {
      const TemporaryFolder folder;
      fs::copy(whole.after[rounds], folder.path, fs::copy_options::recursive);
      damage(folder.path / file);
      const auto before = files(folder.path);
      try {
        attack(folder.path, m);
        FAIL_CHECK("accepted a damaged " << file);
      } catch (const InputError& error) {
        const std::string what = error.what();
        CAPTURE(what);
        CHECK((what.find(std::string(file) + ": ") != what.npos || what.find("metrics.jsonl: ") != what.npos || what.find("ledger.jsonl: has 60 ") != what.npos));
        CHECK(what.find('\n') == what.npos);
      }
      check_equal(before, files(folder.path));
    };
    const auto metadata = [&](const char* key, const std::string& value) {
      CAPTURE(key);
      CAPTURE(value);
      refused("attacker.safetensors", [&](const fs::path& path) {
        TensorFile file = load_safetensors(path);
        file.metadata.at(key) = value;
        save_safetensors(path, file);
      });
    };
    for (const char* value : {"12abc", "-1", "", "1", "4", "9007199254740992", "99999999999999999999"}) metadata("rounds", value);
    for (const char* value : {"12abc", "-1", "", "1", "9007199254740992", "18446744073709551615"}) metadata("metrics_bytes", value);
    for (const char* value : {"12abc", "-1", "", "1", "9007199254740992"}) metadata("nre", value);
    metadata("regions", R"([{"kappa":1}])");
    metadata("regions", "[[[");
    const auto metrics = [&](const std::string& text, const std::string& other) {
      CAPTURE(other);
      refused("metrics.jsonl", [&](const fs::path& path) {
        std::string bytes = read_file(path);
        REQUIRE(text.size() == other.size());
        REQUIRE(bytes.find(text) != bytes.npos);
        write_file(path, bytes.replace(bytes.find(text), text.size(), other));
      });
    };
    metrics("\"submitted\":20", "\"submitted\":-1");
    metrics("\"submitted\":20", "\"submitted\":99");
    metrics("\"submitted\":20", "\"submittex\":20");
    metrics("\"nre\":20", "\"nre\":40");
    metrics("\"nre\":20", "\"nre\":\"\"");
  }
}

TEST_CASE("a folder with another configuration is refused and left alone") {
  const Method m = tiny::method("banel");
  const TemporaryFolder folder;
  attack(folder.path, m);
  const auto before = files(folder.path);
  const auto refused = [&](const Method& method, std::size_t samples, const addition::Rules& rules, std::uint64_t other_seed) {
    CHECK_THROWS_AS(run_attack(folder.path, method, samples, tiny::target(), tiny::attacker(), rules, other_seed, [](std::int64_t) {}), InputError);
    check_equal(before, files(folder.path));
  };
  refused(m, tiny::measured_samples, {tiny::digits}, seed + 1);
  refused(m, tiny::measured_samples, {tiny::digits + 1}, seed);
  refused(m, tiny::measured_samples, {tiny::digits, false}, seed);
  refused(m, tiny::measured_samples + 1, {tiny::digits}, seed);
  refused(tiny::method("random"), tiny::measured_samples, {tiny::digits}, seed);
  const auto changed = [&](auto change) {
    Method other = m;
    change(other.settings, other);
    refused(other, tiny::measured_samples, {tiny::digits}, seed);
  };
  changed([](Settings& s, Method&) { s.budget = 80; });
  changed([](Settings& s, Method&) { s.per_round = 10; });
  changed([](Settings& s, Method&) { s.probe = 5; });
  changed([](Settings& s, Method&) { s.accepted = 31; });
  changed([](Settings& s, Method&) { s.f = 3; });
  changed([](Settings& s, Method&) { s.kappa = 0.5; });
  changed([](Settings& s, Method&) { s.phi_epochs = 3; });
  changed([](Settings& s, Method&) { s.distil_epochs = 3; });
  changed([](Settings& s, Method&) { s.screened = false; });
  changed([](Settings& s, Method&) { s.memory = Memory::regions; });
  changed([](Settings& s, Method&) { s.kl = 0.3; });
  changed([](Settings& s, Method&) { s.patience = 2; });
  changed([](Settings& s, Method&) { s.scout = 20; });
  changed([](Settings&, Method& t) { t.fit.rate = 2e-3; });
  changed([](Settings&, Method& t) { t.fit.batch = 32; });
  changed([](Settings&, Method& t) { t.novelty.order = 3; });
  changed([](Settings&, Method& t) { t.novelty.c = 0.2; });
  changed([](Settings&, Method& t) { t.novelty.epochs = 2; });
  changed([](Settings&, Method& t) { t.novelty.rate = 2e-3; });
  changed([](Settings&, Method& t) { t.temperature = 2; });
}

TEST_CASE("an unfinished attack on other networks is refused") {
  // Its ledger holds the verdicts of the first target, so going on against a second one would mix the two.
  const Method m = tiny::method("banel");
  const TemporaryFolder folder;
  CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
  const GPT other_target(addition::target_config(tiny::digits, tiny::d_model, tiny::layers, tiny::heads), Rng(9, "untrained"));
  CHECK_THROWS_AS(run_attack(folder.path, m, tiny::measured_samples, other_target, tiny::attacker(), {tiny::digits}, seed, [](std::int64_t) {}), InputError);
}

}  // namespace
}  // namespace banel
