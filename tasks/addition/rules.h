// Attacks on addition written by hand, by someone who was told how the target fails: no model, no learning.
//   question_rules(5)[5].make(rng) == "0042+007="       leading zeros in both operands
#pragma once
#include <vector>

#include "tasks/task.h"

namespace banel::addition {

// Random questions as reference; leading zeros in one operand (1, 2, ... of them) and in both; carries that
// ripple through at least 2, 3, ... columns of digit sum 9, without leading zeros. Operands of at most
// `digits` digits; rules that need longer ones are left out.
std::vector<Rule> question_rules(int digits);

}  // namespace banel::addition
