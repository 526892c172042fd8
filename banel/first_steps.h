// BaNEL's Algorithm 2 with nothing around it, on a toy that runs in milliseconds. first_steps.cpp is the
// place to start reading; banel.h is the same algorithm at full scale.
//
//   Oracle oracle(toy_judge, 100);
//   std::vector<double> rate = first_steps(oracle, 1);   // theta's success rate after each of 10 rounds
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "banel/generators/tabular.h"
#include "banel/oracle.h"

namespace banel {

// The attacker: the values "-3.0", "-2.8", ..., "3.0" with probabilities proportional to exp(-x^2 / 2).
TabularGenerator toy_attacker();

// r(x) = 1 for "-2.0" and "2.0".
std::vector<Verdict> toy_judge(std::span<const Attempt>);

// Runs rounds until the oracle's budget is used. Returns the probability of a success under theta after each.
// It falls once a success is found: a find is not trained on, and here it has no neighbours that succeed as
// well.
std::vector<double> first_steps(Oracle& oracle, std::uint64_t seed);

}  // namespace banel
