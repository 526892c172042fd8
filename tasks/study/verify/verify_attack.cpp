#include "tasks/study/verify/verify_attack.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/run/checkpoint.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// The log as the rounds give it, its counts against the ledger.
void verify_log(const fs::path& metrics, const std::vector<Evaluation>& ledger,
                const std::vector<RoundRecord>& rounds, Differences& differences) {
  std::size_t next = 0;
  std::string text;
  for (const RoundRecord& round : rounds) {
    std::int64_t positives = 0;
    for (std::int64_t i = 0; i < round.submitted && next < ledger.size(); ++i, ++next)
      positives += ledger[next].verdict.reward == Reward::success;
    const std::string where = metrics.string() + ", round " + std::to_string(round.number);
    compare(differences, where + ", positives", round.positives, positives);
    compare(differences, where + ", nre", round.nre, next);
    text += to_json(round).dump() + '\n';
  }
  compare_text(differences, metrics, text);  // rates and intervals from their counts, nothing besides
}

// The judge's verdicts on the ledger.
void verify_verdicts(const fs::path& file, const std::vector<Evaluation>& ledger, const Judge& judge,
                     Differences& differences) {
  std::vector<Attempt> attempts;
  for (const Evaluation& paid : ledger) attempts.push_back(paid.attempt);
  const std::vector<Verdict> again = judge(attempts);
  const auto shown = [](const Verdict& v) { return Json{v.answer, static_cast<int>(v.reward), v.kind}; };
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

// What the checkpoint of a finished attack says; it may be believed only in its regions.
AttackProgress progress_of(const fs::path& metrics, const std::vector<Evaluation>& ledger,
                           const std::vector<RoundRecord>& rounds, const AttackProgress& saved) {
  AttackProgress p{.rounds = rounds.size(), .metrics_bytes = fs::file_size(metrics), .finished = true};
  if (!ledger.empty()) p.ledger = {std::ssize(ledger), ledger.back().hash};
  p.regions = saved.regions;
  return p;
}

std::set<fs::path> files_of(const Job& job, std::size_t regions) {
  std::set<fs::path> files;
  for (const char* name : {"config.json", "ledger.jsonl", "metrics.jsonl", "timing.jsonl", "checkpoint"})
    files.insert(job.folder / name);
  const std::string format(job.task->prior().format());
  files.insert(job.folder / ("attacker." + format));
  for (std::size_t k = 1; k <= regions; ++k)
    files.insert(job.folder / ("phi" + std::to_string(k) + '.' + format));
  return files;
}

// Its attacker is handed over. Drawing the pool of a method, to which the attacker belongs, asks a network;
// without the pool the files are read and only that.
State last_state(const Job& job, bool with_pool) {
  Method method = job.method;
  if (!with_pool) method.pool = 0;
  return saved_state(job.folder, *job.task, method, job.settings.seed);
}

// The line of a text that holds its byte `at`, for a message.
std::string line_with(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const std::size_t line = at ? text.rfind('\n', at - 1) + 1 : 0;
  return in_quotes(text.substr(line, text.find('\n', at) - line), at - line);
}

}  // namespace

void compare(Differences& differences, const std::string& what, const Json& written, const Json& found) {
  if (written != found)
    differences.push_back(what + ": the file says " + written.dump() + ", found " + found.dump());
}

void compare_members(Differences& differences, const std::string& what, const Json& written,
                     const Json& found) {
  if (!written.is_object() || !found.is_object()) return compare(differences, what, written, found);
  for (const auto& [key, value] : found.members()) {
    const Json* const said = written.find(key);
    compare_members(differences, what + ", " + key, said ? *said : Json(nullptr), value);
  }
  for (const auto& [key, value] : written.members())
    if (!found.contains(key)) compare(differences, what + ", " + key, value, nullptr);
}

void compare_text(Differences& differences, const fs::path& file, std::string_view found) {
  if (!fs::exists(file)) return differences.push_back(file.string() + ": is missing");
  const std::string written = read_file(file);
  if (written == found) return;
  const auto start = std::ranges::mismatch(written, found).in1;
  const auto at = static_cast<std::size_t>(start - written.begin());
  const auto line = 1 + std::count(written.begin(), start, '\n');
  const std::string says = line_with(written, at), now = line_with(found, at);
  const bool can_be_shown = written.find('\0') == written.npos && says != now;
  differences.push_back(file.string() + (can_be_shown ? ", line " + std::to_string(line) +
                                                            ": the file says " + says + ", found " + now
                                                      : ": differs from byte " + std::to_string(at + 1)));
}

VerifiedAttack verify_attack(const Job& job, const Checks& checks, Differences& differences) {
  const fs::path metrics = job.folder / "metrics.jsonl", ledger_file = job.folder / "ledger.jsonl",
                 config = job.folder / "config.json";
  compare_members(differences, config.string(), read_json(config),
                  attack_config(*job.task, job.method, job.settings));
  const AttackResult result = read_attack(job.folder);
  const std::string timing = read_file(job.folder / "timing.jsonl");
  compare(differences, (job.folder / "timing.jsonl").string() + ", rounds",
          std::count(timing.begin(), timing.end(), '\n'), result.rounds.size());
  const AttackProgress saved = read_progress(job.folder);
  const Ledger kept = read_ledger(ledger_file, saved.ledger);
  const std::vector<Evaluation>& ledger = kept.evaluations;
  compare(differences, ledger_file.string() + ", bytes", fs::file_size(ledger_file), kept.bytes);
  if (std::ssize(ledger) > job.method.settings.budget)
    compare(differences, ledger_file.string() + ", evaluations", ledger.size(), job.method.settings.budget);
  verify_log(metrics, ledger, result.rounds, differences);
  compare_members(differences, (job.folder / "checkpoint").string(), to_json(saved),
                  to_json(progress_of(metrics, ledger, result.rounds, saved)));
  const bool repeatable = job.task->repeatable();
  if (repeatable && checks.answers)
    verify_verdicts(ledger_file, ledger, judge_of(*job.task, job.method), differences);
  VerifiedAttack verified{std::ssize(ledger), files_of(job, saved.regions.size())};
  const std::size_t before = differences.size();
  for (const fs::path& file : verified.files)
    if (!fs::exists(file)) differences.push_back(file.string() + ": is missing");
  if (differences.size() > before) return verified;
  State state;
  try {
    state = last_state(job, checks.samples);
  } catch (const InputError& error) {  // a model's file; the differences found so far tell why
    differences.emplace_back(error.what());
    return verified;
  }
  if (!result.rounds.empty() && (job.settings.samples == 0 || (repeatable && checks.samples))) {
    const std::optional<Measurement>& written = result.rounds.back().measured;
    compare_members(differences, metrics.string() + ", last attacker measured again",
                    written ? to_json(*written) : Json(nullptr),
                    to_json(last_reading(job, state, ledger, result)));
  }
  return verified;
}

}  // namespace banel
