#include "banel/policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace banel {

std::vector<double> standardised(std::vector<double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (double& x : values) {
    x -= mean;
    squares += x * x;
  }
  const double deviation = std::sqrt(squares / n);
  for (double& x : values) x = deviation > 1e-12 * std::abs(mean) ? x / deviation : 0;
  return values;
}

bool BonusGradient::learn(State& state, Round& round, const Context& context) {
  const std::vector<Attempt>& F = round.failures;
  if (F.empty()) return true;
  std::vector<double> rewards = visit(F, round.number, context.seed);
  const double scale = std::sqrt(squares_ / visits_);
  const std::vector<double> log_p = state.theta->log_prob(F), log_p0 = pretrained_->log_prob(F);
  for (std::size_t i = 0; i < F.size(); ++i)
    rewards[i] = (scale > 0 ? rewards[i] / scale : 0) - context.settings.kl * (log_p[i] - log_p0[i]);
  round.gradient_norm =
      state.theta->ascend(F, standardised(rewards), context.settings.theta, context.stream("policy", round));
  return true;
}

void BonusGradient::recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) {
  visit(failures, round, seed);
}

std::vector<double> BonusGradient::visit(std::span<const Attempt> failures, std::size_t round,
                                         std::uint64_t seed) {
  std::vector<double> bonuses =
      novelty_->visit(failures, {seed, "novelty", static_cast<std::uint32_t>(round)});
  for (double b : bonuses) squares_ += b * b;
  visits_ += static_cast<double>(bonuses.size());
  return bonuses;
}

bool RewardGradient::learn(State& state, Round& round, const Context& context) {
  std::vector<Attempt> judged;
  std::vector<double> rewards;
  for (std::size_t i = 0; i < round.rewards.size(); ++i) {
    if (round.rewards[i] == Reward::unjudged) continue;
    judged.push_back(round.attempts.kept[i].text);
    rewards.push_back(round.rewards[i] == Reward::success);
  }
  if (judged.empty()) return true;
  if (baseline_ == Baseline::group) rewards = standardised(rewards);
  round.gradient_norm =
      state.theta->ascend(judged, rewards, context.settings.theta, context.stream("policy", round));
  return true;
}

bool FailureGradient::learn(State& state, Round& round, const Context& context) {
  const std::vector<Attempt>& F = round.failures;
  if (F.empty()) return true;
  const Fit& how = context.settings.theta;
  const Stream order = context.stream("policy", round);
  const std::vector<double> blame(F.size(), -1);
  round.gradient_norm = penalty_ == Penalty::likelihood ? state.theta->ascend(F, blame, how, order)
                                                        : state.theta->unlearn(F, how, order);
  return true;
}

}  // namespace banel
