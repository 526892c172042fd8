// The paper's one-dimensional illustration (arXiv 2510.09596), in which everything can be computed: the
// values -3.0, -2.8, ..., 3.0, a prior that is a discrete Gaussian, and a reward at -2 and 2 only. It is a
// task like the others, whose success rates are exact, and `banel toy1d` shows Algorithm 1 on it step by
// step:
//   const toy1d::Illustration run = toy1d::illustrate(1);       std::cout << toy1d::to_text(run);
// Each step draws 10 values, fits a failure model to those that failed and rejects a region. The posterior,
// p_theta(x) 1[x is in no region], is known exactly.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace banel::toy1d {

// The task. It has one instance and no settings; its prior is a TabularGenerator over "-3.0", "-2.8", ...,
// "3.0".
TaskEntry entry();

// What an attacker draws from: the probabilities of theta outside all regions over their sum, in the order of
// the words of theta. Precondition: theta and the failure models are TabularGenerators (std::bad_cast).
std::vector<double> exact_posterior(const Attacker&);

struct Step {                          // every vector but `samples` has a probability for each value
  std::vector<double> theta = {};      // that was sampled
  std::vector<int> samples = {};       // the indices of the values drawn
  std::vector<double> phi = {};        // failure model of the step's failures; all 0 if nothing failed
  std::vector<double> posterior = {};  // theta outside all regions
};

struct Illustration {
  std::vector<double> grid, successes;  // all values; those that are rewarded
  std::vector<Step> steps;
  std::optional<std::size_t> found;  // the first step (1, 2, ...) that draws a success
  std::optional<std::size_t>
      converged;  // the step whose posterior has at least 0.9 of its mass on the successes

  double success(const std::vector<double>& probabilities) const;  // their mass on the successes
};

// Ends when it has converged, or after 30 steps.
Illustration illustrate(std::uint64_t seed);

struct Summary {                                    // of illustrations with the seeds 1..seeds
  std::size_t seeds = 0, found = 0, converged = 0;  // illustrations
  double found_mean = 0, converged_mean = 0;        // steps, over those that found and those that converged
  double prior_mean = 0;                            // expected steps to a success from the prior alone
};
Summary summarise(std::size_t seeds);

std::string to_text(const Illustration&);       // a line for each step
std::string in_sentences(const Illustration&);  // for each step what happened, and which values are left
// The ten rounds of banel/first_steps.h, a sentence each: Algorithm 2 on a prior that learns slowly.
std::string first_steps_in_sentences(std::uint64_t seed);
std::string to_text(const Summary&);
Json to_json(const Illustration&);
Json to_json(const Summary&);

}  // namespace banel::toy1d
