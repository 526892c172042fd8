// What an interrupted attack goes on from: one checkpoint, replaced as a whole after every round.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "banel/banel.h"
#include "banel/oracle.h"
#include "tasks/gpt_generator.h"
#include "tasks/methods.h"

namespace banel {

// A round is over when its checkpoint is in place; whatever a killed round left behind is cut off.
struct SavedAttack {
  std::unique_ptr<GptGenerator> theta;
  std::size_t rounds = 0, metrics_bytes = 0;
  LedgerMark ledger;  // a ledger that is cut or replaced later is refused
  bool finished = false;
  std::vector<Region> regions;
};

// Writes FOLDER/attacker.safetensors, and before it FOLDER/phiN.safetensors if round N added a region. The
// networks come from the state, all else from `saved`.
void save_attack(const std::filesystem::path& folder, const State&, const SavedAttack& saved);

// The last checkpoint, or the start of the attack if there is none. Errors: InputError naming a damaged file.
SavedAttack load_attack(const std::filesystem::path& folder, const Method&, const Start&);

}  // namespace banel
