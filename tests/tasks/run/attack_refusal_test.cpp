// What an attack refuses to go on from.
#include <doctest/doctest.h>

#include "tensor/check.h"
#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::attack, tiny::check_equal, tiny::files, tiny::Stopped, tiny::TinyTask, tiny::WholeAttack;

// A copy of the folder after so many rounds, once `damage` has been done to a file of it, must be refused by
// one line that has one of `named`, and left alone.
void refused(const WholeAttack& whole, std::size_t rounds, const Method& m, const std::string& file,
             const std::function<std::string(std::string)>& damage, const std::vector<std::string>& named) {
  const TemporaryFolder folder;
  fs::copy(whole.after[rounds], folder.path, fs::copy_options::recursive);
  write_file(folder.path / file, damage(read_file(folder.path / file)));
  const auto before = files(folder.path);
  CAPTURE(file);
  CAPTURE(rounds);
  try {
    attack(folder.path, m);
    FAIL_CHECK("accepted");
  } catch (const InputError& error) {
    const std::string what = error.what();
    CAPTURE(what);
    CHECK(std::any_of(named.begin(), named.end(),
                      [&](const std::string& n) { return what.find(n) != what.npos; }));
    CHECK(what.find('\n') == what.npos);
  }
  check_equal(before, files(folder.path));
}

std::string replaced(std::string text, const std::string& old, const std::string& with) {
  REQUIRE(text.find(old) != text.npos);
  return text.replace(text.find(old), old.size(), with);
}

TEST_CASE("a ledger of another attack is refused") {
  const Method m = tiny::method("banel");
  const WholeAttack whole(m);
  const TemporaryFolder folder;
  fs::copy(whole.after[1], folder.path, fs::copy_options::recursive);
  std::string ledger = read_file(whole.after[2] / "ledger.jsonl");
  ledger.insert(ledger.rfind("\"attempt\":\"") + 11, 1, '9');  // an entry that this attack would not submit
  write_file(folder.path / "ledger.jsonl", ledger);
  CHECK_THROWS_AS(attack(folder.path, m), InputError);
}

TEST_CASE(
    "a ledger that is cut or replaced after a checkpoint is refused and so is one of a finished attack") {
  const Method m = tiny::method("banel");
  const WholeAttack whole(m);
  for (const std::size_t rounds : {std::size_t{1}, std::size_t{3}}) {
    refused(whole, rounds, m, "ledger.jsonl", [](const std::string&) { return ""; },
            {"ledger.jsonl: has 0 evaluations"});
    const auto one_line_less = [](const std::string& text) {
      return text.substr(0, text.rfind('\n', text.size() - 2) + 1);
    };
    refused(whole, rounds, m, "ledger.jsonl", one_line_less, {"was cut or replaced"});
    const auto reversed =
        [&](const std::string&) {  // the same attempts with every verdict reversed, and right hashes
          const TemporaryFolder other;
          std::vector<Attempt> asked;
          std::vector<Verdict> verdicts;
          for (const Evaluation& e : read_ledger(whole.after[rounds] / "ledger.jsonl").evaluations) {
            asked.push_back(e.attempt);
            const bool success = e.verdict.reward == Reward::success;
            verdicts.push_back({e.verdict.answer, success ? Reward::failure : Reward::success});
          }
          Oracle([&](std::span<const Attempt>) { return verdicts; }, 1000, other.path / "ledger")
              .evaluate(asked);
          return read_file(other.path / "ledger");
        };
    refused(whole, rounds, m, "ledger.jsonl", reversed, {"the ledger of another run"});
  }
  fs::remove(whole.after[1] / "ledger.jsonl");
  CHECK_THROWS_WITH_AS(attack(whole.after[1], m), doctest::Contains("ledger.jsonl: has 0 evaluations"),
                       InputError);
}

TEST_CASE("a damaged run folder is refused by name") {
  const Method m = tiny::method("banel-union");
  const WholeAttack whole(m);
  const auto cut = [](const std::string& s) { return s.substr(0, s.size() / 2); };
  const auto flip = [](std::string s) { return s[3] ^= 0x20, s; };
  for (const char* file : {"metrics.jsonl", "timing.jsonl", "ledger.jsonl", "checkpoint", "phi1.safetensors"})
    refused(whole, 2, m, file, cut, {file, "ledger"});
  for (const char* file : {"ledger.jsonl", "checkpoint", "phi1.safetensors"})
    refused(whole, 2, m, file, flip, {file});
  for (const char* file : {"attacker.safetensors", "checkpoint", "phi3.safetensors", "timing.jsonl"}) {
    refused(whole, 3, m, file, cut, {file});
    if (std::string(file) != "timing.jsonl") refused(whole, 3, m, file, flip, {file});
  }
}

TEST_CASE("a checkpoint that claims other work than was done is refused by name and left alone") {
  const Method m = tiny::method("banel-union");
  const WholeAttack whole(m);
  for (const std::size_t rounds : {std::size_t{2}, std::size_t{3}}) {  // unfinished and finished
    const auto claim = [&](const char* key, const std::string& value) {
      CAPTURE(key);
      CAPTURE(value);
      const auto changed = [&](const std::string& text) {
        const std::string name = std::string("\"") + key + "\":";
        const std::size_t begin = text.find(name) + name.size(), end = text.find_first_of(",}", begin);
        return text.substr(0, begin) + value + text.substr(end);
      };
      refused(whole, rounds, m, "checkpoint", changed,
              {"checkpoint: ", "metrics.jsonl: ", "timing.jsonl: ", "ledger.jsonl: "});
    };
    for (const char* value : {"\"2\"", "-1", "null", "1", "4", "1.5", "9007199254740992", "1e300"})
      claim("rounds", value);
    for (const char* value : {"\"12\"", "-1", "null", "1", "9007199254740992", "18446744073709551615"})
      claim("metrics_bytes", value);
    for (const char* value : {"\"12\"", "-1", "null", "1", "9007199254740992"}) claim("nre", value);
    for (const char* value : {"\"ab\"", "5", "\"0000000000000000\""}) claim("ledger_hash", value);
    claim("kappa", "null");
    if (rounds == 3) claim("finished", "false");
    const auto metrics = [&](const std::string& text, const std::string& other) {
      CAPTURE(other);
      REQUIRE(text.size() == other.size());
      refused(whole, rounds, m, "metrics.jsonl",
              [&](const std::string& all) { return replaced(all, text, other); }, {"metrics.jsonl: "});
    };
    metrics("\"submitted\":20", "\"submitted\":-1");
    metrics("\"submitted\":20", "\"submitted\":99");
    metrics("\"submitted\":20", "\"submittex\":20");
    metrics("\"nre\":20", "\"nre\":40");
    metrics("\"nre\":20", "\"nre\":\"\"");
    if (rounds == 2) metrics("\"nre\":40,\"submitted\":20", "\"nre\":39,\"submitted\":19");
  }
}

TEST_CASE("what a finished attack paid for last may belong to no round") {
  const Method m = tiny::method("banel-union");
  const WholeAttack whole(m);
  const TemporaryFolder folder;
  fs::copy(whole.after[3], folder.path, fs::copy_options::recursive);
  const fs::path metrics = folder.path / "metrics.jsonl";
  write_file(metrics,
             replaced(read_file(metrics), "\"nre\":60,\"submitted\":20", "\"nre\":59,\"submitted\":19"));
  CHECK(attack(folder.path, m).rounds.back().nre == 59);
}

TEST_CASE("a finished attack whose last round is not measured is refused") {
  const Method m = tiny::method("banel");
  const auto unmeasured = [](const std::string& text) {
    const std::size_t begin = text.rfind("\"measured\":") + 11, end = text.find(",\"examples\"", begin);
    return text.substr(0, begin) + "null" + std::string(end - begin - 4, ' ') + text.substr(end);
  };
  refused(WholeAttack(m), 3, m, "metrics.jsonl", unmeasured, {"metrics.jsonl: the last round"});
}

TEST_CASE("a folder with another configuration is refused and left alone") {
  const Method m = tiny::method("banel");
  const TemporaryFolder folder;
  attack(folder.path, m);
  const auto before = files(folder.path);
  const auto refused_with = [&](const Method& method, const Task& task, const AttackSettings& settings) {
    CHECK_THROWS_AS(attack(folder.path, method, -1, task, settings), InputError);
    check_equal(before, files(folder.path));
  };
  const auto [seed, samples, ranking] = tiny::attack_settings;
  refused_with(m, tiny::task(), {seed + 1, samples});
  refused_with(m, tiny::task(), {seed, samples + 1});
  refused_with(m, tiny::task(), {seed, samples, !ranking});
  refused_with(m, TinyTask(4), {seed, samples});
  refused_with(tiny::method("random"), tiny::task(), {seed, samples});
  for (const auto& setting : values_of(m)) {
    const auto& key = setting.first;
    const auto& value = setting.second;
    CAPTURE(key);
    Method other = m;
    const bool is_rate = key.ends_with("_rate");
    set(other, key,
        key == "screen" ? Value("no-fives") : Value(is_rate ? value.number() / 2 : value.number() + 1));
    refused_with(other, tiny::task(), {seed, samples});
  }
}

TEST_CASE("an unfinished attack on another instance is refused") {
  // Its ledger holds the verdicts of the first judge, so going on with a second one would mix the two.
  const Method m = tiny::method("banel");
  const TemporaryFolder folder;
  CHECK_THROWS_AS(attack(folder.path, m, 1), Stopped);
  CHECK_THROWS_AS(attack(folder.path, m, -1, TinyTask(4)), InputError);
}

}  // namespace
}  // namespace banel
