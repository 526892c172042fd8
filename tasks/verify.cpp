#include "tasks/verify.h"

#include <atomic>
#include <nlohmann/json.hpp>

#include "banel/posterior.h"
#include "nn/checkpoint.h"
#include "nn/file.h"
#include "tasks/attack_state.h"
#include "tasks/reproduce.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

using Differences = std::vector<std::string>;

Json read_json(const fs::path& path) {
  Json json = Json::parse(read_file(path), nullptr, false);
  ENSURE_AS(!json.is_discarded(), InputError, path.string(), "is not JSON");
  return json;
}

Json last_line(const fs::path& path) {
  const std::string text = read_file(path);
  return Json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
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
AttackResult verify_attack(const fs::path& folder, const Json& config, const Networks& networks,
                           Differences& differences) {
  const AttackResult result = read_attack(folder);
  Method m = method(config.at("method").get<std::string>());
  m.temperature = config.at("temperature").get<double>();
  compare(differences, (folder / "config.json").string() + ", target", config.at("target"),
          fingerprint(networks.target));
  compare(differences, (folder / "config.json").string() + ", attacker", config.at("attacker"),
          fingerprint(networks.attacker));
  const Oracle::Judge judge = addition_judge(networks.target, networks.rules);
  const auto seed = config.at("seed").get<std::uint64_t>();
  SavedAttack saved =
      load_attack(folder, m, Start{networks.attacker, seed, std::make_shared<Cost>()});
  ENSURE_AS(saved.finished && saved.rounds == result.rounds.size(), InputError, folder.string(),
            "this attack is not finished; run the same command again first");
  const std::vector<Evaluation> ledger = read_ledger(folder / "ledger.jsonl", saved.ledger).evaluations;
  verify_ledger(folder, ledger, result, judge_of(m, networks.target, networks.rules), differences);
  std::unordered_set<Attempt> tried;
  for (const Evaluation& paid : ledger) tried.insert(paid.attempt);
  const State state{std::move(saved.theta), std::move(saved.regions), saved.rounds};
  const Measurement again =
      measure_attacker(state, m, [&](const Attempt& x) { return !tried.contains(x); }, judge, networks.rules,
                       config.at("measured_samples").get<std::size_t>(), seed);
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
  const Json written = read_json(run / "table.json");
  const Json base = read_json(run / "pretrained" / "attacker.json");
  Networks networks = load_networks(run / "pretrained");
  struct Claim {
    fs::path folder;
    Json config;
    AttackResult result;
    Differences differences;
  };
  std::vector<Claim> claims;
  for (std::size_t row = 1; row < written.size(); ++row)  // the first is the pre-trained attacker
    for (const Json& seed : written[row].at("seeds")) {
      const fs::path folder =
          attack_folder(run, written[row].at("method").get<std::string>(), seed.get<int>());
      claims.push_back({folder, read_json(folder / "config.json"), {}, {}});
    }
  Progress progress("verifying", static_cast<std::int64_t>(claims.size()), mode);
  std::atomic<std::int64_t> done = 0;
  parallel_for(claims.size(), [&](std::size_t i) {
    claims[i].result = verify_attack(claims[i].folder, claims[i].config, networks, claims[i].differences);
    progress.update(++done);
  });
  Verification result;
  Table table{.title = {}, .note = {}, .quick = written.at(0).at("quick").get<bool>(),
              .base = rate_from(base.at("base").at("success")), .rows = {}};
  std::size_t next = 0;
  for (std::size_t row = 1; row < written.size(); ++row) {
    std::vector<AttackResult> results;
    for (std::size_t i = 0; i < written[row].at("seeds").size(); ++i, ++next) {
      results.push_back(claims[next].result);
      result.evaluations += claims[next].result.rounds.back().nre;
      result.differences.insert(result.differences.end(), claims[next].differences.begin(), claims[next].differences.end());
    }
    table.rows.push_back(method_row(method(written[row].at("method").get<std::string>()), results));
  }
  result.attacks = claims.size();
  verify_table(run, table, written, result.differences);
  return result;
}

}  // namespace banel
