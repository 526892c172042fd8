#include "banel/early_abort.h"

#include <algorithm>
#include <span>

namespace banel {

void evaluate(Round& round, Oracle& oracle, std::size_t early_abort) {
  const std::vector<Attempt> all = texts(round.attempts.kept);
  const std::span<const Attempt> X = all;
  const std::size_t first = early_abort ? std::min(early_abort, X.size()) : X.size();
  round.rewards = oracle.evaluate(X.first(first));
  if (round.positives()) {
    const std::vector<Reward> others = oracle.evaluate(X.subspan(first));
    round.rewards.insert(round.rewards.end(), others.begin(), others.end());
  } else {
    for (const Attempt& x : X.subspan(first))
      if (!oracle.succeeded(x)) round.assumed.push_back(x);
    round.attempts.kept.resize(first);
    round.attempts.examined = round.attempts.examined * first / X.size();
  }
}

}  // namespace banel
