// One attack: a method, a seed, a run folder. Everything a table needs is in FOLDER/metrics.jsonl.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tasks/run/attack_log.h"
#include "tasks/run/methods.h"

namespace banel {

struct AttackResult {
  std::vector<RoundRecord> rounds;  // the last one is measured
  double seconds = 0;
  std::vector<RoundRecord> readings() const;  // the rounds that are
};

// What its logs say of a finished attack. Errors: InputError naming a damaged or empty file.
AttackResult read_attack(const std::filesystem::path& folder);

// n samples of the attacker after state.rounds rounds, measured outside the budget and never fed back.
// unseen: whether a string was never evaluated; the method with an exact memory draws only those.
Measurement measure_attacker(const State& state, const Method&, const GPT& pretrained, const Screen& unseen,
                             const Oracle::Judge&, const addition::Rules&, std::size_t n, std::uint64_t seed);

std::string fingerprint(const GPT&);  // tells networks apart: a hash of the weights

// The oracle of a method: the judge, or for one that asks nothing a judge that fails everything.
Oracle::Judge judge_of(const Method&, const GPT& target, const addition::Rules&);

// Runs or resumes the attack; a finished one is read back. on_round(evaluations used) reports progress, first
// what was used by earlier calls.
// measured_samples are drawn of the attacker that would be handed over after the last round and some 9 times
// before, at distances that grow with the evaluations; outside the budget, and never fed back.
// Files: config.json, ledger.jsonl (every evaluation), metrics.jsonl (every round), attacker.safetensors
// (after the last round), timing.jsonl. Errors: InputError if the folder belongs to another configuration or
// is damaged.
AttackResult run_attack(const std::filesystem::path& folder, const Method&, std::size_t measured_samples,
                        const GPT& target, const GPT& attacker, const addition::Rules&, std::uint64_t seed,
                        const std::function<void(std::int64_t)>& on_round);

}  // namespace banel
