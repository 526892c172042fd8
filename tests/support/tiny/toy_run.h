// A small run over toy words in all variants of the method, and a judge that remembers what it was asked.
#pragma once
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <set>

#include "tests/support/tiny/toy_generator.h"

namespace banel {

constexpr std::size_t toy_words = 48;

inline Settings toy_settings(bool screened, Memory memory) {
  return {.budget = 200,
          .m = 6,
          .n = 60,
          .f = 3,
          .phi = {.epochs = 2},
          .theta = {.epochs = 1},
          .screened = screened,
          .memory = memory};
}

// Rewards every fifth word.
struct ToyJudge {
  std::set<Attempt> rewarded;
  std::map<Attempt, int> calls;
  std::int64_t total = 0;

  static bool reward(const Attempt& x) { return ToyGenerator::number(x) % 5 == 0; }
  Judge judge() {
    return judge_by([this](const Attempt& x) {
      ++calls[x];
      ++total;
      if (reward(x)) rewarded.insert(x);
      return reward(x);
    });
  }
};

// Calls body(screened, memory) for Algorithms 1 and 2, screened and unscreened.
template <class Body>
void for_all_variants(Body body) {
  for (const bool screened : {false, true})
    for (const Memory memory : {Memory::regions, Memory::distil}) {
      CAPTURE(screened);
      CAPTURE(memory == Memory::regions);
      body(screened, memory);
    }
}

}  // namespace banel
