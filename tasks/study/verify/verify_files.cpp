#include "tasks/study/verify/verify_files.h"

#include <algorithm>
#include <functional>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// Everything in the folder, and what is in those folders, links excluded, for which visit() is true. A folder
// that a writer removes meanwhile is empty. Errors: IoError naming a folder that cannot be read.
void walk(const fs::path& folder, const std::function<bool(const fs::directory_entry&)>& visit) {
  std::error_code error, gone;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    check_stop();
    if (visit(*at) && !at->is_symlink(gone) && at->is_directory(gone)) walk(at->path(), visit);
  }
  ENSURE_AS(!error || error == std::errc::no_such_file_or_directory, IoError, folder.string(),
            "cannot be read: " << error.message() << "; check its permissions");
}

bool is_inside(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// Paths of a folder follow one another in their order.
bool holds(const fs::path& folder, const Paths& paths) {
  const auto at = paths.lower_bound(folder);
  return at != paths.end() && is_inside(*at, folder);
}

}  // namespace

void refuse_pipes(const fs::path& run) {
  walk(run, [](const fs::directory_entry& entry) {
    std::error_code unknown;
    ENSURE_AS(!entry.is_other(unknown), InputError, entry.path().string(),
              "is neither a file nor a folder; remove it, or restore the file from a copy");
    return true;
  });
}

void verify_files(const fs::path& run, const Paths& files, const Paths& open, Differences& differences) {
  const auto is_of_run = [&](const fs::path& folder) { return holds(folder, files) || holds(folder, open); };
  walk(run, [&](const fs::directory_entry& entry) {
    const fs::path& path = entry.path();
    std::error_code unknown;
    // A canary whose process was killed; the next study removes it.
    if (open.contains(path) || path == run / "canary-new") return false;
    const bool is_link = entry.is_symlink(unknown);
    if (entry.is_directory(unknown) && (!is_link || is_of_run(path))) return true;  // a link to another disk
    const bool is_lock = path.filename() == ".lock" && !is_link && entry.file_size(unknown) == 0 &&
                         is_of_run(path.parent_path());
    if (!is_lock && !files.contains(path))
      differences.push_back(path.string() + ": is no file of this study");
    return false;
  });
}

RunState state_of(const fs::path& run) {
  RunState state{0, fs::file_time_type::min()};
  walk(run, [&](const fs::directory_entry& entry) {
    std::error_code gone;  // a file of a writer
    if (!entry.is_regular_file(gone) || entry.path().string().ends_with(".partial.safetensors")) return true;
    ++state.first;
    if (const auto time = entry.last_write_time(gone); !gone) state.second = std::max(state.second, time);
    return true;
  });
  return state;
}

}  // namespace banel
