// Attacks on the tiny networks, and what they leave behind.
#pragma once
#include <doctest/doctest.h>

#include <map>

#include "nn/io/file.h"
#include "tests/support/tiny_networks.h"

namespace banel::tiny {

constexpr std::uint64_t seed = 3;

struct Stopped {};

// One attack on the tiny networks. With stop_after = k it ends as if someone pulled the plug after k rounds.
inline AttackResult attack(const std::filesystem::path& folder, const Method& m, int stop_after = -1) {
  int reports = -1;  // the first report comes before any round
  return run_attack(folder, m, measured_samples, target(), attacker(), {digits}, seed, [&](std::int64_t) {
    if (++reports == stop_after) throw Stopped();
  });
}

// Every file of the folder but the times it took.
inline std::map<std::string, std::string> files(const std::filesystem::path& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename() != "timing.jsonl") result[entry.path().filename().string()] = read_file(entry.path());
  return result;
}

inline void check_equal(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
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

}  // namespace banel::tiny
