#include "tasks/run/measure.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "tasks/run/registry.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

constexpr std::size_t most_findings = 20;

// The distinct strings of a sample in the order met, and how often each was drawn.
struct Distinct {
  std::vector<Attempt> strings;
  std::vector<std::int64_t> times;
};

Distinct distinct_of(std::span<const Proposal> samples) {
  Distinct distinct;
  std::unordered_map<Attempt, std::size_t> number;
  for (const Proposal& p : samples) {
    check_stop();
    const auto [place, is_new] = number.try_emplace(p.text, distinct.strings.size());
    if (is_new) {
      distinct.strings.push_back(p.text);
      distinct.times.push_back(0);
    }
    ++distinct.times[place->second];
  }
  return distinct;
}

std::vector<bool> valid(const Task& task, std::span<const Attempt> attempts) { return screen_of(task, {})(attempts); }

}  // namespace

Measurement measure(const Task& task, const Judge& judge, std::span<const Proposal> samples) {
  const Distinct distinct = distinct_of(samples);
  const std::vector<Verdict> verdicts = judge(distinct.strings);
  const std::vector<bool> is_valid = valid(task, distinct.strings);
  const std::vector<std::string> modes = task.modes();
  const std::int64_t n = std::ssize(samples);
  Measurement m;
  m.success.n = m.valid.n = m.distinct.n = m.distinct_success.n = n;
  m.distinct.k = std::ssize(distinct.strings);
  for (const std::string& name : modes) m.modes.push_back({name});
  for (std::size_t i = 0; i < distinct.strings.size(); ++i) {
    check_stop();
    const Attempt& x = distinct.strings[i];
    const std::int64_t times = distinct.times[i];
    if (is_valid[i]) m.valid.k += times;
    for (const auto& [name, success] : task.also(x, verdicts[i])) {
      m.also[name].n = n;
      m.also[name].k += success ? times : 0;
    }
    if (verdicts[i].reward != Reward::success) continue;
    ModeCount& mode = m.modes[task.mode(x, verdicts[i])];
    m.success.k += times;
    ++m.distinct_success.k;
    mode.samples += times;
    ++mode.distinct;
    if (m.findings.size() < most_findings)
      m.findings.push_back({x, verdicts[i].answer, task.truth(x), mode.name});
  }
  for (const Proposal& p : samples) m.entropy -= p.log_prob / static_cast<double>(n);
  return m;
}

Measurement measure_paid(const Task& task, std::span<const Evaluation> evaluations) {
  std::vector<Proposal> attempts;
  std::unordered_map<Attempt, Verdict> verdicts;
  for (const Evaluation& e : evaluations) {
    attempts.push_back({e.attempt, 0});
    verdicts[e.attempt] = e.verdict;
  }
  const Judge known = [&](std::span<const Attempt> asked) {
    std::vector<Verdict> result;
    for (const Attempt& x : asked) result.push_back(verdicts.at(x));
    return result;
  };
  return measure(task, known, attempts);
}

Judge memoised(Judge judge) {
  const auto known = std::make_shared<std::unordered_map<Attempt, Verdict>>();
  return [judge = std::move(judge), known](std::span<const Attempt> attempts) {
    std::vector<Attempt> unknown;
    for (const Attempt& x : attempts)
      if (!known->contains(x)) unknown.push_back(x);
    const std::vector<Verdict> said = judge(unknown);
    for (std::size_t i = 0; i < unknown.size(); ++i) known->emplace(unknown[i], said[i]);
    std::vector<Verdict> verdicts;
    for (const Attempt& x : attempts) verdicts.push_back(known->at(x));
    return verdicts;
  };
}

Json to_json(const Finding& f) {
  return {{"attempt", f.attempt}, {"answer", f.answer}, {"truth", f.truth}, {"mode", f.mode}};
}

Finding finding_from(const Field& f) {
  return {f["attempt"].text(), f["answer"].text(), f["truth"].text(), f["mode"].text()};
}

Json to_json(const Measurement& m) {
  Json modes = Json::object(), also = Json::object(), findings = Json::array();
  for (const ModeCount& mode : m.modes)
    modes[mode.name] = {{"samples", mode.samples}, {"distinct", mode.distinct}};
  for (const auto& [name, rate] : m.also) also[name] = to_json(rate);
  for (const Finding& f : m.findings) findings.push_back(to_json(f));
  Json json{{"success", to_json(m.success)},
            {"valid", to_json(m.valid)},
            {"distinct", to_json(m.distinct)},
            {"distinct_success", to_json(m.distinct_success)},
            {"modes", modes},
            {"entropy", m.entropy},
            {"findings", findings}};
  if (!also.empty()) json["also"] = also;
  if (m.surprise) json["surprise"] = *m.surprise;
  if (m.exact) json["exact"] = {{"value", m.exact->value}, {"standard_error", m.exact->standard_error}};
  return json;
}

Measurement measurement_from(const Field& json) {
  Measurement m;
  m.success = rate_from(json["success"]);
  m.valid = rate_from(json["valid"]);
  m.distinct = rate_from(json["distinct"]);
  m.distinct_success = rate_from(json["distinct_success"]);
  for (const auto& [name, mode] : json["modes"].members())
    m.modes.push_back(
        {name, mode["samples"].integer(0, m.success.k), mode["distinct"].integer(0, m.distinct_success.k)});
  m.entropy = json["entropy"].number();
  for (const Field& f : json["findings"].items()) m.findings.push_back(finding_from(f));
  if (json.has("also"))
    for (const auto& [name, rate] : json["also"].members()) m.also[name] = rate_from(rate);
  if (json.has("surprise")) m.surprise = json["surprise"].number();
  if (json.has("exact"))
    m.exact = {json["exact"]["value"].number(), json["exact"]["standard_error"].number()};
  return m;
}

}  // namespace banel
