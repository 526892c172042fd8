// One attack: a method, a seed, a run folder. Everything a table needs is in FOLDER/metrics.jsonl.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "banel/banel.h"
#include "nn/train.h"
#include "tasks/measure.h"

namespace banel {

struct Method {
  std::string name, description;
  Settings settings;
  Score score;
  bool consults_oracle = true;  // false: every attempt is taken for a failure, nothing is evaluated
};

const std::vector<Method>& methods();    // in the order of the table
Method method(const std::string& name);  // errors: UsageError listing the names

struct AttackSettings {
  FitSettings fit;                        // failure model and distillation: batch, rate
  std::size_t measured_samples = 10'000;  // per round, outside the budget
};

struct RoundRecord {                          // what tables and plots read back from metrics.jsonl
  std::int64_t nre = 0;                       // evaluations used when this attacker was made
  std::int64_t positives = 0, submitted = 0;  // of the evaluations that its predecessor submitted
  Rate success;
};

struct AttackResult {
  std::vector<RoundRecord> rounds;
  double seconds = 0;
};

// Runs or resumes the attack; a finished one is read back. on_round(evaluations used) reports progress.
// Files: config.json, ledger.jsonl (every evaluation), metrics.jsonl (every round), attacker.safetensors
// (after the last round), timing.jsonl. Errors: InputError if the folder belongs to another configuration or
// is damaged.
AttackResult run_attack(const std::filesystem::path& folder, const Method&, const AttackSettings&,
                        const GPT& target, const GPT& attacker, int digits, std::uint64_t seed,
                        const std::function<void(std::int64_t)>& on_round);

}  // namespace banel
