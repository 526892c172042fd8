// One attack: a task, a method, a seed, a folder. What tables, figures and `verify` need is in its files:
//   config.json         task, method, every setting: an attack on other ones is refused
//   ledger.jsonl        every evaluation (banel/ledger.h)
//   metrics.jsonl       every round (log.h)
//   timing.jsonl        seconds of every round
//   checkpoint          what a killed attack resumes from
//   attacker.FORMAT     the attacker handed over, when the attack is finished
// Example: run_attack("runs/one", task, adapted(all.method("banel"), task, {}), {.seed = 7}, {});
#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "tasks/model/label.h"
#include "tasks/run/log.h"

namespace banel {

struct AttackSettings {
  std::uint64_t seed = 1;
  std::size_t samples = 10'000;  // of a reading: some 10 of a run, outside the budget; 0: paid verdicts only
  bool ranking = false;          // whether readings also say how scores rank the proposals (log.h)
};

struct AttackResult {
  std::vector<RoundRecord> rounds;            // the last one is measured, if there is one
  double seconds = 0;                         // of work, measuring excluded
  std::vector<RoundRecord> readings() const;  // the rounds that are measured
};

using Report = std::function<void(std::int64_t evaluations)>;
// Sees every evaluation and every round so far, those of earlier calls too.
using Watch = std::function<void(std::span<const Evaluation> paid, std::span<const RoundRecord>)>;

// Runs or resumes the attack; a finished one is read back. `report` is called with the evaluations used so
// far: once at the beginning, with those of earlier calls, and after every round, as `watch` is. An attack
// may end without a round: then nothing valid could be drawn. `method` is adapted to the task (registry.h).
// Errors: InputError if the folder belongs to another configuration or is damaged.
AttackResult run_attack(const std::filesystem::path& folder, const Task&, const Method&,
                        const AttackSettings&, const Report& report, const Watch& watch = {});

// What its logs say of a finished attack. Errors: InputError naming a file that is damaged.
AttackResult read_attack(const std::filesystem::path& folder);

// The text of config.json.
Json attack_config(const Task&, const Method&, const AttackSettings&);

// Passes what the method still draws after the evaluations that paid() tells of (Method::remembers); with no
// memory that is everything. `paid` and task must outlive it; what it tells of only grows.
Screen unseen(const Task&, const Method&, const std::function<std::span<const Evaluation>()>& paid);

// n strings that the attacker of a state writes outside its regions, of those that `unseen` passes. Fewer if
// nothing more can be drawn.
std::vector<Proposal> written(const Task&, const Method&, const State&, const Screen& unseen, std::size_t n,
                              Stream);

// So many strings of it, measured. `seed`: of the attack.
Measurement measure_attacker(const Task&, const Method&, const State&, const Screen& unseen, const Judge&,
                             std::size_t n, std::uint64_t seed);

// What the models of an attack say of it: "task", its title, "fingerprint", "method" and "seed".
Label attack_label(const Task&, const Method&, std::uint64_t seed);

// What an attack left in its folder: of a finished one the attacker handed over and its regions. Errors:
// those of load_attack (checkpoint.h).
State saved_state(const std::filesystem::path& folder, const Task&, const Method&, std::uint64_t seed);

// The prior as an attack begins with it: at the method's temperature, as a pool if it has one, its work
// counted.
std::unique_ptr<Generator> starting_model(const Task&, const Method&, std::uint64_t seed,
                                          const std::shared_ptr<Cost>&);

// Why an attack of the method ended without a round.
std::string why_no_round(const Method&);

// The judge of a method: the task's, or for one that asks nothing a judge that fails everything.
Judge judge_of(const Task&, const Method&);

std::string fingerprint(const Generator&);  // a hash of its state

}  // namespace banel
