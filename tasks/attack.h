// One attack: a method, a seed, a run folder. Everything a table needs is in FOLDER/metrics.jsonl.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tasks/attack_log.h"
#include "tasks/methods.h"

namespace banel {

struct AttackResult {
  std::vector<RoundRecord> rounds;
  double seconds = 0;
};

// Runs or resumes the attack; a finished one is read back. on_round(evaluations used) reports progress.
// measured_samples are drawn after each round, outside the budget, and never fed back.
// Files: config.json, ledger.jsonl (every evaluation), metrics.jsonl (every round), attacker.safetensors
// (after the last round), timing.jsonl. Errors: InputError if the folder belongs to another configuration or
// is damaged.
AttackResult run_attack(const std::filesystem::path& folder, const Method&, std::size_t measured_samples,
                        const GPT& target, const GPT& attacker, const addition::Rules&, std::uint64_t seed,
                        const std::function<void(std::int64_t)>& on_round);

}  // namespace banel
