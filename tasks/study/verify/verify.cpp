#include "tasks/study/verify/verify.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/base/system.h"
#include "tasks/report/html.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tasks/study/verify/scratch.h"
#include "tasks/study/verify/verify_attack.h"
#include "tasks/study/verify/verify_files.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

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
  sentences.emplace_back(
      "what run.json says of the study's name, command, commit, version and machine, and clock times");
  sentences.emplace_back(
      "that no seed, variant or instance was left out of study.toml, and that it was not quick");
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
    const Study kept = read_run(run / "canary", registry);
    const Study stated = is_built_in(study.canary) ? read_study(study.canary, registry) : kept;
    compare_text(differences, run / "canary" / "study.toml", to_toml(stated));
    Canary found{record->kernels, canary_hash(run / "canary", registry)};
    if (const auto hash = stated.hashes.find(found.core); hash != stated.hashes.end())
      found.expected = hash->second;
    compare_members(differences, file.string() + ", canary", canary, to_json(found));
  }
  return other_machine(system);
}

// The finished attacks that `each` visits; the folders of the others are added to `open`.
std::vector<Job> finished_jobs(const fs::path& run, const Study& study, const Registry& registry,
                               Instances& instances, Paths& open,
                               decltype(for_each_attack)& each = for_each_attack) {
  std::vector<Job> jobs;
  each(run, study, registry, [&](const Study& stage, const PlannedAttack& a) {
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

// Rows without an attack are differences of what is shown.
void verify_rows(const fs::path& file, const std::vector<Row>& written, const std::vector<Run>& found,
                 Differences& differences, Differences& shown) {
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
    shown.push_back(file.string() + ", " + name + ": no finished attack of study.toml gives this row");
}

// Tables, figures and page, made again.
void verify_shown(const fs::path& run, const fs::path& scratch, const Study& study, const Results& results,
                  const Registry& registry, Paths& files, Differences& differences) {
  create_folders(scratch);
  write_shown(scratch, study, results, registry);
  for (const fs::directory_entry& made : fs::recursive_directory_iterator(scratch)) {
    const fs::path shown = run / fs::relative(made.path(), scratch);
    if (!made.is_regular_file()) continue;
    files.insert(shown);
    compare_text(differences, shown, read_file(made.path()));
  }
}

// Whether the page is of an earlier study.toml, whose text it shows.
bool is_older(const fs::path& page, const Study& study) {
  return fs::exists(page) && read_file(page).find(html(to_toml(study))) == std::string::npos;
}

void verify_canary(const fs::path& folder, const Registry& registry, const Checks& checks, Paths& files,
                   Paths& open, Differences& differences) {
  const Study study = read_run(folder, registry);
  Instances instances(folder / "instances", study, registry, Access::read, ProgressMode::quiet);
  const std::vector<Job> jobs = finished_jobs(folder, study, registry, instances, open);
  verify_attacks(jobs, checks, ProgressMode::quiet, files, differences);
  files.insert(folder / "study.toml");
  open.insert(folder / "instances");
}

// A report of training without how long it took.
Json without_times(const fs::path& report) {
  Json json = read_json(report);
  if (json.is_object()) json.erase("training_seconds");
  return json;
}

// Instances, attacks and canary once more.
void verify_again(const fs::path& run, const fs::path& scratch, std::vector<Job> jobs, const Study& study,
                  const Registry& registry, const Instances& instances, const Paths& open, ProgressMode mode,
                  Differences& differences) {
  for (Job& job : jobs) job.folder = scratch / fs::relative(job.folder, run);
  run_all(jobs, threads(), mode);
  Instances made(scratch / "instances", study, registry, Access::make, mode, !instances.has_carried());
  for (const PlannedAttack& a : planned(study))
    if (!open.contains(run / attack_folder(study, a))) made.base(a.panel, a.instance);
  if (!study.canary.empty()) run_canary(scratch / "canary", read_run(run / "canary", registry), registry);
  const auto counterparts = [](const fs::path& from, const fs::path& to, const auto& visit) {
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(from))
      if (file.is_regular_file() && file.path().filename() != ".lock")
        visit(file.path(), to / fs::relative(file.path(), from));
  };
  counterparts(scratch, run, [&](const fs::path& again, const fs::path& kept) {
    if (kept.extension() == ".json" && fs::exists(kept))
      compare_members(differences, kept.string() + ", made again", without_times(kept), without_times(again));
    else if (kept.filename() != "timing.jsonl")
      compare_text(differences, kept, read_file(again));
  });
  for (const char* part : {"instances", "canary"})  // shared instances are also those of other studies
    if (fs::exists(run / part) && !fs::is_symlink(run / part))
      counterparts(run / part, scratch / part, [&](const fs::path& kept, const fs::path& again) {
        if (!fs::exists(again)) differences.push_back(kept.string() + ": is no file of this study");
      });
}

Verification derived(const fs::path& run, const Registry& registry, Depth depth, ProgressMode mode) {
  Verification found;
  Differences& differences = found.differences;
  const Scratch scratch;  // first, for it may be refused
  refuse_pipes(run);
  const fs::path rows_file = run / "rows.json", instances_folder = run / "instances";
  const std::vector<Row> rows = read_rows(run);
  const Study study = read_run(run, registry);
  compare_text(differences, run / "study.toml", to_toml(study));
  const std::string elsewhere = verify_record(run, study, registry, differences);
  ENSURE(elsewhere.empty() || depth != Depth::rerun, "--rerun",
         "the same bits need the machine of the run (" << elsewhere << ")");
  const Checks checks{depth != Depth::fast, depth != Depth::fast && elsewhere.empty()};
  Instances instances(instances_folder, study, registry, Access::read, ProgressMode::quiet);
  Paths files{run / "study.toml", run / "run.json"}, open;
  std::vector<Job> jobs = finished_jobs(run, study, registry, instances, open);
  found.unchecked = unchecked(depth, elsewhere, open);
  const bool older = !open.empty() && is_older(run / "report.html", study);
  // Those of unchosen configurations that are not finished stay so, hence they are not told of.
  const std::vector<Job> unchosen =
      finished_jobs(run, study, registry, instances, open, for_each_unchosen_attack);
  jobs.insert(jobs.end(), unchosen.begin(), unchosen.end());
  found.attacks = jobs.size();
  found.evaluations = verify_attacks(jobs, checks, mode, files, differences);
  verify_instances(instances, checks, differences);
  if (!checks.samples) assume_bases(rows, study, instances);
  const Results results = results_of(run, study, registry, instances);
  Differences shown;
  verify_rows(rows_file, rows, results.runs, differences, shown);
  verify_shown(run, scratch.path / "shown", study, results, registry, files, shown);
  if (older) {
    shown = {(run / "report.html").string() + ": the report is older than study.toml; `banel report " +
             run.string() + "` makes it again"};
    open.insert(run / "plots");  // some may be of the earlier study alone
  }
  differences.insert(differences.end(), shown.begin(), shown.end());
  if (!open.empty() || fs::is_symlink(instances_folder))  // other instances may be there
    open.insert(instances_folder);
  else
    for (const PlannedAttack& a : planned(study)) open.insert(instances.folder(a.panel, a.instance));
  if (!study.canary.empty()) verify_canary(run / "canary", registry, checks, files, open, differences);
  verify_files(run, files, open, differences);
  if (depth == Depth::rerun)
    verify_again(run, scratch.path / "again", jobs, study, registry, instances, open, mode, differences);
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
