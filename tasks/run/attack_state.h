// What an interrupted attack goes on from: one checkpoint, replaced as a whole after every round.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "banel/banel.h"
#include "banel/oracle.h"
#include "nn/io/checkpoint.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/run/methods.h"

namespace banel {

// What the checkpoint says beside the weights. A round is over when its checkpoint is in place; whatever a
// killed round left behind is cut off.
struct AttackProgress {
  std::size_t rounds = 0, metrics_bytes = 0;
  LedgerMark ledger;  // a ledger that is cut or replaced later is refused
  bool finished = false;
  struct Threshold {  // of a region; its network has a file of its own
    double kappa = 0, tau = 0;
  };
  std::vector<Threshold> regions;
  Earned best, earlier, since;                 // Best's numbers, all 0 without one
  std::int64_t best_idle = 0, best_asked = 0;  // the same
  Earned scouts;                               // of those that survived
};
Metadata to_metadata(const AttackProgress&);
// Errors: InputError naming the key that is missing, out of range or not in the form that to_metadata gives
// it.
AttackProgress parse_progress(const Metadata&, std::string_view where);

struct SavedAttack {
  AttackProgress progress;
  std::unique_ptr<GptGenerator> theta;
  std::vector<Region> regions;
  Best best;
  Earned survivors;
};

// The network of a generator of an attack, which is a GptGenerator.
const GPT& model_of(const Generator&);

// Writes FOLDER/attacker.safetensors, and before it FOLDER/phiN.safetensors if round N added a region.
// Rounds, regions and networks are those of the state; of a finished attack only the attacker handed over.
void save_attack(const std::filesystem::path& folder, const State&, AttackProgress);

// The last checkpoint, or the start of the attack if there is none. Errors: InputError naming a damaged file.
SavedAttack load_attack(const std::filesystem::path& folder, const Method&, const Start&);

}  // namespace banel
