// Scouts: a beginning for runs in which rewards are too rare for p_theta / p_phi to show them (ours; README,
// "Beyond the paper"). No failure model takes part: narrow attackers are tried and rejected by what they
// earn.
#pragma once
#include "banel/banel.h"

namespace banel {

// One round, from l. 3 on: scout after scout, until the round has used its evaluations.
//   x <- the least likely of 64 proposals of the pre-trained attacker; every second time, once a scout has
//        survived, any proposal of theta
//   h <- fit(copy of the pre-trained attacker, {x}): a narrow attacker around x
//   h is tried, 4 attempts at a time, but x itself never. It is rejected as soon as too few of its attempts
//        were rewarded, less than a tenth, or than what the survivors before it had earned on average;
//        it survives at least 16 attempts, and then theta <- fit(theta, new strings of h and of theta, each
//        once).
// The round's attempts and rewards are those of all its scouts. Nothing is fitted to a string that was
// submitted or is known to be 0. Preconditions: a screen; state.pretrained.
void scout(State&, Round&, Oracle&, const Context&);

}  // namespace banel
