// The canary: a study of a few seconds whose ledgers tell whether tables belong to the present code. If its
// hash changes, the tables are made again.
//   const Canary canary = run_canary("runs/canary", read_study("canary", registry), registry);
//   canary.expected && *canary.expected != canary.hash       // the code computes something else than it did
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "tasks/study/study.h"

namespace banel {

struct Canary {
  std::string core;  // OpenBLAS core type: other kernels round differently and give another hash
  std::string hash;  // of the last ledger hashes of its attacks
  std::optional<std::string> expected = {};  // what the study file states for this core type
};
Json to_json(const Canary&);

// Runs it, or reads what an earlier call left in the folder.
Canary run_canary(const std::filesystem::path& folder, const Study&, const Registry&);

// The same hash from the ledgers of a finished run of it.
std::string canary_hash(const std::filesystem::path& folder, const Registry&);

}  // namespace banel
