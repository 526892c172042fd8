#include "tasks/addition/rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tasks/base/text.h"
#include "tensor/check.h"

namespace banel {

using namespace addition;

namespace {

int leading_zeros(const std::string& operand) {
  const auto zeros =
      std::min(operand.find_first_not_of('0'), operand.size() - 1);  // "0" and "00": the last is a digit
  return static_cast<int>(zeros);
}

char digit(Rng& rng) { return static_cast<char>('0' + rng.below(10)); }

// `zeros` zeros and then a number of random length without one in front, `digits` characters at most.
std::string with_zeros(int zeros, int digits, Rng& rng) {
  std::string operand(static_cast<std::size_t>(zeros), '0');
  const auto rest = 1 + rng.below(static_cast<std::uint32_t>(digits - zeros));
  operand += static_cast<char>('1' + rng.below(9));
  while (operand.size() < static_cast<std::size_t>(zeros) + rest) operand += digit(rng);
  return operand;
}

QuestionRule zeros_in_one(int zeros) {
  return {"leading zeros: " + std::to_string(zeros) + " in one operand",
          [zeros](int digits, Rng& rng) {
            const Question plain = random_question(digits, rng);
            const std::string padded = with_zeros(zeros, digits, rng);
            return rng.below(2) ? Question{padded, plain.b} : Question{plain.a, padded};
          },
          [zeros](const Question& q) {
            const int a = leading_zeros(q.a), b = leading_zeros(q.b);
            return std::max(a, b) == zeros && std::min(a, b) == 0;
          }};
}

QuestionRule zeros_in_both() {
  return {"leading zeros: in both operands",
          [](int digits, Rng& rng) {
            const auto padded = [&] {
              return with_zeros(1 + static_cast<int>(rng.below(static_cast<std::uint32_t>(digits - 1))),
                                digits, rng);
            };
            const std::string a = padded();
            return Question{a, padded()};
          },
          [](const Question& q) { return leading_zeros(q.a) > 0 && leading_zeros(q.b) > 0; }};
}

// The last column makes a carry, the next `chain` columns sum to 9 and pass it on; above them random digits.
QuestionRule carry_chain(int chain) {
  return {"carry chain: at least " + std::to_string(chain),
          [chain](int digits, Rng& rng) {
            std::string a, b;  // from the last digit
            const auto first = 1 + rng.below(9);
            a += static_cast<char>('0' + first);
            b += static_cast<char>('0' + 10 - first + rng.below(first));
            for (int i = 0; i < chain; ++i) {
              const bool last = i + 1 == chain && chain + 1 == digits;
              const auto x = last ? 1 + rng.below(8) : rng.below(10);  // no leading zero at the full length
              a += static_cast<char>('0' + x);
              b += static_cast<char>('9' - x);
            }
            const auto finish = [&](std::string& s) {
              const auto more = rng.below(static_cast<std::uint32_t>(digits - chain));
              for (std::uint32_t i = 0; i < more; ++i) s += digit(rng);
              while (s.size() > 1 && s.back() == '0') s.pop_back();
              std::reverse(s.begin(), s.end());
            };
            finish(a);
            finish(b);
            return Question{a, b};
          },
          [chain](const Question& q) { return !has_leading_zero(q) && longest_carry(q) >= chain; }};
}

}  // namespace

const std::vector<QuestionRule>& question_rules() {
  static const std::vector<QuestionRule> all{
      {"random question", [](int digits, Rng& rng) { return random_question(digits, rng); },
       [](const Question& q) { return !has_leading_zero(q) && longest_carry(q) < 2; }},
      zeros_in_one(1),
      zeros_in_one(2),
      zeros_in_one(3),
      zeros_in_one(4),
      zeros_in_both(),
      carry_chain(2),
      carry_chain(3),
      carry_chain(4)};
  return all;
}

std::vector<RuleRow> try_rules(const Oracle::Judge& judge, int digits, std::size_t questions, Stream random,
                               std::span<const Proposal> found) {
  ENSURE(digits >= 5, "rules", "a target of " << digits << " digits; the longest rule needs 5");
  const std::vector<Attempt> attempts = texts(found);
  const std::vector<Verdict> verdicts = judge(attempts);
  std::vector<RuleRow> rows;
  for (const QuestionRule& rule : question_rules()) {
    RuleRow row{rule.name, {}, {}, {}, {}};
    std::set<std::pair<std::size_t, std::size_t>> lengths;  // of the attacker's finds of this rule
    for (std::size_t i = 0; i < attempts.size(); ++i)
      if (verdicts[i].reward) {
        const Question q = *parse(attempts[i], {digits});
        const bool covers = rule.covers(q);
        row.covered.count(covers);
        if (covers) lengths.insert({q.a.size(), q.b.size()});
      }
    std::vector<Attempt> asked;
    std::vector<Question> fresh;
    const std::size_t first = rows.size() * questions;
    for (std::size_t i = 0; i < questions; ++i) {
      Rng rng = random[first + i];
      fresh.push_back(rule.make(digits, rng));
      asked.push_back(write(fresh.back()));
    }
    const std::vector<Verdict> answers = judge(asked);
    std::set<Attempt> shown;
    for (std::size_t i = 0; i < questions; ++i) {
      row.success.count(answers[i].reward);
      if (answers[i].reward) row.reached.count(lengths.contains({fresh[i].a.size(), fresh[i].b.size()}));
      if (answers[i].reward && row.examples.size() < 3 && shown.insert(asked[i]).second)
        row.examples.push_back({asked[i], answers[i].answer, sum(fresh[i])});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string to_markdown(std::span<const RuleRow> rows) {
  const bool explained = !rows.empty() && rows[0].covered.n > 0;
  std::string md =
      "| rule | success on fresh questions (95 %) | n | " +
      std::string(explained ? "share of the attacker's finds | of these successes, reached | " : "") +
      "examples: question answer (sum) |\n|---|---|---|" + (explained ? "---|---|" : "") + "---|\n";
  for (const RuleRow& row : rows) {
    const Interval interval = clopper_pearson(row.success.k, row.success.n);
    md += "| " + row.rule + " | " + fixed(row.success.value(), 4) + " (" + fixed(interval.lo, 4) + "–" +
          fixed(interval.hi, 4) + ") | " + std::to_string(row.success.n) + " | ";
    if (explained) md += fixed(row.covered.value(), 3) + " | " + fixed(row.reached.value(), 3) + " | ";
    for (const Finding& f : row.examples) md += "`" + f.question + f.answer + "` (" + f.truth + ") ";
    md += "|\n";
  }
  return md;
}

Json to_json(std::span<const RuleRow> rows) {
  Json json = Json::array();
  for (const RuleRow& row : rows) {
    Json examples = Json::array();
    for (const Finding& f : row.examples)
      examples.push_back({{"question", f.question}, {"answer", f.answer}, {"truth", f.truth}});
    json.push_back({{"rule", row.rule},
                    {"success", to_json(row.success)},
                    {"share_of_finds", to_json(row.covered)},
                    {"share_reached", to_json(row.reached)},
                    {"examples", examples}});
  }
  return json;
}

}  // namespace banel
