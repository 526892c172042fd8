// Scouts: many narrow attackers, of which the rewarded ones survive. They give a run its start when rewards
// are too rare for p_theta / p_phi to show where they are. Beyond the paper (ours), and without a failure
// model.
//
// Example: a scout is fitted to the string 99999+1= and writes strings like it. Its first 4 attempts earn 1
// reward, its first 8 still 1, its first 12 and 16 earn 2. The share never fell below a tenth, so the scout
// survives, and theta learns to write such strings.
#pragma once
#include "banel/banel.h"

namespace banel {

// Lines 3 and 4 of a scouting round. One scout follows the other until the round has used settings.m
// evaluations or the run has used settings.scout:
//   x <- the least likely of 64 proposals of the pre-trained attacker. Once a scout has survived, every other
//        scout takes a single proposal of theta instead.
//   h <- fit(copy of the pre-trained attacker, {x})                              the scout
//   h submits 4 attempts at a time, never x itself. It is dropped as soon as the share of rewards among its
//        attempts is below a tenth or below that of all survivors so far. After 16 attempts it survives.
//   theta <- h for the first survivor, fit(theta, samples of h and theta) for later ones
// The attempts and rewards of all scouts become those of the round. round.outcome becomes scouted; if no
// scout could submit anything, it stays learned and the round is like any other. No model is fitted to a
// string that was submitted or cannot succeed. Preconditions: context.screen and state.pretrained are set.
void scout(State&, Round&, Oracle&, const Context&);

}  // namespace banel
