// What a run folder claims, derived again from its files.
//   const Verification found = verify("runs/planted", registry, ProgressMode::plain);
//   for (const std::string& difference : found.differences) std::cout << difference << '\n';
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/base/progress.h"
#include "tasks/run/registry.h"

namespace banel {

struct Verification {
  std::size_t attacks = 0;
  std::int64_t evaluations = 0;
  std::vector<std::string> differences;  // "file: what it says, what was found"; empty: all agrees
};

// Every attack of rows.json: the judge answers every attempt of the ledger again if the task is repeatable;
// counts and evaluations of the log are counted again from the ledger; the last attacker writes its samples
// again and they are measured again. Base rates are measured again. Rows, tables, figures and the page are
// made again from the logs, in a scratch folder under TMPDIR, and compared byte by byte. Nothing is trained,
// and nothing is written in the run's folder. Errors: InputError naming a file that is missing or damaged, or
// an attack that is not finished.
Verification verify(const std::filesystem::path& run, const Registry&, ProgressMode);

}  // namespace banel
