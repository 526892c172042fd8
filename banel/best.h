// The way back: which attacker of a run failed least, and when theta returns to it. Beyond the paper.
#pragma once
#include <cstdint>
#include <memory>

#include "banel/generator.h"

namespace banel {

// Where theta goes from a round: on, to what was learned; back to the best attacker; anew from the
// pre-trained; or, in a round of scouts (scout.h), to those that survived.
enum class Way { on, back, anew, scouts };

// How many of so many strings were rewarded.
struct Earned {
  std::int64_t strings = 0, rewards = 0;
  double share() const;  // -1 of no string
  Earned& operator+=(const Earned&);
};

// An attacker and what its own strings earned.
struct Tried {
  std::shared_ptr<const Generator> theta;
  Earned earned;
};

// The attacker that failed least of all that were asked (ours; README, "Beyond the paper"). It is told by the
// evaluations that were paid anyway; nothing is trained on a reward. What counts is the share of rewards
// among all that an attacker wrote meanwhile: a string that was not worth an evaluation, because it is
// invalid or known, counts like one that failed, so an attacker that repeats itself is not the best one.
struct Best {
  Tried now, earlier;    // since theta last began anew, and the best one before that, if there is
  Earned since;          // by all that came after `now` or, later, after theta last went back to it
  std::size_t idle = 0;  // rounds since an attacker with a reward became `now`
  bool asked = false;    // theta of the coming round is `now` itself

  const Tried& overall() const { return earlier.earned.share() > now.earned.share() ? earlier : now; }
  // After a round in which theta earned k rewards with n strings; p is the best one's share.
  //   k >= n p + sqrt(n p (1 - p)) / 2: theta becomes the best one (with less, lucky rounds would drive it
  //     about);
  //   K < N p - patience sqrt(N p (1 - p)) for the K and N of all rounds since: theta is set back to it;
  //   `restart` idle rounds (0: never): theta is set to `pretrained`.
  Way follow(std::unique_ptr<Generator>& theta, const Earned&, double patience, std::size_t restart,
             const Generator* pretrained);
  void restore(std::unique_ptr<Generator>& theta);
};

}  // namespace banel
