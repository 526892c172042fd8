// The hard word problems, chosen by rule: those of a generator, in its order, that the reasoner rarely
// solves. `banel ask problems` prints them, and questions.txt holds what it printed.
//   for (const HardProblem& p : hard_problems(model, 20261127, 12, progress).found) p.problem.words();
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "nn/gpt.h"
#include "tasks/model/rate.h"
#include "tasks/reason/problem.h"

namespace banel::reason {

// The band of sound success (sound.h) that makes a problem hard.
inline constexpr double hardest = 2e-4, easiest = 1e-2;

// Problem `number` of the generator with this seed: half of all relations are inverse, of either kind.
Problem problem_number(std::uint64_t number, std::uint64_t seed);

struct HardProblem {
  std::uint64_t number;
  Problem problem;
  Estimate base;
};

struct HardProblems {
  std::vector<HardProblem> found;
  std::uint64_t looked_at = 0;
};

// The first n hard ones of the problems 1, 2, ... `found` is called after each.
HardProblems hard_problems(const GPT& reasoner, std::uint64_t seed, std::size_t n,
                           const std::function<void()>& found);

}  // namespace banel::reason
