// What a study made, as tables, figures and the page take it: its attacks and the words above them.
//   Results results{.title = "Planted sets", .panels = {"tail", "bulk"}, .variants = {"banel", "tail"}};
//   results.runs.push_back({row, read_attack(folder)});
//   write_report(folder, results, registry, {"success", "bars"});
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasks/report/row.h"

namespace banel {

struct Run {
  Row row;
  AttackResult log = {};  // for figures and lists of finds; tables need only the row
};

struct QuotedCurve {  // figures of others, drawn dashed in the picture "scaling"
  std::string label = {};
  std::vector<double> x = {}, factors = {};  // x increasing; success over the base rate
};

// How it was made: what a reader should know first, then base rates, command, commit, machine.
struct Made {
  std::vector<std::string> warnings = {}, facts = {};
};

struct Results {
  std::string title = {}, sentence = {};
  std::string note = {};  // short, in figures too: task, seeds, samples of a reading
  Made made = {};
  bool quick = false;  // a check that everything works, not a result: every output says so
  // In the study's order; the first variant is compared with the others. Names that only runs have follow.
  std::vector<std::string> panels = {}, variants = {};
  std::vector<Run> runs = {};
  std::optional<QuotedCurve> quoted = {};
  std::map<std::string, std::string> files =
      {};  // name and text of what the page shows at its end: study.toml
};

// The runs of one variant in one panel: instances x seeds.
struct Group {
  std::string panel, variant;
  std::size_t place = 0;         // of the variant in the study: 0 is the first
  std::vector<const Run*> runs;  // by instance, then seed; they live in the Results
};

// By panel, then variant, in the study's order; groups without runs are left out.
std::vector<Group> groups_of(const Results&);

// One list for each instance of a group, by seed: what nested_bootstrap resamples. Runs for which `of` has no
// value are left out, and so are instances without a value.
using ValueOf = std::function<std::optional<double>(const Run&)>;
std::vector<std::vector<double>> by_instance(const Group&, const ValueOf& of);

std::vector<double> flat(const std::vector<std::vector<double>>&);  // all values in one list

// The mean over instances of the base rates before the attack.
double mean_base(const Group&);

}  // namespace banel
