// What a run folder claims, derived again from its files.
//   const Verification found = verify("runs/planted", registry, Depth::usual, ProgressMode::plain);
//   for (const std::string& difference : found.differences) std::cout << difference << '\n';
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/base/progress.h"
#include "tasks/run/registry.h"

namespace banel {

enum class Depth {
  fast,   // no network is asked: hashes, counts, settings, tables, figures
  usual,  // the judge answers every ledger again, attackers handed over and base rates are measured again
  rerun   // and instances and attacks are made again in a scratch folder, which takes as long as the run
};

struct Verification {
  std::size_t attacks = 0;
  std::int64_t evaluations = 0;
  std::vector<std::string> differences;  // "file: what it says, what was found"; empty: all agrees
  std::vector<std::string> unchecked;    // sentences for people: what was not looked at, and why
};

// Every attack of study.toml and of the canary. The judge answers every attempt of the ledger again if the
// task is repeatable; counts and evaluations of the log are counted again from the ledger; the last attacker
// writes its samples again and they are measured again. Base rates are measured again. Rows, tables, figures
// and the page are made again from the logs and compared byte by byte. A file that is missing or that no part
// of the run has is a difference. Scratch folders are made under TMPDIR, and nothing is written in the run's
// folder. Other OpenBLAS kernels or another CPU than those of run.json may round differently: then samples
// are not drawn again, and Depth::rerun is a UsageError. Errors: InputError naming a file that is damaged.
Verification verify(const std::filesystem::path& run, const Registry&, Depth, ProgressMode);

}  // namespace banel
