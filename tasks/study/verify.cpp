#include "tasks/study/verify.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "nn/io/file.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tasks/study/plan.h"
#include "tasks/study/record.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

using Differences = std::vector<std::string>;

void compare(Differences& differences, const std::string& what, const Json& written, const Json& found) {
  if (written != found)
    differences.push_back(what + ": the file says " + written.dump() + ", found " + found.dump());
}

// The values of two objects, key by key.
void compare_members(Differences& differences, const std::string& what, const Json& written,
                     const Json& found) {
  for (const auto& [key, value] : found.items())
    compare(differences, what + ", " + key, written.value(key, Json(nullptr)), value);
}

Json last_line(const fs::path& path) {
  const std::string text = read_file(path);
  return parse_json(std::string_view(text).substr(text.rfind('\n', text.size() - 2) + 1), path.string());
}

// The log's counts against the ledger.
void verify_counts(const fs::path& metrics, const std::vector<Evaluation>& ledger,
                   const std::vector<RoundRecord>& rounds, Differences& differences) {
  std::size_t next = 0;
  for (const RoundRecord& round : rounds) {
    std::int64_t positives = 0;
    for (std::int64_t i = 0; i < round.submitted && next < ledger.size(); ++i, ++next)
      positives += ledger[next].verdict.reward == Reward::success;
    const std::string where = metrics.string() + ", round " + std::to_string(round.number);
    compare(differences, where + ", positives", round.positives, positives);
    compare(differences, where + ", nre", round.nre, next);
  }
}

// The judge's verdicts on the ledger.
void verify_verdicts(const fs::path& file, const std::vector<Evaluation>& ledger, const Judge& judge,
                     Differences& differences) {
  std::vector<Attempt> attempts;
  for (const Evaluation& paid : ledger) attempts.push_back(paid.attempt);
  const std::vector<Verdict> again = judge(attempts);
  const auto shown = [](const Verdict& v) { return Json{v.answer, v.reward, v.kind}; };
  for (std::size_t i = 0; i < ledger.size(); ++i)
    compare(differences,
            file.string() + ", evaluation " + std::to_string(i + 1) + " (" + in_quotes(attempts[i]) + ")",
            shown(ledger[i].verdict), shown(again[i]));
}

// The reading that the last round must have.
Measurement last_reading(const Job& job, const State& state, const std::vector<Evaluation>& ledger,
                         const AttackResult& result) {
  if (job.settings.samples == 0) {  // of verdicts that were paid since the reading before it
    const std::vector<RoundRecord> readings = result.readings();
    const std::size_t since =
        readings.size() < 2 ? 0 : static_cast<std::size_t>(readings[readings.size() - 2].nre);
    return measure_paid(
        *job.task,
        std::span(ledger).first(static_cast<std::size_t>(result.rounds.back().nre)).subspan(since));
  }
  return measure_attacker(*job.task, job.method, state,
                          unseen(*job.task, job.method, [&] { return std::span(ledger); }), job.task->judge(),
                          job.settings.samples, job.settings.seed);
}

// One finished attack: its log against its ledger, its last attacker against its log. Returns its
// evaluations.
std::int64_t verify_attack(const Job& job, Differences& differences) {
  const fs::path metrics = job.folder / "metrics.jsonl", ledger_file = job.folder / "ledger.jsonl";
  compare_members(differences, (job.folder / "config.json").string(), read_json(job.folder / "config.json"),
                  attack_config(*job.task, job.method, job.settings));
  const AttackResult result = read_attack(job.folder);
  const SavedAttack saved = load_attack(
      job.folder, *starting_model(*job.task, job.method, job.settings.seed, std::make_shared<Cost>()));
  ENSURE_AS(saved.progress.finished && saved.progress.rounds == result.rounds.size(), InputError,
            job.folder.string(), "this attack is not finished; run the same command again first");
  const std::vector<Evaluation> ledger = read_ledger(ledger_file, saved.progress.ledger).evaluations;
  compare(differences, ledger_file.string() + ", evaluations", ledger.size(),
          saved.progress.ledger.evaluations);
  verify_counts(metrics, ledger, result.rounds, differences);
  const bool repeatable = job.task->repeatable();
  if (repeatable) verify_verdicts(ledger_file, ledger, judge_of(*job.task, job.method), differences);
  if (!result.rounds.empty() && (repeatable || job.settings.samples == 0))
    compare(differences, metrics.string() + ", last attacker measured again",
            last_line(metrics).at("measured"), to_json(last_reading(job, saved.state, ledger, result)));
  return std::ssize(ledger);
}

std::string identity(const Row& row) {
  return row.panel + '/' + std::to_string(row.instance) + '/' + row.variant + '/' + std::to_string(row.seed);
}

// Each row of rows.json with its attack. Errors: InputError for a row of which the study knows nothing.
std::vector<Job> jobs_of(const fs::path& run, const std::vector<Row>& rows, const Study& study,
                         const Registry& registry, Instances& instances) {
  std::map<std::string, Job> known;
  for (const Study& stage : stages_of(run, study, registry))
    for (const PlannedAttack& a : planned(stage)) {
      const Row key{.panel = stage.panels[a.panel].name,
                    .instance = a.instance,
                    .variant = stage.variants[a.variant].name,
                    .seed = a.seed};
      for (const Row& row : rows)
        if (identity(row) == identity(key))
          known.emplace(identity(key), job_of(run, stage, a, registry, instances));
    }
  std::vector<Job> jobs;
  for (const Row& row : rows) {
    const auto found = known.find(identity(row));
    ENSURE_AS(found != known.end(), InputError, (run / "rows.json").string(),
              "has a row for " << identity(row) << ", which study.toml does not have");
    jobs.push_back(found->second);
  }
  return jobs;
}

void verify_rows(const fs::path& run, const std::vector<Row>& written, const std::vector<Run>& found,
                 Differences& differences) {
  const std::string file = (run / "rows.json").string();
  compare(differences, file + ", rows", written.size(), found.size());
  std::map<std::string, Json> by_name;
  for (const Row& row : written) by_name.emplace(identity(row), to_json(row));
  for (const Run& one : found)
    compare_members(differences, file + ", " + identity(one.row),
                    by_name.contains(identity(one.row)) ? by_name.at(identity(one.row)) : Json::object(),
                    to_json(one.row));
}

// A folder that is removed again.
class Scratch {
 public:
  Scratch() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "banel-verify-XXXXXX").string();
    ENSURE_AS(!error && ::mkdtemp(pattern.data()), IoError, pattern,
              "this folder cannot be made; set TMPDIR to a folder that can be written to");
    path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  fs::path path;
};

// Tables, figures and page, made again and compared byte by byte; plots that nothing makes are named.
void verify_shown(const fs::path& run, const Study& study, const Results& results, const Registry& registry,
                  Differences& differences) {
  const Scratch scratch;
  write_shown(scratch.path, study, results, registry);
  for (const fs::directory_entry& made : fs::recursive_directory_iterator(scratch.path)) {
    const fs::path shown = run / fs::relative(made.path(), scratch.path);
    if (!made.is_regular_file() || shown.filename() == "rows.json") continue;  // verify_rows() says more
    if (!fs::exists(shown))
      differences.push_back(shown.string() + ": is missing; `banel report` makes it");
    else if (read_file(shown) != read_file(made.path()))
      differences.push_back(shown.string() + ": not what the logs give; `banel report` writes it again");
  }
  if (fs::exists(run / "plots"))
    for (const fs::directory_entry& shown : fs::directory_iterator(run / "plots"))
      if (!fs::exists(scratch.path / "plots" / shown.path().filename()))
        differences.push_back(shown.path().string() + ": no figure of this study");
  const std::optional<RunRecord> record = read_record(run);
  if (record && record->canary)
    compare(differences, (run / "run.json").string() + ", canary", record->canary->hash,
            canary_hash(run / "canary", registry));
}

}  // namespace

Verification verify(const fs::path& run, const Registry& registry, ProgressMode mode) {
  ENSURE_AS(!FolderLock::is_held(run), IoError, run.string(),
            "another process is writing this run; wait for it to end, and verify it then");
  const fs::path rows_file = run / "rows.json";
  ENSURE_AS(!fs::exists(run / "study.toml") || fs::exists(rows_file), IoError, rows_file.string(),
            "is not there yet; finish the study, or write it with `banel report`");
  const std::vector<Row> rows = parse_rows(read_file(rows_file), rows_file.string());
  const Study study = read_study(run.string(), registry);
  Instances instances(run / "instances", study, registry, Access::read, ProgressMode::quiet);
  const std::vector<Job> jobs = jobs_of(run, rows, study, registry, instances);
  std::vector<Differences> differences(jobs.size());
  std::vector<std::int64_t> evaluations(jobs.size());
  Progress progress("verifying", std::ssize(jobs), mode);
  parallel_for(jobs.size(), [&](std::size_t i) {
    evaluations[i] = verify_attack(jobs[i], differences[i]);
    progress.advance();
  });
  Verification found{.attacks = jobs.size(), .evaluations = 0, .differences = {}};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    found.evaluations += evaluations[i];
    found.differences.insert(found.differences.end(), differences[i].begin(), differences[i].end());
  }
  instances.verify_bases([&](const fs::path& file, const Json& written, const Json& again) {
    compare(found.differences, file.string() + ", measured again", written, again);
  });
  const Results results = results_of(run, study, registry, instances);
  verify_rows(run, rows, results.runs, found.differences);
  verify_shown(run, study, results, registry, found.differences);
  return found;
}

}  // namespace banel
