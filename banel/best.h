// The way back: which attacker of a run failed least, and when theta returns to it. Beyond the paper.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "banel/generator.h"

namespace banel {

// Where theta goes from a round: on, to what was learned; back to the best attacker; anew from the
// pre-trained; or, in a round of scouts (scout.h), to those that survived.
enum class Way { on, back, anew, scouts };

// An attacker and what its own evaluations said.
struct Tried {
  std::shared_ptr<const Generator> theta;
  std::int64_t evaluations = 0, rewards = 0;
  double share() const;  // of rewards; -1 before the first evaluation
};

// The attacker that failed least of all that were asked (ours; README, "Beyond the paper"). It is told by the
// counts of the evaluations that were paid anyway; nothing is trained on a reward.
struct Best {
  Tried now, earlier;      // since theta last began anew, and the best one before that, if there is
  std::size_t behind = 0;  // rounds since `now` that fell short
  std::size_t idle = 0;    // rounds since an attacker with a reward became `now`
  bool asked = false;      // theta of the coming round is `now` itself

  const Tried& overall() const { return earlier.share() > now.share() ? earlier : now; }
  // After a round of `theta` with k rewards of n: it becomes the best one if k >= p n + sqrt(p (1 - p) n) / 2
  // for the best one's share of rewards p (half a standard deviation, or lucky rounds would drive it about);
  // after `patience` rounds that fell short theta is set back, after `restart` idle ones (0: never) to
  // `pretrained`.
  Way follow(std::unique_ptr<Generator>& theta, const std::vector<bool>& rewards, std::size_t patience,
             std::size_t restart, const Generator* pretrained);
  void restore(std::unique_ptr<Generator>& theta);
};

}  // namespace banel
