// Early abort: most rounds of a young run earn nothing, so a round pays for a few attempts first and for the
// rest only if one of these succeeds. Beyond the paper (ours).
//
// Example with m = 50 and early_abort = 5: we evaluate 5 of 50 attempts, and the other 45 only if one of the
// 5 is rewarded. Otherwise the round costs 5 evaluations and the 45 count as failures. At a success rate of 1
// in 1,000 that is wrong for 0.045 of them on average.
#pragma once
#include <cstddef>

#include "banel/banel.h"

namespace banel {

// Evaluates round.attempts (line 4): the first settings.early_abort of them, and the others only if one of
// these is rewarded. 0 evaluates all. Sets round.rewards. With Evidence::shuffled the rewards of the first
// and those of the others are each dealt to them at random. Attempts that stay without an evaluation move
// from round.attempts to round.assumed, except strings that were rewarded in the past, which are dropped;
// attempts.examined shrinks in proportion. Errors: those of Oracle::evaluate.
void evaluate(Round& round, Oracle& oracle, const Context& context);

}  // namespace banel
