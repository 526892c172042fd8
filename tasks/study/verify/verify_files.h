// The folder of a run as a folder; the part of `verify` that looks at names and not into files.
//   refuse_pipes(run);   verify_files(run, files_of_its_parts, {run / "instances"}, differences);
#pragma once
#include <set>

#include "tasks/study/verify/verify_attack.h"

namespace banel {

using Paths = std::set<std::filesystem::path>;

// Errors: InputError naming what is neither a file nor a folder, for a pipe would be waited for; IoError
// naming a folder that cannot be read.
void refuse_pipes(const std::filesystem::path& run);

// Files of no part of the run. Whatever is in the folders `open` belongs there. An empty .lock belongs to
// every folder of the run.
void verify_files(const std::filesystem::path& run, const Paths& files, const Paths& open, Differences&);

// What changes when another process works in the run: how many files it has, and the time of the newest.
using RunState = std::pair<std::size_t, std::filesystem::file_time_type>;
RunState state_of(const std::filesystem::path& run);

}  // namespace banel
