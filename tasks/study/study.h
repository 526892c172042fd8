// A study: instances x variants x seeds -> rows. Every table and figure of the project is one, written as a TOML
// file of ten to thirty lines in tasks/studies:
//   title = "Planted sets"            sentence = "Where the method works and where it cannot"
//   task = "planted"                  instances = [1]        seeds = 2       budget = 7500
//   [[panel]]                         # settings of the task; without any, one panel with its defaults
//   name = "tail"   set = "tail"   mass = 4e-4
//   [[variant]]                       # a method, and settings that differ
//   method = "banel"
//   [[variant]]
//   name = "banel, small kappa"   method = "banel"   kappa = 0.3
//   [quick]                           # what a quick run changes
//   budget = 1500   seeds = 2
//   show = ["success", "bars"]        # figures (report/figures.h)
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/report/row.h"
#include "tasks/run/attacks.h"
#include "tasks/run/registry.h"

namespace banel {

struct Panel {
  std::string name;  // empty if the study has one panel only
  Values settings;   // of the task
};

struct Variant {
  std::string name, method;
  Values settings;  // of the method; the study's budget among them
};

struct Canary {  // an attack of at most 15 s whose ledger tells whether results belong to the present code
  std::string panel, variant;
  std::uint64_t instance = 1, seed = 1;
};

struct Study {
  std::string name, title, sentence, task;
  std::vector<Panel> panels;
  std::vector<std::uint64_t> instances;
  std::vector<Variant> variants;
  int seeds = 5;
  std::size_t samples = 10'000, base_samples = 1'000'000;
  std::vector<std::string> show;
  double seconds = 0;  // of one core an attack takes, as measured when the study was written; 0: unknown
  bool quick = false;
};

// NAME of tasks/studies, or the path of a TOML file. Errors: UsageError for an unknown name, with the nearest
// one; InputError "FILE: line 7: ..." for what is unknown, missing, of another type, out of range or unused.
Study read_study(const std::string& name_or_path, const Registry&, bool quick);
std::vector<std::string> study_names();

struct StudyOptions {
  int jobs = 1;                                 // attacks side by side
  std::filesystem::path instances_folder = {};  // where instances are shared between studies; empty: in the run
  ProgressMode mode = ProgressMode::plain;
};

// Opens the instances, runs what is missing and writes the run folder:
//   study.toml  rows.json  table.{md,csv}  plots/*.{png,svg}  report.html
//   instances/[PANEL-]N/...   attacks/[PANEL-]N/VARIANT/seedS/...
// Rows that an earlier call made with other variants, seeds or instances are kept. Returns the rows.
std::vector<Row> run_study(const std::filesystem::path& folder, const Study&, const Registry&, const StudyOptions&);

// The attacks of a study that are missing in the folder, as commands: `banel attack --study ... --only ...`.
std::vector<std::string> missing_jobs(const std::filesystem::path& folder, const Study&, const Registry&);

// One attack of it: only = "PANEL/INSTANCE/VARIANT/SEED" (without "PANEL/" if there is one panel). Safe beside
// other processes on the same folder: each attack locks its own folder, and an instance is made by one of them.
Row run_one(const std::filesystem::path& folder, const Study&, const Registry&, const std::string& only,
            const StudyOptions&);

// rows.json, tables, figures and report.html again from the attacks that are finished.
std::vector<Row> report_study(const std::filesystem::path& folder, const Registry&);

}  // namespace banel
