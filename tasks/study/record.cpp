#include "tasks/study/record.h"

#include <algorithm>
#include <functional>
#include <map>

#include "nn/io/file.h"
#include "tasks/base/stats.h"
#include "tasks/base/system.h"
#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tasks/report/column.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tasks/study/plan.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

std::string note(const Study& study, const std::vector<Run>& runs) {
  std::vector<std::string> parts;  // of each task and its instances
  for (const Panel& panel : study.panels) {
    const std::string part = panel.task + (panel.instances.size() == 1 ? ", instance " : ", instances ") +
                             listed_numbers(panel.instances);
    if (std::ranges::find(parts, part) == parts.end()) parts.push_back(part);
  }
  std::string text;
  for (const std::string& part : parts) text += part + (part == parts.back() ? ", " : "; ");
  text += "attack seeds " + listed_numbers(study.seeds);
  for (const Run& run : runs)
    if (run.row.samples) return text + ", " + grouped(run.row.samples) + " samples per reading";
  return text;
}

// How many runs of each variant have such a last reading: "grpo 2, tail 1"; empty if there are none.
std::string by_variant(const std::vector<Run>& runs, const std::function<bool(const Measurement&)>& is_such) {
  std::map<std::string, int> counts;
  for (const Run& run : runs) {
    if (run.log.rounds.empty() || !run.log.rounds.back().measured) continue;
    if (is_such(*run.log.rounds.back().measured)) ++counts[run.row.variant];
  }
  return listed(counts, [](const auto& count) { return count.first + ' ' + std::to_string(count.second); });
}

// Why some final rates say less than they seem to.
std::vector<std::string> doubts(const std::vector<Run>& runs) {
  std::vector<std::string> all;
  constexpr double most_error = 0.3;  // over the value
  const std::string uncertain = by_variant(runs, [](const Measurement& last) {
    return last.exact && last.exact->standard_error > most_error * last.exact->value;
  });
  if (!uncertain.empty())
    all.push_back("some final rates have a standard error above 30 % of themselves; by variant: " +
                  uncertain);
  double possible = 0;
  const std::string zero = by_variant(runs, [&](const Measurement& last) {
    const bool none = !last.exact && last.success.n > 0 && last.success.k == 0;
    if (none) possible = std::max(possible, clopper_pearson(0, last.success.n).hi);
    return none;
  });
  if (!zero.empty())
    all.push_back("some final rates are 0 and stand for any rate up to " + formatted("%.2g", possible) +
                  " (95 %); by variant: " + zero);
  return all;
}

// Base rates, and where the numbers come from.
std::vector<std::string> facts(const std::vector<Run>& runs, const std::map<std::string, BaseRate>& bases,
                               const std::optional<RunRecord>& record) {
  std::vector<std::string> all;
  for (const auto& [title, base] : bases)
    all.push_back(title + ": success rate of the prior " + rate_text(base) + ".");
  double seconds = 0;
  for (const Run& run : runs) seconds += run.row.seconds;
  all.push_back(grouped(static_cast<std::int64_t>(seconds)) + " s of computing, measuring excluded.");
  if (!record) return all;
  if (!record->command.empty()) all.push_back("Command: `" + record->command + "`.");
  if (!record->commit.empty()) all.push_back("Commit " + record->commit + ".");
  all.push_back(record->machine + ", OpenBLAS kernels " + record->kernels + '.');
  if (record->canary) all.push_back("Canary " + record->canary->core + ' ' + record->canary->hash + '.');
  return all;
}

}  // namespace

Json to_json(const RunRecord& record, const Json& system) {
  return {
      {"study", record.study},
      {"command", record.command},
      {"commit", record.commit},
      {"machine", system.at("cpu").text() + ", " + std::to_string(system.at("cores").integer()) + " cores"},
      {"kernels", system.at("blas_kernels")},
      {"canary", record.canary ? to_json(*record.canary) : Json(nullptr)},
      {"system", system}};
}

void write_record(const fs::path& run, const RunRecord& record) {
  write_file(run / "run.json", to_json(record, system_info()).dump(2) + '\n');
}

std::optional<RunRecord> read_record(const fs::path& run) {
  const fs::path path = run / "run.json";
  if (!fs::exists(path)) return {};
  const Json json = read_json(path);
  const Field f(json, path.string());
  RunRecord record{f["study"].text(), f["command"].text(), f["commit"].text(), f["machine"].text(),
                   f["kernels"].text()};
  if (const Field canary = f["canary"]; !canary.value().is_null()) {
    record.canary = {canary["core"].text(), canary["hash"].text()};
    if (!canary["expected"].value().is_null()) record.canary->expected = canary["expected"].text();
  }
  return record;
}

std::vector<Row> read_rows(const fs::path& run) {
  const fs::path file = run / "rows.json";
  ENSURE_AS(!fs::exists(run / "study.toml") || fs::exists(file), IoError, file.string(),
            "is not there yet; finish the study, or write it with `banel report`");
  return parse_rows(read_file(file), file.string());
}

Results results_of(const fs::path& run, const Study& study, const Registry& registry, Instances& instances) {
  Results results{
      .title = study.title, .sentence = study.sentence, .quick = study.quick, .quoted = study.quoted};
  for (const Panel& panel : study.panels) results.panels.push_back(panel.name);
  std::map<std::string, BaseRate> bases;
  for (const Study& stage : stages_of(run, study, registry))
    for (const Variant& v : stage.variants) results.variants.push_back(v.name);
  for_each_attack(run, study, registry, [&](const Study& stage, const PlannedAttack& a) {
    if (!is_finished(run / attack_folder(stage, a))) return;
    results.runs.push_back(run_of(run, stage, a, registry, instances));
    const std::string& panel = stage.panels[a.panel].name;
    bases.try_emplace(
        instances.task(a.panel, a.instance)->title() + (panel.empty() ? "" : " (" + panel + ")"),
        instances.base(a.panel, a.instance));
  });
  results.note = note(study, results.runs);
  for (const std::string& warning : instances.warnings())
    results.made.warnings.push_back("Warning: " + warning + '.');
  for (const std::string& doubt : doubts(results.runs))
    results.made.warnings.push_back("Warning: " + doubt + '.');
  results.made.facts = facts(results.runs, bases, read_record(run));
  results.files = {{"study.toml", to_toml(study)}};
  return results;
}

Table write_shown(const fs::path& folder, const Study& study, const Results& results,
                  const Registry& registry) {
  std::vector<Row> rows;
  for (const Run& run : results.runs) rows.push_back(run.row);
  if (study.halving) write_file(folder / "tuning.md", tuning_table(study, rows));
  return write_report(folder, results, registry, study.show);
}

}  // namespace banel
