#include "tasks/study/runner.h"

#include "nn/io/file.h"
#include "tasks/report/report.h"
#include "tasks/run/checkpoint.h"
#include "tasks/run/folder.h"
#include "tasks/study/halving.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// Makes FOLDER/instances a link to where instances are shared.
void link_instances(const fs::path& run, const fs::path& shared) {
  if (shared.empty()) return;
  const fs::path link = run / "instances", target = fs::absolute(shared).lexically_normal();
  create_folders(target);
  std::error_code error;
  if (!fs::exists(fs::symlink_status(link))) fs::create_directory_symlink(target, link, error);
  ENSURE_AS(!error && fs::equivalent(link, target, error), InputError, link.string(),
            "is not " << target.string() << "; choose another run folder, or remove this one");
}

// Errors: InputError if the attack in the folder has other settings than the study and the methods have now.
void check_settings(const Job& job) {
  const fs::path kept = job.folder / "config.json";
  ENSURE_AS(read_json(kept) == attack_config(*job.task, job.method, job.settings), InputError, kept.string(),
            "has other settings than study.toml and the method have now; choose another run folder");
}

void run_missing(const fs::path& folder, const Study& study, const Registry& registry, Instances& instances,
                 const StudyOptions& options) {
  std::vector<Job> jobs;
  for (const PlannedAttack& a : planned(study)) jobs.push_back(job_of(folder, study, a, registry, instances));
  std::erase_if(jobs, [](const Job& job) {
    check_stop();
    const bool finished = is_finished(job.folder);
    if (finished) check_settings(job);
    return finished;
  });
  run_all(jobs, options.jobs, options.mode);
}

// The study's canary. Of one that is a file the run has a copy, for the file may be of another machine.
Study canary_of(const fs::path& run, const Study& study, const Registry& registry) {
  const bool elsewhere = !is_built_in(study.canary) && !fs::exists(study.canary);
  const fs::path kept = run / "canary";
  return elsewhere && fs::exists(kept) ? read_run(kept, registry) : read_study(study.canary, registry);
}

// Runs the canary in FOLDER/canary. Errors: InputError if it gives another hash than `before`.
Canary new_canary(const fs::path& folder, const Study& study, const Registry& registry,
                  const std::optional<Canary>& before) {
  const fs::path place = folder / "canary", fresh = folder / "canary-new";
  fs::remove_all(fresh);
  try {
    Canary now = run_canary(fresh, canary_of(folder, study, registry), registry);
    ENSURE_AS(!before || before->core != now.core || before->hash == now.hash, InputError, folder.string(),
              "its attacks are of code that computes something else (canary "
                  << before->hash << ", now " << now.hash << "); choose another folder");
    fs::remove_all(place);
    fs::rename(fresh, place);
    return now;
  } catch (...) {  // one that was interrupted is no part of the run
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    throw;
  }
}

// The commits of several calls, "2f21f7e, 0a37f4c-dirty", and one more unless it is among them.
std::string joined(const std::string& commits, const std::string& one) {
  if (commits.empty() || one.empty()) return commits + one;
  return (", " + commits + ',').find(", " + one + ',') == std::string::npos ? commits + ", " + one : commits;
}

// Who makes the attacks that are missing. The canary runs first, by the same code. Errors: InputError if that
// of an earlier call says that the attacks in the folder are of code that computes something else.
void record(const fs::path& folder, const Study& study, const Registry& registry,
            const StudyOptions& options) {
  const std::optional<RunRecord> before = read_record(folder);
  if (before && missing(folder, stages_of(folder, study, registry).back()).empty()) return;
  RunRecord now{.study = study.name, .command = options.command};
  if (before) now.commit = joined(before->commit, now.commit);
  if (!study.canary.empty())
    now.canary = new_canary(folder, study, registry, before ? before->canary : std::nullopt);
  write_record(folder, now);
}

Table report(const fs::path& folder, const Registry& registry) {
  const Study study = read_run(folder, registry);
  Instances instances(folder / "instances", study, registry, Access::read, ProgressMode::quiet);
  for_each_attack(folder, study, registry, [&](const Study& stage, const PlannedAttack& a) {
    if (const Job job = job_of(folder, stage, a, registry, instances); is_finished(job.folder))
      check_settings(job);
  });
  const Results results = results_of(folder, study, registry, instances);
  ENSURE_AS(!results.runs.empty(), InputError, folder.string(),
            "no attack in it is finished; run the study first");
  return write_shown(folder, study, results, registry);
}

}  // namespace

Table run_study(const fs::path& folder, const Study& study, const Registry& registry,
                const StudyOptions& options) {
  const FolderLock lock = take_folder(folder, "study");
  keep_study(folder, study, registry);
  link_instances(folder, options.instances);
  if (options.say) options.say(study.title + ": " + forecast(folder, study, registry, options.jobs));
  record(folder, study, registry, options);
  {
    Instances instances(folder / "instances", study, registry, Access::make, options.mode,
                        options.from_scratch);
    instances.open_all();
    if (options.say)
      for (const std::string& warning : instances.warnings(true)) options.say("Warning: " + warning);
    std::size_t done = 0;
    for (std::vector<Study> stages = stages_of(folder, study, registry); stages.size() > done;
         stages = stages_of(folder, study, registry)) {
      done = stages.size();
      run_missing(folder, stages.back(), registry, instances, options);
    }
    const std::size_t left = missing(folder, stages_of(folder, study, registry).back()).size();
    if (left && options.say)
      options.say(std::to_string(left) +
                  " attacks are left to other processes; `banel report` shows them when they end");
  }
  return report(folder, registry);
}

std::vector<std::string> missing_attacks(const fs::path& folder, const Study& study,
                                         const Registry& registry) {
  check_folder(folder, "study");
  keep_study(folder, study, registry);
  const Study stage = stages_of(folder, study, registry).back();
  std::vector<std::string> names;
  for (const PlannedAttack& a : missing(folder, stage)) names.push_back(attack_name(stage, a));
  return names;
}

Row run_one(const fs::path& folder, const std::string& attack, const Registry& registry,
            const StudyOptions& options) {
  const Study study = read_run(folder, registry);
  link_instances(folder, options.instances);
  for (const Study& stage : stages_of(folder, study, registry))
    for (const PlannedAttack& a : planned(stage)) {
      if (attack_name(stage, a) != attack) continue;
      Instances instances(folder / "instances", stage, registry, Access::make, options.mode);
      const Job job = job_of(folder, stage, a, registry, instances);
      create_folders(job.folder);
      const FolderLock lock(job.folder);
      run_attack(job.folder, *job.task, job.method, job.settings, [](std::int64_t) {});
      return run_of(folder, stage, a, registry, instances).row;
    }
  throw UsageError("attack", in_quotes(attack) + " is no attack of " + (folder / "study.toml").string() +
                                 "; `banel jobs` lists those that are missing");
}

Table report_study(const fs::path& folder, const Registry& registry, const StudyOptions& options) {
  std::error_code ignored;  // FolderLock names what is wrong with the folder itself
  for (const char* part : {"study.toml", "attacks"})
    ENSURE_AS(!fs::is_directory(folder, ignored) || fs::exists(folder / part, ignored), InputError,
              (folder / part).string(), "is missing; `banel study` and `banel jobs` make runs");
  const FolderLock lock(folder);
  const Study study = read_run(folder, registry);
  if (!read_record(folder)) record(folder, study, registry, options);
  return report(folder, registry);
}

}  // namespace banel
