#include "tasks/cli/commands/finds.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <span>

#include "nn/io/file.h"
#include "tasks/base/stats.h"
#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tasks/cli/commands/instance.h"
#include "tasks/report/row.h"
#include "tasks/run/attack.h"
#include "tasks/run/checkpoint.h"
#include "tasks/study/halving.h"
#include "tasks/study/record.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

// Of a run, the attack that ended highest.
fs::path best_attack(const fs::path& run, const Registry& all) {
  const fs::path file = run / "rows.json";
  const std::vector<Row> rows = read_rows(run);
  ENSURE_AS(!rows.empty(), InputError, file.string(), "has no row; finish an attack first");
  const Row& best = *std::ranges::max_element(
      rows, {}, [](const Row& row) { return std::pair(row.ended.empty(), row.final); });
  const Study study = read_run(run, all);
  fs::path folder;
  for_each_attack(run, study, all, [&](const Study& stage, const PlannedAttack& a) {
    if (stage.panels[a.panel].name == best.panel && stage.variants[a.variant].name == best.variant &&
        a.instance == best.instance && a.seed == best.seed)
      folder = run / attack_folder(stage, a);
  });
  ENSURE_AS(
      !folder.empty(), InputError, file.string(),
      "has rows that are not of " << (run / "study.toml").string() << "; make it again with `banel report`");
  return folder;
}

std::string rule_of(const std::vector<Rule>& rules, const Attempt& attempt) {
  const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return rule.covers(attempt); });
  return found == rules.end() ? "" : found->name;
}

std::string told(const Finding& f) {
  std::string text = escaped(f.attempt);
  if (!f.answer.empty()) text += " gets the answer " + escaped(f.answer);
  if (!f.truth.empty()) text += (f.answer.empty() ? " where " : "; ") + ("right is " + escaped(f.truth));
  return text;
}

void add_paid(AttackFinds& found, const std::vector<Evaluation>& paid) {
  std::map<std::string, int> times;
  for (std::size_t i = 0; i < paid.size() && !found.first; ++i)
    if (paid[i].verdict.reward == Reward::success) {
      found.first = static_cast<std::int64_t>(i) + 1;
      found.first_find = paid[i];
    } else if (!paid[i].verdict.answer.empty()) {
      ++times[paid[i].verdict.answer];
    }
  found.failed_answers.assign(times.begin(), times.end());
  std::erase_if(found.failed_answers, [](const auto& answer) { return answer.second < 2; });
  std::ranges::stable_sort(found.failed_answers, std::greater(),
                           [](const auto& answer) { return answer.second; });
}

}  // namespace

std::string attack_title(const std::string& task, const std::string& method, std::uint64_t seed) {
  return task + ", " + method + ", seed " + std::to_string(seed);
}

AttackRecord attack_record(const fs::path& folder, const Registry& all) {
  ENSURE_AS(fs::exists(folder), IoError, folder.string(),
            "there is no such folder; name a run or an attack, or ask target, attacker or rules");
  const bool is_run = fs::exists(folder / "study.toml") || fs::exists(folder / "rows.json");
  const fs::path attack = is_run ? best_attack(folder, all) : folder;
  Instance instance = find_instance(attack, all);
  const fs::path file = attack / "config.json";
  const Json config = read_json(file);
  const Field field(config, file.string());
  const std::string method = field["method"].text();
  const auto seed = static_cast<std::uint64_t>(field["seed"].count());
  return {attack, std::move(instance), attack_title(field["task"].text(), method, seed), method,
          field["settings"]["budget"].count(1)};
}

AttackFinds find_attack(const fs::path& folder, const Registry& all) {
  const AttackRecord record = attack_record(folder, all);
  AttackFinds found;
  found.title = record.title;
  const std::vector<RoundRecord> readings = read_attack(record.folder).readings();
  ENSURE_AS(!readings.empty(), InputError, record.folder.string(),
            (is_finished(record.folder) ? "ended without a round: " + why_no_round(all.method(record.method))
                                        : "no reading yet; finish the attack first"));
  found.success = readings.back().measured->value();
  found.findings = readings.back().measured->findings;
  const std::vector<Rule> rules = record.instance.task->rules();
  for (const Finding& f : found.findings) found.rules.push_back(rule_of(rules, f.attempt));
  add_paid(found, read_ledger(record.folder / "ledger.jsonl").evaluations);
  return found;
}

std::string in_words(const AttackFinds& found, std::size_t most) {
  std::string text = found.title + ": success rate " + formatted("%.4g", found.success) + " at the end\n";
  if (found.findings.empty()) text += "  no success among the last attacker's samples\n";
  for (std::size_t i = 0; i < std::min(most, found.findings.size()); ++i) {
    text += "  " + told(found.findings[i]) + "   (" + found.findings[i].mode;
    text += (found.rules[i].empty() ? "" : "; rule: " + found.rules[i]) + ")\n";
  }
  if (found.first)
    text += "  first reward: evaluation " + grouped(*found.first) + ", " + escaped(found.first_find.attempt) +
            '\n';
  const std::size_t shown = std::min(most, found.failed_answers.size());
  if (shown)
    text +=
        "  answers that failed most often before: " +
        listed(std::span(found.failed_answers).first(shown),
               [](const auto& a) { return escaped(a.first) + " (" + std::to_string(a.second) + " times)"; }) +
        '\n';
  return text;
}

Json to_json(const AttackFinds& found) {
  Json finds = Json::array();
  for (std::size_t i = 0; i < found.findings.size(); ++i) {
    Json find = to_json(found.findings[i]);
    find["rule"] = found.rules[i];
    finds.push_back(std::move(find));
  }
  Json failed = Json::array();
  for (const auto& [answer, times] : found.failed_answers)
    failed.push_back({{"answer", json_of_bytes(answer)}, {"times", times}});
  Json first;
  if (found.first)
    first = {{"evaluation", *found.first}, {"attempt", json_of_bytes(found.first_find.attempt)}};
  return {{"title", found.title},
          {"success", found.success},
          {"finds", finds},
          {"first_reward", first},
          {"failed_answers", failed}};
}

Writer writer_of(const fs::path& folder, const Task& task, const Registry& all) {
  if (!fs::exists(folder / "ledger.jsonl"))
    return [&task](std::size_t n, Stream random) { return task.prior().sample(n, random); };
  const fs::path file = folder / ("attacker." + std::string(task.prior().format()));
  ENSURE_AS(fs::exists(file), InputError, file.string(), "is missing: the attack is not finished");
  const Json json = read_json(folder / "config.json");
  const Field config(json, (folder / "config.json").string());
  Values values;
  for (const auto& [key, value] : config["settings"].members()) values.emplace(key, value_from(value));
  const Method method = adapted(all.method(config["method"].text()), task, values);
  const auto seed = static_cast<std::uint64_t>(config["seed"].count());
  const auto state = std::make_shared<State>(saved_state(folder, task, method, seed));
  const auto paid =
      std::make_shared<std::vector<Evaluation>>(read_ledger(folder / "ledger.jsonl").evaluations);
  return [&task, method, state, paid](std::size_t n, Stream random) {
    return written(task, method, *state, unseen(task, method, [&] { return std::span(*paid); }), n, random);
  };
}

namespace {

// `attempts` fresh attempts of a rule, judged.
RuleRow tried(const Task& task, const Judge& judge, const Rule& rule, std::size_t attempts, Stream random,
              std::size_t first) {
  constexpr std::size_t most_examples = 3, piece = 1 << 16;  // judged at a time: memory stays small
  RuleRow row{rule.name, {}, {}, {}};
  std::set<Attempt> shown;
  for (std::size_t done = 0; done < attempts; done += piece) {
    check_stop();
    std::vector<Attempt> asked;
    for (std::size_t i = done; i < std::min(done + piece, attempts); ++i) {
      Rng rng = random[first + i];
      asked.push_back(rule.make(rng));
    }
    const std::vector<Verdict> verdicts = judge(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const bool success = verdicts[i].reward == Reward::success;
      row.success.count(success);
      if (success && row.examples.size() < most_examples && shown.insert(asked[i]).second)
        row.examples.push_back({asked[i], verdicts[i].answer, task.truth(asked[i]), ""});
    }
  }
  return row;
}

}  // namespace

std::vector<RuleRow> try_rules(const Task& task, std::size_t attempts, std::uint64_t seed,
                               const Writer& writer) {
  const Judge judge = task.judge();
  const std::vector<Rule> rules = task.rules();
  ENSURE(!rules.empty(), "rules", task.title() << " has no rules written by hand");
  std::vector<RuleRow> rows;
  for (const Rule& rule : rules)
    rows.push_back(tried(task, judge, rule, attempts, {seed, "rules"}, rows.size() * attempts));
  if (!writer) return rows;
  const std::vector<Attempt> own = texts(writer(attempts, {seed, "rules attacker"}));
  const std::vector<Verdict> verdicts = judge(own);
  for (std::size_t i = 0; i < own.size(); ++i)
    if (verdicts[i].reward == Reward::success)
      for (std::size_t r = 0; r < rules.size(); ++r) rows[r].covered.count(rules[r].covers(own[i]));
  return rows;
}

std::string in_words(const std::string& title, const std::vector<RuleRow>& rows) {
  std::size_t width = 0;
  for (const RuleRow& row : rows) width = std::max(width, row.rule.size());
  std::string text = title + ": success of rules written by hand, with 95 % intervals\n";
  for (const RuleRow& row : rows) {
    const Interval interval = clopper_pearson(row.success.k, row.success.n);
    text += "  " + row.rule + std::string(width - row.rule.size() + 2, ' ') + fixed(row.success.value(), 4) +
            " (" + fixed(interval.lo, 4) + "-" + fixed(interval.hi, 4) + ")";
    if (!row.examples.empty()) text += "  " + told(row.examples[0]);
    text += '\n';
  }
  return text;
}

Json to_json(const std::vector<RuleRow>& rows) {
  Json json = Json::array();
  for (const RuleRow& row : rows) {
    Json examples = Json::array();
    for (const Finding& f : row.examples) examples.push_back(to_json(f));
    json.push_back({{"rule", row.rule},
                    {"success", to_json(row.success)},
                    {"share_of_finds", to_json(row.covered)},
                    {"examples", examples}});
  }
  return json;
}

std::string escaped(const std::string& text) {
  std::string result;
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\')
      result += "\\\\";
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (byte < ' ' || byte == 0x7f || (byte >= 0x80 && !utf8))
      result += formatted("\\x%02x", byte);
    else
      result += c;
  }
  return result;
}

}  // namespace banel
