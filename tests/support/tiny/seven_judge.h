// A judge that rewards attempts with a 7 in them and counts how often it judged each, and attempts a0, a1,
// ...
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "banel/oracle.h"

namespace banel {

struct SevenJudge {
  std::map<Attempt, int> calls;
  std::int64_t total = 0;

  static Reward reward(const Attempt& x) { return x.find('7') == x.npos ? Reward::failure : Reward::success; }
  Judge judge() {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        ++calls[x];
        ++total;
        verdicts.push_back({"answer to \"" + x + "\"", reward(x)});
      }
      return verdicts;
    };
  }
};

inline std::vector<Attempt> numbered_attempts(std::int64_t first, std::int64_t count) {
  std::vector<Attempt> result;
  for (std::int64_t i = first; i < first + count; ++i)
    result.push_back(std::string("a").append(std::to_string(i)));
  return result;
}

}  // namespace banel
