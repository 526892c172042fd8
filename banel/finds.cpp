#include "banel/finds.h"

#include <algorithm>
#include <unordered_set>

#include "tensor/parallel.h"

namespace banel {

namespace {
constexpr std::size_t one_in = 5;  // attempts, of which the prior writes one
constexpr std::size_t most_finds = 256, steps = 60;
}  // namespace

std::vector<Attempt> rewarded(std::span<const Evaluation> evaluations) {
  std::vector<Attempt> result;
  std::unordered_set<Attempt> met;
  for (const Evaluation& e : evaluations) {
    check_stop();
    if (e.verdict.reward == Reward::success && met.insert(e.attempt).second) result.push_back(e.attempt);
  }
  return result;
}

Draws Finds::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  Draws draws = draw(*state.theta, {}, context.screen, n - n / one_in, context.stream("attempts", round));
  Screen others;
  if (context.screen) others = except(*context.screen, kept_strings(draws));
  draws += draw(*prior_, {}, context.screen ? &others : nullptr, n - draws.kept.size(),
                context.stream("prior attempts", round));
  return draws;
}

bool Finds::learn(State& state, Round& round, const Context& context) {
  const std::span<const Evaluation> paid = context.oracle.paid();
  const std::vector<Attempt> finds = rewarded(paid);
  if (finds.size() == rewarded(paid.first(paid.size() - round.rewards.size())).size()) return true;
  const std::span<const Attempt> last = std::span(finds).last(std::min(most_finds, finds.size()));
  Fit fit = context.settings.theta;
  const auto batch = static_cast<std::size_t>(fit.batch);
  const std::size_t steps_per_epoch = (last.size() + batch - 1) / batch;
  fit.epochs = static_cast<int>(std::max<std::size_t>(1, steps / steps_per_epoch));
  state.theta = prior_->clone();
  state.theta->fit(last, fit, context.stream("finds", round));
  return true;
}

}  // namespace banel
