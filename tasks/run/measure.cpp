#include "tasks/run/measure.h"

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "tensor/parallel.h"

namespace banel {

using namespace addition;

Json to_json(const Rate& r) {
  const Interval interval = clopper_pearson(r.k, r.n);
  return {{"k", r.k}, {"n", r.n}, {"rate", r.value()}, {"lo", interval.lo}, {"hi", interval.hi}};
}

Rate rate_from(const Field& json) {
  const std::int64_t n = json["n"].count();
  return {json["k"].integer(0, n), n};
}

Oracle::Judge addition_judge(const GPT& target, const addition::Rules& rules) {
  return [&target, rules](std::span<const Attempt> attempts) {
    std::vector<Verdict> verdicts(attempts.size());
    std::vector<Question> questions;
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      check_stop();
      if (auto question = parse(attempts[i], rules)) {
        questions.push_back(*question);
        numbers.push_back(i);
      }
    }
    const std::vector<std::string> written = answers(target, questions);
    for (std::size_t i = 0; i < questions.size(); ++i)
      verdicts[numbers[i]] = {written[i], written[i] != sum(questions[i])};
    return verdicts;
  };
}

Oracle::Judge remembering(Oracle::Judge judge) {
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

Measurement measure(const Oracle::Judge& judge, const addition::Rules& rules,
                    std::span<const Proposal> attempts) {
  std::unordered_map<Attempt, std::size_t> number;  // of each distinct attempt
  std::vector<Attempt> distinct;
  for (const auto& [x, log_prob] : attempts) {
    check_stop();
    if (number.try_emplace(x, distinct.size()).second) distinct.push_back(x);
  }
  const std::vector<Verdict> verdicts = judge(distinct);
  Measurement m;
  m.distinct.n = m.distinct_success.n = std::ssize(attempts);
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    ++m.distinct.k;
    if (!verdicts[i].reward) continue;
    ++m.distinct_success.k;
    if (m.findings.size() < 5)
      m.findings.push_back({distinct[i], verdicts[i].answer, sum(*parse(distinct[i], rules))});
  }
  for (const auto& [x, log_prob] : attempts) {
    check_stop();
    m.entropy -= log_prob / static_cast<double>(attempts.size());
    const auto question = parse(x, rules);
    const bool success = verdicts[number.at(x)].reward, zero = question && has_leading_zero(*question);
    const bool carry = question && !zero && longest_carry(*question) >= 2;
    m.success.count(success);
    m.valid.count(question.has_value());
    m.leading_zero.count(zero);
    m.success_leading_zero.count(success && zero);
    m.success_carry.count(success && carry);
    m.success_other.count(success && !zero && !carry);
  }
  return m;
}

Measurement measure_samples(const Generator& generator, const Oracle::Judge& judge,
                            const addition::Rules& rules, std::size_t n, Stream random) {
  return measure(judge, rules, generator.sample(n, random));
}

Json to_json(const Measurement& m) {
  Json findings = Json::array();
  for (const Finding& f : m.findings)
    findings.push_back({{"question", f.question}, {"answer", f.answer}, {"truth", f.truth}});
  Json json{{"success", to_json(m.success)},
            {"valid", to_json(m.valid)},
            {"leading_zero", to_json(m.leading_zero)},
            {"distinct", to_json(m.distinct)},
            {"distinct_success", to_json(m.distinct_success)},
            {"success_leading_zero", to_json(m.success_leading_zero)},
            {"success_carry", to_json(m.success_carry)},
            {"success_other", to_json(m.success_other)},
            {"entropy", m.entropy},
            {"findings", findings}};
  if (m.surprise) json["surprise"] = *m.surprise;
  return json;
}

ErrorMap measure_errors(const GPT& target, int digits, std::size_t questions, Stream random) {
  constexpr std::size_t batch = 1 << 16;  // questions at a time: memory stays small
  ErrorMap map;
  for (std::size_t first = 0; first < questions; first += batch) {
    std::vector<Question> asked;
    for (std::size_t i = first; i < std::min(first + batch, questions); ++i) {
      Rng rng = random[i];
      asked.push_back(random_question(digits, rng));
    }
    const std::vector<std::string> written = answers(target, asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Question& q = asked[i];
      const bool wrong = written[i] != sum(q);
      map.all.count(wrong);
      map.by_carry[longest_carry(q)].count(wrong);
      map.by_lengths[{static_cast<int>(q.a.size()), static_cast<int>(q.b.size())}].count(wrong);
    }
  }
  return map;
}

Json to_json(const ErrorMap& map) {
  Json carry = Json::array(), lengths = Json::array();
  for (const auto& [chain, rate] : map.by_carry) {
    carry.push_back(to_json(rate));
    carry.back()["carry_chain"] = chain;
  }
  for (const auto& [digits, rate] : map.by_lengths) {
    lengths.push_back(to_json(rate));
    lengths.back()["lengths"] = std::to_string(digits.first) + "+" + std::to_string(digits.second);
  }
  return {{"error", to_json(map.all)}, {"by_carry_chain", carry}, {"by_lengths", lengths}};
}

}  // namespace banel
