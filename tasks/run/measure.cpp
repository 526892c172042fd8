#include "tasks/run/measure.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>

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

std::vector<bool> valid(const Task& task, std::span<const Attempt> attempts) {
  return screen_of(task, {})(attempts);
}

// Counts judged strings. One may be added several times, with verdicts that differ.
class Counter {
 public:
  Counter(const Task& task, std::int64_t n) : task_(task) {
    m_.success.n = m_.valid.n = m_.distinct.n = m_.distinct_success.n = n;
    for (const std::string& name : task.modes()) m_.modes.push_back({name});
  }

  void add(const Attempt& x, const Verdict& verdict, bool is_valid, std::int64_t times) {
    check_stop();
    m_.distinct.k += seen_.insert(x).second;
    m_.valid.k += is_valid ? times : 0;
    for (const auto& [name, success] : task_.also(x, verdict)) {
      m_.also[name].n = m_.success.n;
      m_.also[name].k += success ? times : 0;
    }
    if (verdict.reward != Reward::success) return;
    ModeCount& mode = m_.modes[task_.mode(x, verdict)];
    m_.success.k += times;
    mode.samples += times;
    if (!succeeded_.insert(x).second) return;
    ++m_.distinct_success.k;
    ++mode.distinct;
    if (m_.findings.size() < most_findings)
      m_.findings.push_back({x, verdict.answer, task_.truth(x), mode.name});
  }

  Measurement measurement() && { return std::move(m_); }

 private:
  const Task& task_;
  Measurement m_;
  std::unordered_set<Attempt> seen_, succeeded_;
};

}  // namespace

Measurement measure(const Task& task, const Judge& judge, std::span<const Proposal> samples) {
  const Distinct distinct = distinct_of(samples);
  const std::vector<Verdict> verdicts = judge(distinct.strings);
  Counter counter(task, std::ssize(samples));
  const std::vector<bool> is_valid = valid(task, distinct.strings);
  for (std::size_t i = 0; i < distinct.strings.size(); ++i)
    counter.add(distinct.strings[i], verdicts[i], is_valid[i], distinct.times[i]);
  Measurement m = std::move(counter).measurement();
  for (const Proposal& p : samples) m.entropy -= p.log_prob / static_cast<double>(m.success.n);
  return m;
}

Measurement measure_paid(const Task& task, std::span<const Evaluation> paid) {
  std::vector<Attempt> attempts;
  for (const Evaluation& e : paid) attempts.push_back(e.attempt);
  const std::vector<bool> is_valid = valid(task, attempts);
  Counter counter(task, std::ssize(paid));
  for (std::size_t i = 0; i < paid.size(); ++i) counter.add(attempts[i], paid[i].verdict, is_valid[i], 1);
  return std::move(counter).measurement();
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
  return {{"attempt", json_of_bytes(f.attempt)},
          {"answer", json_of_bytes(f.answer)},
          {"truth", json_of_bytes(f.truth)},
          {"mode", f.mode}};
}

Finding finding_from(const Field& f) {
  return {bytes_from(f["attempt"]), bytes_from(f["answer"]), bytes_from(f["truth"]), f["mode"].text()};
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
  if (also.size()) json["also"] = also;
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
