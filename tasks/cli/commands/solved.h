// How the reasoner solves one word problem, and which ones it hardly ever solves, in words.
//   std::cout << in_words(solve(model, parse_problem("C=73.C5dH.?H:"), 5, 1));
#pragma once
#include <string>
#include <vector>

#include "nn/io/json.h"
#include "tasks/model/rate.h"
#include "tasks/reason/hard.h"

namespace banel {

struct SolvedProblem {
  struct Answer {
    std::string answer, example;  // its first solution
    std::int64_t times = 0;
  };
  reason::Problem problem;
  std::string greedy;  // the most likely solution, token by token
  Estimate sound;      // probability of sound reasoning
  std::int64_t samples = 0;
  std::vector<Answer> answers;  // the most frequent first
};

// The reasoner that the program carries (tasks/networks).
GPT carried_reasoner();

// Samples 2,000 solutions and keeps the `most` most frequent answers.
SolvedProblem solve(const GPT& reasoner, const reason::Problem&, std::size_t most, std::uint64_t seed);

std::string in_words(const SolvedProblem&);
Json to_json(const SolvedProblem&);

// A line for each: number, sound success, problem.
std::string in_words(const reason::HardProblems&, std::uint64_t seed);

}  // namespace banel
