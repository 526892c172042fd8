// Attacks of three rounds, and what they leave behind.
#pragma once
#include <doctest/doctest.h>

#include <map>

#include "nn/io/file.h"
#include "tasks/run/attack.h"
#include "tasks/run/registry.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_task.h"

namespace banel::tiny {

constexpr AttackSettings attack_settings{.seed = 3, .samples = 100};

inline const Task& task() {
  static const TinyTask made;
  return made;
}

// Whether the attacker stays the prior, whatever happens.
inline bool learns_nothing(const Method& m) {
  return m.one_round || m.remembers == Method::Remembers::claims;
}

// A built-in method with everything small: three rounds of 20 attempts.
inline Method method(const std::string& name, const Task& of = task()) {
  Method m = adapted(Registry{built_in_methods(), {}}.method(name), of, {});
  m.settings.budget = 60;
  m.settings.m = 20;
  m.settings.early_abort = 0;
  m.settings.n = 30;
  m.settings.phi.epochs = 2;
  m.settings.theta.epochs = 1;
  return m;
}

struct Stopped {};

// One attack. With stop_after = k it ends as if someone pulled the plug after k rounds.
inline AttackResult attack(const std::filesystem::path& folder, const Method& m, int stop_after = -1,
                           const Task& on = task(), const AttackSettings& settings = attack_settings) {
  int reports = -1;  // the first report comes before any round
  return run_attack(folder, on, m, settings, [&](std::int64_t) {
    if (++reports == stop_after) throw Stopped();
  });
}

// Every file of the folder but the times it took and the lock.
inline std::map<std::string, std::string> files(const std::filesystem::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (const auto name = entry.path().filename(); name != "timing.jsonl" && name != ".lock")
      result[entry.path().filename().string()] = read_file(entry.path());
  return result;
}

inline void check_equal(const std::map<std::string, std::string>& a,
                        const std::map<std::string, std::string>& b) {
  for (const auto& file : a) {
    const auto &name = file.first, &bytes = file.second;
    INFO(name);
    REQUIRE(b.contains(name));
    const bool same = bytes == b.at(name);  // no megabyte of weights in the message
    CHECK(same);
    if (!same && name.ends_with("jsonl")) CHECK(bytes == b.at(name));
  }
  CHECK(a.size() == b.size());
}

// What an uninterrupted attack leaves behind, and the folder after each of its rounds.
struct WholeAttack {
  TemporaryFolder folder;
  AttackResult result;
  std::vector<std::filesystem::path> after;  // after[k]: a copy of the folder as it was after k rounds

  explicit WholeAttack(const Method& m, const Task& on = task(),
                       const AttackSettings& settings = attack_settings) {
    result = run_attack(path(), on, m, settings, [&](std::int64_t) {
      after.push_back(folder.path / ("after" + std::to_string(after.size())));
      std::filesystem::copy(path(), after.back());
    });
    after.pop_back();  // the last report comes twice: after the last round and at the end
  }
  std::filesystem::path path() const { return folder.path / "run"; }
};

}  // namespace banel::tiny
