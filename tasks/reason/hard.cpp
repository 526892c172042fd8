#include "tasks/reason/hard.h"

#include <cmath>

#include "tasks/reason/reasoner.h"
#include "tasks/reason/sound.h"
#include "tensor/parallel.h"

namespace banel::reason {

Problem problem_number(std::uint64_t number, std::uint64_t seed) {
  Rng rng(seed, "word problems", 0, static_cast<std::uint32_t>(number));
  return random_problem(rng, 0.5, 0.5);
}

HardProblems hard_problems(const GPT& reasoner, std::uint64_t seed, std::size_t n,
                           const std::function<void()>& found) {
  constexpr std::uint64_t piece = 100;  // problems that are solved together
  HardProblems hard;
  while (hard.found.size() < n) {
    std::vector<Problem> problems;
    for (std::uint64_t i = 1; i <= piece; ++i) problems.push_back(problem_number(hard.looked_at + i, seed));
    const std::vector<std::string> greedy = greedy_solutions(reasoner, problems);
    for (std::size_t i = 0; i < problems.size() && hard.found.size() < n; ++i) {
      check_stop();
      ++hard.looked_at;
      const GptGenerator solver(reasoner, language_of(problems[i]));
      const bool sound = is_sound(problems[i], greedy[i]);
      if (sound && solver.log_prob(std::span(&greedy[i], 1))[0] > std::log(easiest))
        continue;  // alone too easy
      const Estimate base = sound_success(solver, problems[i], {hard.looked_at, "wordings"});
      if (base.value < hardest || base.value > easiest) continue;
      hard.found.push_back({hard.looked_at, problems[i], base});
      found();
    }
  }
  return hard;
}

}  // namespace banel::reason
