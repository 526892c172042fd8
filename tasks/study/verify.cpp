#include "tasks/study/verify.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "banel/posterior.h"
#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tasks/run/attack_state.h"
#include "tasks/report/report.h"
#include "tasks/study/reproduce.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

using Differences = std::vector<std::string>;

Json last_line(const fs::path& path) {
  const std::string text = read_file(path);
  return parse_json(std::string_view(text).substr(text.rfind('\n', text.size() - 2) + 1), path.string());
}

void compare(Differences& differences, const std::string& what, const Json& written, const Json& found) {
  if (written != found)
    differences.push_back(what + ": the file says " + written.dump() + ", found " + found.dump());
}

// The target's verdicts on the ledger, and the log's counts against it.
void verify_ledger(const fs::path& folder, const std::vector<Evaluation>& ledger, const AttackResult& result,
                   const Oracle::Judge& judge, Differences& differences) {
  const std::string name = (folder / "ledger.jsonl").string();
  compare(differences, name + ", evaluations", ledger.size(), result.rounds.back().nre);
  std::vector<Attempt> attempts;
  for (const Evaluation& paid : ledger) attempts.push_back(paid.attempt);
  const std::vector<Verdict> again = judge(attempts);
  for (std::size_t i = 0; i < ledger.size(); ++i)
    if (ledger[i].verdict.answer != again[i].answer || ledger[i].verdict.reward != again[i].reward)
      compare(differences, name + ", evaluation " + std::to_string(i + 1) + " (" + attempts[i] + ")",
              ledger[i].verdict.answer, again[i].answer);
  std::size_t next = 0;
  for (std::size_t k = 0; k < result.rounds.size(); ++k) {
    const RoundRecord& round = result.rounds[k];
    std::int64_t positives = 0;
    for (std::int64_t i = 0; i < round.submitted && next < ledger.size(); ++i, ++next)
      positives += ledger[next].verdict.reward;
    const std::string where = (folder / "metrics.jsonl").string() + ", round " + std::to_string(k + 1);
    compare(differences, where + ", positives", round.positives, positives);
    compare(differences, where + ", nre", round.nre, next);
  }
}

// One finished attack: its log against its ledger, its last attacker against its log.
AttackResult verify_attack(const fs::path& folder, const Networks& networks, Differences& differences) {
  AttackResult result = read_attack(folder);
  const fs::path file = folder / "config.json";
  const Json text = read_json(file);
  const Field config(text, file.string());
  Method m = method(config["method"].text());
  m.temperature = config["temperature"].number();
  compare(differences, file.string() + ", target", config["target"].value(), fingerprint(networks.target));
  compare(differences, file.string() + ", attacker", config["attacker"].value(),
          fingerprint(networks.attacker));
  const Oracle::Judge judge = addition_judge(networks.target, networks.rules);
  const auto seed = static_cast<std::uint64_t>(config["seed"].count());
  SavedAttack saved = load_attack(folder, m, Start{networks.attacker, seed, std::make_shared<Cost>()});
  ENSURE_AS(saved.progress.finished && saved.progress.rounds == result.rounds.size(), InputError,
            folder.string(), "this attack is not finished; run the same command again first");
  const std::vector<Evaluation> ledger =
      read_ledger(folder / "ledger.jsonl", saved.progress.ledger).evaluations;
  verify_ledger(folder, ledger, result, judge_of(m, networks.target, networks.rules), differences);
  std::unordered_set<Attempt> tried;
  for (const Evaluation& paid : ledger) tried.insert(paid.attempt);
  const State state{std::move(saved.theta), std::move(saved.regions), saved.progress.rounds, {}};
  const Measurement again = measure_attacker(
      state, m, networks.attacker, [&](const Attempt& x) { return !tried.contains(x); }, judge,
      networks.rules, static_cast<std::size_t>(config["measured_samples"].count(1)), seed);
  compare(differences, (folder / "metrics.jsonl").string() + ", last attacker measured again",
          last_line(folder / "metrics.jsonl").at("measured"), to_json(again));
  return result;
}

void verify_table(const fs::path& run, const Table& table, const Json& written, Differences& differences) {
  const Json rows = to_json(table);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const auto& [key, value] : rows[i].items())
      compare(differences,
              (run / "table.json").string() + ", " + rows[i].at("method").get<std::string>() + ", " + key,
              written.at(i).value(key, Json(nullptr)), value);
  if (read_file(run / "table.csv") != to_csv(table))
    differences.push_back((run / "table.csv").string() + ": not what the logs give");
  if (read_file(run / "table.md").find(main_table(table)) == std::string::npos)
    differences.push_back((run / "table.md").string() + ": its table is not what the logs give");
}

}  // namespace

Verification verify(const fs::path& run, ProgressMode mode) {
  const fs::path table_json = run / "table.json", attacker_json = run / "pretrained" / "attacker.json";
  const Json written = parse_rows(read_file(table_json), table_json.string());
  const Networks networks = load_networks(run / "pretrained");
  struct Claim {
    std::size_t row;
    fs::path folder;
    AttackResult result;
    Differences differences;
  };
  std::vector<Claim> claims;
  const std::vector<Field> rows = Field(written, table_json.string()).items();
  for (std::size_t row = 1; row < rows.size(); ++row)  // the first is the pre-trained attacker
    for (const Field& seed : rows[row]["seeds"].items())
      claims.push_back(
          {row,
           attack_folder(run, rows[row]["method"].text(), static_cast<int>(seed.integer(1, 1000))),
           {},
           {}});
  Progress progress("verifying", static_cast<std::int64_t>(claims.size()), mode);
  parallel_for(claims.size(), [&](std::size_t i) {
    claims[i].result = verify_attack(claims[i].folder, networks, claims[i].differences);
    progress.advance();
  });

  Verification found{.attacks = claims.size(), .evaluations = 0, .differences = {}};
  std::vector<std::vector<AttackResult>> results(rows.size());
  for (const Claim& claim : claims) {
    results[claim.row].push_back(claim.result);
    found.evaluations += claim.result.rounds.back().nre;
    found.differences.insert(found.differences.end(), claim.differences.begin(), claim.differences.end());
  }
  Table table{.title = {},
              .note = {},
              .quick = is_quick(written),
              .base = parse_base_rate(read_file(attacker_json), attacker_json.string()),
              .rows = {}};
  for (std::size_t row = 1; row < rows.size(); ++row)
    table.rows.push_back(method_row(method(rows[row]["method"].text()), results[row]));
  verify_table(run, table, written, found.differences);
  return found;
}

}  // namespace banel
