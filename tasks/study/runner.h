// Runs studies: what is missing, and no more.
//   const Study study = read_study("planted", registry, true);
//   const Table table = run_study("runs/planted", study, registry, {.jobs = 2, .say = print});
// The folder of a run:
//   study.toml                                      the study with all that was asked of this folder so far
//   run.json                                        command, commit, machine, OpenBLAS kernels, canary
//   rows.json  table.{md,csv,txt}  plots/  report.html  made of the finished attacks (report/report.h)
//   instances/TASK-N-HASH/                          prior, judge and base rate of instance N
//   attacks/[PANEL-]N/VARIANT/seedS/                run/attack.h
//   canary/                                         the run of the canary study
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tasks/report/table.h"
#include "tasks/study/study.h"

namespace banel {

struct StudyOptions {
  int jobs = 1;  // attacks side by side; the results do not depend on it
  // Where instances are kept, so that several studies share them; FOLDER/instances is then a link to it.
  // Empty: in the run folder.
  std::filesystem::path instances = {};
  bool from_scratch = false;  // instances that the program carries are made again
  ProgressMode mode = ProgressMode::plain;
  std::string command = {};                          // for the record: "banel study planted --quick"
  std::function<void(const std::string&)> say = {};  // told what the study will take before it starts
};

// Opens the instances, runs or resumes what is missing and writes the files above. Attacks that other calls
// made in this folder, of other variants, seeds or instances, stay in the tables. An attack that another
// process is working on is left to it. Holds FOLDER/.lock, so a second call on the same folder is refused.
// Errors: InputError if the folder holds a variant or panel of the same name with other settings.
Table run_study(const std::filesystem::path& folder, const Study&, const Registry&, const StudyOptions&);

// The attacks that are missing in the folder, each as "PANEL/INSTANCE/VARIANT/SEED", without "PANEL/" if the
// study has one panel. With halving: those of the first budget that is not done. Writes FOLDER/study.toml,
// which run_one reads.
std::vector<std::string> missing_attacks(const std::filesystem::path& folder, const Study&, const Registry&);

// One attack of FOLDER/study.toml. Any number of processes may do so on one folder, which may be a network
// folder: each attack locks its own folder, and an instance is made by one of them while the others wait. A
// finished attack is read back. Errors: UsageError if the study has no such attack; IoError if another
// process is working on it.
Row run_one(const std::filesystem::path& folder, const std::string& attack, const Registry&,
            const StudyOptions&);

// All files of the run that are made of finished attacks. Errors: InputError if none is finished.
Table report_study(const std::filesystem::path& folder, const Registry&, const StudyOptions&);

}  // namespace banel
