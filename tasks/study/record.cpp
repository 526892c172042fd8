#include "tasks/study/record.h"

#include <algorithm>
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

// Whether the last readings can be believed, where the task estimates them; empty if they can.
std::string uncertain_readings(const std::vector<Run>& runs) {
  constexpr double most = 0.3;  // standard error over value
  std::map<std::string, int> by_variant;
  for (const Run& run : runs) {
    if (run.log.rounds.empty() || !run.log.rounds.back().measured) continue;
    const std::optional<Estimate> last = run.log.rounds.back().measured->exact;
    if (last && last->standard_error > most * last->value) ++by_variant[run.row.variant];
  }
  return listed(by_variant,
                [](const auto& count) { return count.first + ' ' + std::to_string(count.second); });
}

// What a final rate of 0 leaves possible, where it was counted in samples; empty if there is none.
std::string zero_readings(const std::vector<Run>& runs) {
  std::map<std::string, int> by_variant;
  double most = 0;
  for (const Run& run : runs) {
    if (run.log.rounds.empty() || !run.log.rounds.back().measured) continue;
    const Measurement& last = *run.log.rounds.back().measured;
    if (last.exact || last.success.n == 0 || last.success.k > 0) continue;
    ++by_variant[run.row.variant];
    most = std::max(most, clopper_pearson(0, last.success.n).hi);
  }
  if (by_variant.empty()) return "";
  return "some final rates are 0 and stand for any rate up to " + formatted("%.2g", most) +
         " (95 %); by variant: " + listed(by_variant, [](const auto& count) {
           return count.first + ' ' + std::to_string(count.second);
         });
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
  if (const std::string uncertain = uncertain_readings(results.runs); !uncertain.empty())
    results.made.warnings.push_back(
        "Warning: some final rates have a standard error above 30 % of themselves; by variant: " + uncertain +
        '.');
  if (const std::string zero = zero_readings(results.runs); !zero.empty())
    results.made.warnings.push_back("Warning: " + zero + '.');
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
