// Rollback: remembers the best attacker of a run and returns theta to it when learning makes things worse.
// Beyond the paper (ours). It costs no evaluation, for it only counts the rewards that a run has paid for,
// and nothing is trained on a rewarded string.
//
// Attackers are compared by their share: rewards among all strings that they wrote. A string that the screen
// drops, because it is invalid or was submitted before, counts like one that earned nothing. So an attacker
// that repeats itself does not win.
//
// Example with patience 2: an attacker earns 4 rewards with 10 strings, so p = 0.4. The attackers of the next
// three rounds earn 1, 3 and 2 with 10 strings each, which adds up to
//   1 of 10: enough, at least 4 - 2 sqrt(2.4) = 0.9 are needed
//   4 of 20: enough, at least 8 - 2 sqrt(4.8) = 3.6 are needed
//   6 of 30: short of 12 - 2 sqrt(7.2) = 6.6, so theta is rolled back to the attacker that earned 4.
#pragma once
#include <cstdint>
#include <memory>

#include "banel/generator.h"

namespace banel {

// How a round ended: theta learned from it, returned to the best attacker, restarted from the pre-trained
// one, or the round was one of scouts (scout.h).
enum class Outcome { learned, rolled_back, restarted, scouted };

// How many of so many strings were rewarded.
struct Tally {
  std::int64_t strings = 0, rewards = 0;
  double share() const;  // rewards / strings; -1 without strings
  Tally& operator+=(const Tally&);
};

// An attacker and what its strings earned.
struct Candidate {
  std::shared_ptr<const Generator> theta;
  Tally tally;
};

struct Best {
  Candidate current = {};        // the best attacker since the last restart; no theta before the first update
  Candidate earlier = {};        // the best attacker before the last restart; no theta if there was none
  Tally since = {};              // of all attackers after `current`, or since theta last returned to it
  std::size_t idle = 0;          // rounds since a rewarded attacker became `current`
  bool current_is_best = false;  // theta is `current`: the next round adds to its tally

  // The better of `current` and `earlier`; its theta is null before the first update.
  const Candidate& overall() const {
    return earlier.tally.share() > current.tally.share() ? earlier : current;
  }

  // After a round in which theta wrote n strings and earned k rewards. With p the share of `current` (0 if
  // there is none) and N, K the strings and rewards in `since`:
  //   k >= n p + sqrt(n p (1 - p)) / 2            theta becomes `current`. The margin of half a standard
  //                                               deviation keeps out most lucky rounds.
  //   idle >= restart > 0                         theta is set to `pretrained`, `earlier` to the best so far
  //   K < N p - patience sqrt(N p (1 - p))        theta is set to `current`
  // In the round after a rollback theta is `current`: n and k are added to its tally and nothing else
  // happens. Returns restarted, rolled_back or, otherwise, learned. Precondition if restart > 0: `pretrained`
  // is set.
  Outcome update(std::unique_ptr<Generator>& theta, const Tally& round, double patience, std::size_t restart,
                 const Generator* pretrained);

  // Sets theta to `current`. Precondition: there is one.
  void restore(std::unique_ptr<Generator>& theta);
};

}  // namespace banel
