#include "tasks/toy1d/toy1d.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

#include "banel/tabular.h"

namespace banel {

namespace {

constexpr int places = 31, centre = places / 2, most_steps = 30;
constexpr double success_value = 2, converged_mass = 0.9;

double value(int place) { return (place - centre) / 5.0; }
Attempt word(int place) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f", value(place));
  return text;
}

// The standard normal density at the values. It is fitted without inertia: a failure model is exactly the
// frequencies of its failures, the ratio is infinite wherever none was seen, and every step rejects what
// failed and nothing else. A failure model that also blames the neighbours of a failure (tried: Gaussian
// kernels 0.07 and 0.1 wide, f = 6, 40 seeds) keeps 15 and 20 runs from converging: the success is one value
// between values that fail.
TabularGenerator prior() {
  std::vector<Attempt> words;
  std::vector<double> weights;
  for (int i = 0; i < places; ++i) {
    words.push_back(word(i));
    weights.push_back(std::exp(-value(i) * value(i) / 2));
  }
  return {std::move(words), std::move(weights), 0};
}

bool is_success(double x) { return std::abs(x) == success_value; }

std::vector<Verdict> judge(std::span<const Attempt> attempts) {
  std::vector<Verdict> verdicts;
  for (const Attempt& x : attempts) verdicts.push_back({"", is_success(std::stod(x))});
  return verdicts;
}

}  // namespace

double Toy1dRun::success(const std::vector<double>& probabilities) const {
  double sum = 0;
  for (std::size_t i = 0; i < grid.size(); ++i)
    if (is_success(grid[i])) sum += probabilities[i];
  return sum;
}

std::vector<double> exact_posterior(const State& state) {
  const auto& theta = dynamic_cast<const TabularGenerator&>(*state.theta);
  std::vector<double> p = theta.probabilities();
  std::vector<Proposal> all;
  for (std::size_t i = 0; i < p.size(); ++i) all.push_back({theta.words()[i], std::log(p[i])});
  for (const Region& region : state.regions) {
    const std::vector<double> scores = log_ratio(all, *region.phi, region.kappa);
    for (std::size_t i = 0; i < p.size(); ++i)
      if (scores[i] < region.tau) p[i] = 0;
  }
  const double left = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= left;
  return p;
}

Toy1dRun toy1d(std::uint64_t seed) {
  Toy1dRun result;
  for (int i = 0; i < places; ++i) result.grid.push_back(value(i));
  result.successes = {-success_value, success_value};
  Settings settings;
  settings.per_round = 10;
  settings.budget = most_steps * 10;
  settings.accepted = 20;
  settings.f = 10;  // a step rejects at most 1 - 1/f of the posterior: nearly all of it may have failed
  settings.phi_epochs = 1;
  settings.screened = false;
  settings.memory = Memory::regions;
  const TabularGenerator theta = prior();
  State state{theta.clone(), {}, 0};
  Oracle oracle(judge, settings.budget);
  Banel learner(ratio_score());
  std::vector<double> current = theta.probabilities();
  const auto nothing_known = [](const Attempt&) { return false; };
  run(state, oracle, settings, learner, nothing_known, seed, [&](const State& now, const Round& round) {
    Toy1dStep step{.theta = current, .phi = std::vector<double>(places), .posterior = exact_posterior(now)};
    if (!round.failures.empty()) step.phi = dynamic_cast<const TabularGenerator&>(*round.phi).probabilities();
    current = step.posterior;
    for (const Attempt& x : texts(round.attempts.kept))
      step.samples.push_back(static_cast<int>(theta.place(x)));
    result.steps.push_back(std::move(step));
    if (!result.found && round.failures.size() < round.rewards.size()) result.found = round.number;
    if (result.success(current) < converged_mass) return true;
    result.converged = round.number;
    return false;
  });
  return result;
}

Toy1dSummary summarise_toy1d(std::size_t seeds) {
  Toy1dSummary s{.seeds = seeds};
  double found_steps = 0, converged_steps = 0;
  for (std::size_t seed = 1; seed <= seeds; ++seed) {
    const Toy1dRun r = toy1d(seed);
    s.found += r.found.has_value();
    s.converged += r.converged.has_value();
    found_steps += static_cast<double>(r.found.value_or(0));
    converged_steps += static_cast<double>(r.converged.value_or(0));
    s.prior_mean = 1 / (1 - std::pow(1 - r.success(r.steps.front().theta), 10));  // geometric distribution
  }
  if (s.found) s.found_mean = found_steps / static_cast<double>(s.found);
  if (s.converged) s.converged_mean = converged_steps / static_cast<double>(s.converged);
  return s;
}

std::string to_text(const Toy1dRun& r) {
  std::string text;
  for (std::size_t k = 0; k < r.steps.size(); ++k) {
    const Toy1dStep& step = r.steps[k];
    char line[160];
    std::snprintf(
        line, sizeof line, "step %2zu  success %.3f -> %.3f  values left %2td  samples", k + 1,
        r.success(step.theta), r.success(step.posterior),
        std::count_if(step.posterior.begin(), step.posterior.end(), [](double p) { return p > 0; }));
    text += line;
    for (int place : step.samples) {
      std::snprintf(line, sizeof line, " %4.1f%c", value(place), is_success(value(place)) ? '*' : ' ');
      text += line;
    }
    text += '\n';
  }
  return text;
}

std::string to_text(const Toy1dSummary& s) {
  char text[400];
  std::snprintf(
      text, sizeof text,
      "seeds 1..%zu: %zu find a success, after %.1f steps on average (sampling the prior alone: %.1f);\n"
      "%zu end with 0.9 of the posterior on the successes, after %.1f steps on average (paper: about 6)\n",
      s.seeds, s.found, s.found_mean, s.prior_mean, s.converged, s.converged_mean);
  return text;
}

nlohmann::ordered_json to_json(const Toy1dRun& r) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const Toy1dStep& s : r.steps)
    steps.push_back({{"theta", s.theta}, {"samples", s.samples}, {"phi", s.phi}, {"posterior", s.posterior}});
  const auto step = [](const std::optional<std::size_t>& k) {
    return k ? nlohmann::ordered_json(*k) : nlohmann::ordered_json(nullptr);
  };
  return {{"grid", r.grid},
          {"successes", r.successes},
          {"found", step(r.found)},
          {"converged", step(r.converged)},
          {"steps", steps}};
}

nlohmann::ordered_json to_json(const Toy1dSummary& s) {
  return {{"seeds", s.seeds},           {"found", s.found},         {"found_mean", s.found_mean},
          {"prior_mean", s.prior_mean}, {"converged", s.converged}, {"converged_mean", s.converged_mean}};
}

}  // namespace banel
