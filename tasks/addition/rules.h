// The rule-based attack: what someone writes who has been told the failure modes. No model, no learning.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tasks/run/measure.h"

namespace banel {

struct QuestionRule {
  std::string name;
  std::function<addition::Question(int digits, Rng&)> make;  // a fresh question of the rule, digits >= 5
  std::function<bool(const addition::Question&)> covers;     // whether a question follows the rule
};

// Random questions as reference; leading zeros in one operand (1, 2, 3, 4 of them) and in both; carries that
// ripple through at least 2, 3, 4 columns of digit sum 9, without leading zeros. In the order of the report.
const std::vector<QuestionRule>& question_rules();

struct RuleRow {
  std::string rule;
  Rate success;  // of fresh questions of the rule
  Rate covered;  // share of an attacker's successes that the rule covers; 0 of 0 without an attacker
  Rate reached;  // of the fresh questions that succeed, those that the attacker found one of the same
                 // rule and the same two lengths of: the share of this part of the target's error map
  std::vector<Finding> examples;  // distinct wrong answers, up to 3
};

// `questions` fresh ones for each rule. `found`: samples of an attacker, of which the successes are
// explained.
std::vector<RuleRow> try_rules(const Oracle::Judge&, int digits, std::size_t questions, Stream random,
                               std::span<const Proposal> found);

std::string to_markdown(std::span<const RuleRow>);
Json to_json(std::span<const RuleRow>);

}  // namespace banel
