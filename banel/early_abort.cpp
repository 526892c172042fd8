#include "banel/early_abort.h"

#include <algorithm>
#include <span>
#include <utility>

#include "tensor/parallel.h"

namespace banel {

namespace {

// Sorted first, so that the result depends on the number of rewards alone.
std::vector<Reward> dealt(std::vector<Reward> rewards, Rng rng) {
  std::sort(rewards.begin(), rewards.end());
  std::vector<Reward> result;
  for (std::size_t i : permutation(rewards.size(), rng)) result.push_back(rewards[i]);
  return result;
}

}  // namespace

void evaluate(Round& round, Oracle& oracle, const Context& context) {
  const std::vector<Attempt> all = texts(round.attempts.kept);
  const std::span<const Attempt> X = all;
  const auto judged = [&](std::size_t begin, std::size_t end) {
    std::vector<Reward> rewards = oracle.evaluate(X.subspan(begin, end - begin));
    if (context.settings.evidence != Evidence::shuffled) return rewards;
    return dealt(std::move(rewards), context.stream("shuffle", round)[begin]);
  };
  const std::size_t few = context.settings.early_abort;
  const std::size_t first = few ? std::min(few, X.size()) : X.size();
  round.rewards = judged(0, first);
  if (round.positives()) {
    const std::vector<Reward> others = judged(first, X.size());
    round.rewards.insert(round.rewards.end(), others.begin(), others.end());
  } else {
    for (const Attempt& x : X.subspan(first)) {
      check_stop();
      if (!context.withheld(x)) round.assumed.push_back(x);
    }
    round.attempts.kept.resize(first);
    round.attempts.examined = round.attempts.examined * first / X.size();
  }
}

}  // namespace banel
