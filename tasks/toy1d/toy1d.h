// The paper's one-dimensional illustration on the method's own loop (Algorithm 1): values -3.0, -2.8,
// ..., 3.0 from a discrete Gaussian, 10 samples in each step, and a reward only at -2 and 2 exactly. Every
// step fits a failure model to its failures; the posterior, p_theta(x) 1[x is in no rejection region], is
// known exactly.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "banel/banel.h"
#include "tasks/toy1d/toy1d_figure.h"

namespace banel {

struct Toy1dRun {
  std::vector<double> grid, successes;
  std::vector<Toy1dStep> steps;          // phi: of the step's failures; all 0 if nothing failed
  std::optional<std::size_t> found;      // the first step (1, 2, ...) that samples a success
  std::optional<std::size_t> converged;  // the step whose posterior has >= 0.9 of its mass on the successes

  double success(const std::vector<double>& probabilities) const;  // their mass on the successes
};

// Ends when it has converged, or after 30 steps.
Toy1dRun toy1d(std::uint64_t seed);

// Runs with the seeds 1..n.
struct Toy1dSummary {
  std::size_t seeds = 0, found = 0, converged = 0;  // runs
  double found_mean = 0, converged_mean = 0;        // steps, over the runs that found and that converged
  double prior_mean = 0;                            // expected steps to a success from the prior alone
};
Toy1dSummary summarise_toy1d(std::size_t seeds);

// What the loop draws from: theta's probabilities outside all regions over their sum, over the words of a
// TabularGenerator.
std::vector<double> exact_posterior(const State&);

std::string to_text(const Toy1dRun&);  // a line for each step
std::string to_text(const Toy1dSummary&);
nlohmann::ordered_json to_json(const Toy1dRun&);
nlohmann::ordered_json to_json(const Toy1dSummary&);

}  // namespace banel
