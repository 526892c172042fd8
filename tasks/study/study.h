// A study: instances x variants x seeds -> rows. Every table and figure of the project is one, written as a
// short TOML file in tasks/studies:
//   title = "Planted sets"
//   sentence = "Where the method works and where it cannot."
//   task = "planted"
//   seeds = 2                                        # attack seeds 1, 2
//   budget = 7500                                    # evaluations of each attack
//   variants = ["banel", "tail", {method = "banel", kappa = [0.3, 1]}]      # the last one is two variants
//   show = ["success", "bars"]                       # figures (report/figures.h)
//   [[panels]]                                       # settings of the task
//   name = "tail"
//   set = "tail"
//   [quick]                                          # what a quick run changes
//   budget = 1500
// Every key; title, task and variants are required:
//   title, sentence            the words above the table
//   task, settings             its name; its settings, for all panels of it
//   panels                     tables with `name` and settings of the task [one panel]; a panel may have
//                              another `task`, and `instances` of its own
//   instances, seeds           a list, or n for 1..n [1; 5]; instances up to 1,000,000
//   budget                     evaluations of an attack [the method's]
//   samples, base_samples      of a reading [the task's]; for the success rate of the prior [1,000,000]
//   ranking                    whether readings also say how scores rank the proposals [false]
//   variants                   a method's name, or a table with `method`, perhaps `name`, and settings; a
//                              list of values makes one variant of each. `ranges` has, for each setting that
//                              is tuned, {low, high, log} or a list of choices
//   halving                    tuning: configurations, budgets, keep [3], seed [1]
//   show, quoted               figures [none]; a curve of others in the figure "scaling"
//   seconds, instance_seconds  of one core, expected for an attack and for making an instance [not known]
//   canary, hashes             canary.h
//   results                    whether tasks/results shows it [false]
//   quick                      a table of keys that --quick changes; variants and panels may have one, too.
//                              Without `settings` in it the task's own quick settings apply
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/report/results.h"
#include "tasks/run/registry.h"

namespace banel {

struct Panel {
  std::string name;  // empty if the study has one panel only
  std::string task;
  std::vector<std::uint64_t> instances = {1};
  Values settings = {};  // of the task, those that differ from its defaults
  bool operator==(const Panel&) const = default;
};

// What a tuned setting is drawn from: the choices, or low..high, uniformly in its logarithm if `log`.
struct Range {
  double low = 0, high = 0;
  bool log = false;
  std::vector<Value> choices = {};
  bool operator==(const Range&) const = default;
};

struct Variant {
  std::string name, method;
  Values settings = {};                      // of the method, those that differ
  std::map<std::string, Range> ranges = {};  // of the settings that are tuned (Halving)
  bool operator==(const Variant&) const = default;
};

// Tuning by successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943): each variant with ranges gets
// the same number of configurations. All of them run with the first budget, the best 1/keep of them with the
// next one.
struct Halving {
  int configurations = 0;
  std::vector<std::int64_t> budgets = {};  // rising
  int keep = 3;
  std::uint64_t seed = 1;
  bool operator==(const Halving&) const = default;
};

struct Study {
  std::string name, title, sentence;
  std::vector<Panel> panels = {};
  std::vector<std::uint64_t> seeds = {1, 2, 3, 4, 5};
  std::vector<Variant> variants = {};
  std::int64_t budget = 0;               // evaluations of an attack; 0: as the method has it
  std::size_t samples = 0;               // of a reading; 0: as the task has it
  bool ranking = false;                  // whether readings say how scores rank the proposals
  std::size_t base_samples = 1'000'000;  // for the success rate of the prior
  std::vector<std::string> show = {};
  double seconds = 0,
         instance_seconds = 0;  // of one core, for an attack and for making an instance; 0: unknown
  std::string canary = {};      // name of a study; empty: none
  bool results = false;         // whether tasks/results shows it
  bool quick = false;           // made by a quick run: no result
  std::optional<QuotedCurve> quoted = {};
  std::optional<Halving> halving = {};
  std::map<std::string, std::string> hashes = {};  // of a canary: its hash for each OpenBLAS core type

  bool operator==(const Study&) const;
};

// NAME of tasks/studies, the path of a TOML file, or a run folder with its study.toml. `quick` applies the
// table [quick], the `quick` tables of variants and panels, and the task's own quick settings. Errors:
// UsageError for an unknown name, with the nearest one; InputError "FILE: line 7: ..." for what is unknown,
// missing, of another type, out of range or has no effect, in the quick part too.
Study read_study(const std::string& name_or_path, const Registry&, bool quick = false);
// The study of a run, FOLDER/study.toml, whatever the folder is called. A canary that is a file need not be
// where it was, for the run has a copy. Errors: InputError, also for a file that is missing.
Study read_run(const std::filesystem::path& folder, const Registry&, bool quick = false);
Study parse_study(std::string_view toml, std::string_view where, const Registry&, bool quick = false);
bool is_built_in(const std::string& name);  // whether it is one of study_names()
std::vector<std::string> study_names();     // the studies of tasks/studies, in alphabetical order

// The study as a file that parse_study reads back to an equal one.
std::string to_toml(const Study&);

// Applies "KEY=VALUE" of --set. KEY is one of budget, samples, base_samples; a setting of a task, for all
// panels of it; a setting of methods, for all variants that use it; or "VARIANT.KEY" for one variant. Errors:
// UsageError if nothing has such a setting or the value is out of range.
void change(Study&, const Registry&, const std::string& assignment);
// The same for several: those of one variant win, in whatever order they are given.
void change_all(Study&, const Registry&, std::vector<std::string> assignments);

// Keeps the named parts only; what is empty keeps all. A variant may also be any method of the registry,
// which is then added as it is. Errors: UsageError for an unknown name, with the nearest one, or a part named
// twice.
struct Selection {
  std::vector<std::string> panels = {}, variants = {};
  std::vector<std::uint64_t> instances = {}, seeds = {};
};
void select(Study&, const Registry&, const Selection&);

std::size_t instance_count(const Study&);  // of all panels

// The variant's method with the study's budget and the variant's settings, before any task adapts it.
Values method_values(const Study&, const Variant&);

// A name as part of a path: letters, digits and . _ stay, all else between them becomes one dash.
std::string path_name(std::string_view name);

}  // namespace banel
