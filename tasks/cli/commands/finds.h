// What attacks found, told in words, and attacks written by hand beside them.
//   in_words(find_attack("runs/quick", all), 5)  "0042+007=" the target says 59, the sum is 49 (zeros); ...
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "banel/ledger.h"
#include "tasks/cli/commands/instance.h"
#include "tasks/run/measure.h"
#include "tasks/run/registry.h"

namespace banel {

struct AttackFinds {
  std::string title;               // of the instance, with method and seed
  double success = 0;              // of the last attacker
  std::vector<Finding> findings;   // the first distinct successes of its samples
  std::vector<std::string> rules;  // the first rule that explains each; empty if none does
  // Of the paid evaluations: the first reward, counted from 1, and how often each answer came before it, the
  // most frequent first, without those that came once.
  std::optional<std::int64_t> first = {};
  Evaluation first_find = {};
  std::vector<std::pair<std::string, int>> failed_answers = {};
};

// "5-digit addition, target 5, banel, seed 1"
std::string attack_title(const std::string& task, const std::string& method, std::uint64_t seed);

struct AttackRecord {  // what the files of an attack say of its settings
  std::filesystem::path folder;
  Instance instance;
  std::string title, method;
  std::int64_t budget;
};

// An attack's folder, or of a run the attack with the highest final success. Errors: InputError if it is
// neither.
AttackRecord attack_record(const std::filesystem::path& folder, const Registry&);

// The finds of the same. Errors: also InputError if the attack is not finished.
AttackFinds find_attack(const std::filesystem::path& folder, const Registry&);
std::string in_words(const AttackFinds&, std::size_t most);
Json to_json(const AttackFinds&);

// Draws n strings as the readings of a finished attack do; of any other folder from the task's prior. The
// task must outlive it.
using Writer = std::function<std::vector<Proposal>(std::size_t n, Stream)>;
Writer writer_of(const std::filesystem::path& folder, const Task&, const Registry&);

struct RuleRow {
  std::string rule;
  Rate success;  // of fresh attempts of the rule
  Rate covered;  // of an attacker's successes: those that follow the rule; 0 of 0 without one
  std::vector<Finding> examples;  // distinct successes, up to 3
};
// `writer`: if given, as many strings of it are judged too.
std::vector<RuleRow> try_rules(const Task&, std::size_t attempts, std::uint64_t seed,
                               const Writer& writer = {});
std::string in_words(const std::string& title, const std::vector<RuleRow>&);
Json to_json(const std::vector<RuleRow>&);

// A text on one line: what would move a terminal is written \n, \t, \\ or \xff.
std::string escaped(const std::string&);

}  // namespace banel
