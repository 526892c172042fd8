// What an interrupted attack goes on from: FOLDER/checkpoint, replaced as a whole after every round.
//   one line      JSON: format, progress, and the name and number of bytes of each model
//   the rest      the models, one after the other, as Generator::state() has them
// A finished attack has no models there but FOLDER/attacker.FORMAT, which other programs may open. It and the
// failure models of regions, FOLDER/phiN.FORMAT, say what they are (model/label.h).
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "banel/banel.h"
#include "banel/oracle.h"
#include "nn/io/json.h"
#include "tasks/model/label.h"

namespace banel {

// A round is over when its checkpoint is in place; whatever a killed round left behind is cut off.
struct AttackProgress {
  std::size_t rounds = 0, metrics_bytes = 0;
  LedgerMark ledger = {};  // a ledger that is cut or replaced later is refused
  bool finished = false;
  struct Threshold {  // of a region; its failure model has a file of its own
    double kappa = 0, tau = 0;
  };
  std::vector<Threshold> regions = {};
  Tally current = {}, earlier = {}, since = {};  // of Best, all 0 without one
  std::size_t idle = 0;
  bool current_is_best = false;
  Tally survivors = {};  // of scouts
  Search search = {};    // its attackers are among the models
};

struct SavedAttack {
  AttackProgress progress;
  State state;
};

// Writes FOLDER/checkpoint, and before it FOLDER/phiN.FORMAT if round N added a region. Of a finished attack
// only the attacker handed over is kept, as FOLDER/attacker.FORMAT. The numbers of rounds, regions and
// tallies are those of the state. `attack`: what the files of models say of it beside format and role.
void save_attack(const std::filesystem::path& folder, const State&, AttackProgress, const Label& attack);

// The last checkpoint, or the start from `prior` if there is none. Errors: InputError naming a file that is
// damaged or has the role of another model or comes from another attack.
SavedAttack load_attack(const std::filesystem::path& folder, const Generator& prior, const Label& attack);

// The same without the models.
AttackProgress read_progress(const std::filesystem::path& folder);

// Whether the attack in the folder has come to its end. Errors: InputError if the checkpoint is damaged.
bool is_finished(const std::filesystem::path& folder);

// The two halves of a checkpoint's text, for tests. Errors of parse: InputError naming the value that is
// missing or impossible.
Json to_json(const AttackProgress&);
AttackProgress parse_progress(const Field&);

}  // namespace banel
