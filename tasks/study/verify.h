// What a run folder of `reproduce` claims, derived again from its files.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/base/progress.h"

namespace banel {

struct Verification {
  std::size_t attacks = 0;
  std::int64_t evaluations = 0;
  std::vector<std::string> differences;  // "file: what it says, what was found"; empty: all agrees
};

// Every attack: the target answers every question of the ledger again; rewards, counts and evaluations of the
// log are counted again from the ledger; the last attacker writes its samples again and they are measured
// again. The table (json, csv, markdown) is made again from the logs. Nothing is trained and nothing written.
// Errors: InputError naming a file that is missing or damaged, or a run that is not finished.
Verification verify(const std::filesystem::path& run, ProgressMode);

}  // namespace banel
