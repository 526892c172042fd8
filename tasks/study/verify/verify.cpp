#include "tasks/study/verify/verify.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/base/system.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tasks/study/verify/scratch.h"
#include "tasks/study/verify/verify_attack.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

using Paths = std::set<fs::path>;

// Errors: InputError naming the study.toml that is missing, where read_study() would look for a name.
Study study_of(const fs::path& folder, const Registry& registry) {
  const fs::path file = folder / "study.toml";
  ENSURE_AS(fs::exists(file), InputError, file.string(), "is missing; restore it from a copy");
  return read_study(folder.string(), registry);
}

// What this machine does otherwise than the one of run.json; empty: nothing.
std::string other_machine(const Field& system) {
  const Json here = system_info();
  std::string text;
  for (const char* key : {"cpu", "blas_config"})
    if (system[key].text() != here.at(key))
      text += (text.empty() ? "" : "; ") + system[key].text() + ", here " + here.at(key).text();
  return text;
}

// What is left to believe.
std::vector<std::string> unchecked(Depth depth, const std::string& elsewhere, const Paths& unfinished) {
  std::vector<std::string> sentences;
  if (!unfinished.empty())
    sentences.push_back(std::to_string(unfinished.size()) +
                        " unfinished of the attacks of study.toml, first " + unfinished.begin()->string());
  if (depth == Depth::fast) {
    sentences.emplace_back("answers, readings and base rates, which ask networks: leave out --fast");
  } else if (!elsewhere.empty()) {
    sentences.push_back("readings and base rates, because networks round differently elsewhere: made with " +
                        elsewhere);
  }
  if (depth != Depth::rerun)
    sentences.emplace_back("what training gives, such as losses and earlier readings: --rerun trains again");
  sentences.emplace_back("what run.json says of command, commit, version and machine, and clock times");
  return sentences;
}

// run.json against itself and the canary. Returns other_machine().
std::string verify_record(const fs::path& run, const Study& study, const Registry& registry,
                          Differences& differences) {
  const fs::path file = run / "run.json";
  const std::optional<RunRecord> record = read_record(run);
  if (!record) return differences.push_back(file.string() + ": is missing; `banel report` makes it"), "";
  const Json json = read_json(file);
  const Field system = Field(json, file.string())["system"];
  for (const char* key : {"cpu", "blas_kernels", "blas_config"}) (void)system[key].text();
  (void)system["cores"].count();
  compare_text(differences, file, to_json(*record, system.value()).dump(2) + '\n');
  const Json& canary = json.at("canary");
  if (study.canary.empty() != canary.is_null()) {
    compare(differences, file.string() + ", canary", canary,
            study.canary.empty() ? Json(nullptr) : Json(study.canary));
  } else if (record->canary) {
    const Study kept = study_of(run / "canary", registry);
    Canary found{record->kernels, canary_hash(run / "canary", registry)};
    if (const auto hash = kept.hashes.find(found.core); hash != kept.hashes.end())
      found.expected = hash->second;
    compare_members(differences, file.string() + ", canary", canary, to_json(found));
  }
  return other_machine(system);
}

// The finished attacks of a study; the folders of the others are added to `open`.
std::vector<Job> finished_jobs(const fs::path& run, const Study& study, const Registry& registry,
                               Instances& instances, Paths& open) {
  std::vector<Job> jobs;
  for_each_attack(run, study, registry, [&](const Study& stage, const PlannedAttack& a) {
    const fs::path folder = run / attack_folder(stage, a);
    if (is_finished(folder))
      jobs.push_back(job_of(run, stage, a, registry, instances));
    else
      open.insert(folder);
  });
  return jobs;
}

// Every attack, several side by side. Returns their evaluations; adds their files.
std::int64_t verify_attacks(const std::vector<Job>& jobs, const Checks& checks, ProgressMode mode,
                            Paths& files, Differences& differences) {
  std::vector<Differences> each(jobs.size());
  std::vector<VerifiedAttack> attacks(jobs.size());
  Progress progress("verifying", std::ssize(jobs), mode);
  parallel_for(jobs.size(), [&](std::size_t i) {
    attacks[i] = verify_attack(jobs[i], checks, each[i]);
    progress.advance();
  });
  std::int64_t evaluations = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    evaluations += attacks[i].evaluations;
    files.insert(attacks[i].files.begin(), attacks[i].files.end());
    differences.insert(differences.end(), each[i].begin(), each[i].end());
  }
  return evaluations;
}

void verify_instances(const Instances& instances, const Checks& checks, Differences& differences) {
  for (const fs::path& file : instances.changed())
    differences.push_back(file.string() + ": is not what the program carries of this instance");
  if (checks.samples)
    instances.verify_measured([&](const fs::path& file, const Json& written, const Json& again) {
      compare_members(differences, file.string() + ", measured again", written, again);
    });
}

// The base rates that rows.json says, for tasks that would ask a network.
void assume_bases(const std::vector<Row>& rows, const Study& study, Instances& instances) {
  for (const Row& row : rows)
    for (std::size_t panel = 0; panel < study.panels.size(); ++panel)
      if (study.panels[panel].name == row.panel) instances.assume(panel, row.instance, row.base);
}

std::string identity(const Row& row) {
  return row.panel + '/' + std::to_string(row.instance) + '/' + row.variant + '/' + std::to_string(row.seed);
}

void verify_rows(const fs::path& file, const std::vector<Row>& written, const std::vector<Run>& found,
                 Differences& differences) {
  std::map<std::string, Json> by_name;
  for (const Row& row : written) by_name.emplace(identity(row), to_json(row));
  for (const Run& one : found) {
    const std::string name = identity(one.row);
    if (by_name.contains(name))
      compare_members(differences, file.string() + ", " + name, by_name.at(name), to_json(one.row));
    else
      differences.push_back(file.string() + ", " + name +
                            ": has no row, although its attack is finished; `banel report` adds one");
    by_name.erase(name);
  }
  for (const auto& [name, row] : by_name)
    differences.push_back(file.string() + ", " + name + ": no finished attack of study.toml gives this row");
}

// Tables, figures and page, made again.
void verify_shown(const fs::path& run, const Study& study, const Results& results, const Registry& registry,
                  Paths& files, Differences& differences) {
  const Scratch scratch;
  write_shown(scratch.path, study, results, registry);
  for (const fs::directory_entry& made : fs::recursive_directory_iterator(scratch.path)) {
    const fs::path shown = run / fs::relative(made.path(), scratch.path);
    if (!made.is_regular_file()) continue;
    files.insert(shown);
    compare_text(differences, shown, read_file(made.path()));
  }
}

void verify_canary(const fs::path& folder, const Registry& registry, const Checks& checks, Paths& files,
                   Paths& open, Differences& differences) {
  const Study study = study_of(folder, registry);
  Instances instances(folder / "instances", study, registry, Access::read, ProgressMode::quiet);
  const std::vector<Job> jobs = finished_jobs(folder, study, registry, instances, open);
  verify_attacks(jobs, checks, ProgressMode::quiet, files, differences);
  files.insert(folder / "study.toml");
  open.insert(folder / "instances");
}

// Files of no part of the run. Whatever is in the folders `open` belongs there.
void verify_files(const fs::path& run, const Paths& files, const Paths& open, Differences& differences) {
  const auto holds = [&](const fs::path& link) {  // a link to another disk
    const std::string below = link.string() + '/';
    const auto inside = [&](const fs::path& path) { return path.string().starts_with(below); };
    return std::ranges::any_of(files, inside) || std::ranges::any_of(open, inside);
  };
  for (auto at = fs::recursive_directory_iterator(run); at != fs::recursive_directory_iterator(); ++at) {
    if (open.contains(at->path()))
      at.disable_recursion_pending();
    else if (at->is_directory() && (!at->is_symlink() || holds(at->path())))
      continue;
    else if (at->path().filename() != ".lock" && !files.contains(at->path()))
      differences.push_back(at->path().string() + ": is no file of this study");
  }
}

// A report of training without how long it took.
Json without_times(const fs::path& report) {
  Json json = read_json(report);
  if (json.is_object()) json.erase("training_seconds");
  return json;
}

// Instances, attacks and canary once more.
void verify_again(const fs::path& run, std::vector<Job> jobs, const Study& study, const Registry& registry,
                  const Instances& instances, const Paths& open, ProgressMode mode,
                  Differences& differences) {
  const Scratch scratch;
  for (Job& job : jobs) job.folder = scratch.path / fs::relative(job.folder, run);
  run_all(jobs, threads(), mode);
  Instances made(scratch.path / "instances", study, registry, Access::make, mode, !instances.has_carried());
  for (const PlannedAttack& a : planned(study))
    if (!open.contains(run / attack_folder(study, a))) made.base(a.panel, a.instance);
  if (!study.canary.empty())
    run_canary(scratch.path / "canary", study_of(run / "canary", registry), registry);
  const auto counterparts = [](const fs::path& from, const fs::path& to, const auto& visit) {
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(from))
      if (file.is_regular_file() && file.path().filename() != ".lock")
        visit(file.path(), to / fs::relative(file.path(), from));
  };
  counterparts(scratch.path, run, [&](const fs::path& again, const fs::path& kept) {
    if (kept.extension() == ".json" && fs::exists(kept))
      compare_members(differences, kept.string() + ", made again", without_times(kept), without_times(again));
    else if (kept.filename() != "timing.jsonl")
      compare_text(differences, kept, read_file(again));
  });
  for (const char* part : {"instances", "canary"})  // shared instances are also those of other studies
    if (fs::exists(run / part) && !fs::is_symlink(run / part))
      counterparts(run / part, scratch.path / part, [&](const fs::path& kept, const fs::path& again) {
        if (!fs::exists(again)) differences.push_back(kept.string() + ": is no file of this study");
      });
}

// What changes when another process works in the run: how many files it has, and the time of the newest.
std::pair<std::size_t, fs::file_time_type> state_of(const fs::path& run) {
  std::pair<std::size_t, fs::file_time_type> state{0, fs::file_time_type::min()};
  std::error_code gone;  // a file of a writer
  for (auto at = fs::recursive_directory_iterator(run, gone); at != fs::recursive_directory_iterator();
       at.increment(gone)) {
    if (!at->is_regular_file(gone) || at->path().string().ends_with(".partial.safetensors")) continue;
    ++state.first;
    if (const auto time = at->last_write_time(gone); !gone) state.second = std::max(state.second, time);
  }
  return state;
}

Verification derived(const fs::path& run, const Registry& registry, Depth depth, ProgressMode mode) {
  Verification found;
  Differences& differences = found.differences;
  std::error_code missing;  // what is read first names the folder
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run, missing))
    ENSURE_AS(!entry.is_other(), InputError, entry.path().string(),  // a pipe would be waited for
              "is neither a file nor a folder; remove it, or restore the file from a copy");
  const fs::path rows_file = run / "rows.json", instances_folder = run / "instances";
  const std::vector<Row> rows = read_rows(run);
  const Study study = study_of(run, registry);
  const std::string elsewhere = verify_record(run, study, registry, differences);
  ENSURE(elsewhere.empty() || depth != Depth::rerun, "--rerun",
         "the same bits need the machine of the run (" << elsewhere << ")");
  const Checks checks{depth != Depth::fast, depth != Depth::fast && elsewhere.empty()};
  Instances instances(instances_folder, study, registry, Access::read, ProgressMode::quiet);
  Paths files{run / "study.toml", run / "run.json"}, open;
  const std::vector<Job> jobs = finished_jobs(run, study, registry, instances, open);
  found.unchecked = unchecked(depth, elsewhere, open);
  found.attacks = jobs.size();
  found.evaluations = verify_attacks(jobs, checks, mode, files, differences);
  verify_instances(instances, checks, differences);
  if (!checks.samples) assume_bases(rows, study, instances);
  const Results results = results_of(run, study, registry, instances);
  verify_rows(rows_file, rows, results.runs, differences);
  verify_shown(run, study, results, registry, files, differences);
  if (!open.empty() || fs::is_symlink(instances_folder))  // other instances may be there
    open.insert(instances_folder);
  else
    for (const PlannedAttack& a : planned(study)) open.insert(instances.folder(a.panel, a.instance));
  if (!study.canary.empty()) verify_canary(run / "canary", registry, checks, files, open, differences);
  verify_files(run, files, open, differences);
  if (depth == Depth::rerun) verify_again(run, jobs, study, registry, instances, open, mode, differences);
  return found;
}

}  // namespace

Verification verify(const fs::path& run, const Registry& registry, Depth depth, ProgressMode mode) {
  const auto refuse_writers = [&](bool written) {
    ENSURE_AS(!written && !FolderLock::is_held(run), IoError, run.string(),
              "another process is writing this run; wait for it to end, and verify it then");
  };
  refuse_writers(false);
  const auto before = state_of(run);
  try {
    Verification found = derived(run, registry, depth, mode);
    if (!found.differences.empty()) refuse_writers(state_of(run) != before);
    return found;
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception&) {  // a file that a writer has removed or not yet finished
    refuse_writers(state_of(run) != before);
    throw;
  }
}

}  // namespace banel
