#include "tasks/addition/rules.h"

#include <algorithm>

#include "tasks/addition/question.h"

namespace banel::addition {

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

using Make = std::function<Question(int digits, Rng&)>;
using Covers = std::function<bool(const Question&)>;

Rule rule(std::string name, int digits, Make make, Covers covers) {
  return {std::move(name), [digits, make](Rng& rng) { return write(make(digits, rng)); },
          [digits, covers](const Attempt& x) {
            const auto question = parse(x, {digits});
            return question && covers(*question);
          }};
}

Rule zeros_in_one(int zeros, int digits) {
  return rule(
      "leading zeros: " + std::to_string(zeros) + " in one operand", digits,
      [zeros](int longest, Rng& rng) {
        const Question plain = random_question(longest, rng);
        const std::string padded = with_zeros(zeros, longest, rng);
        return rng.below(2) ? Question{padded, plain.b} : Question{plain.a, padded};
      },
      [zeros](const Question& q) {
        const int a = leading_zeros(q.a), b = leading_zeros(q.b);
        return std::max(a, b) == zeros && std::min(a, b) == 0;
      });
}

Rule zeros_in_both(int digits) {
  return rule(
      "leading zeros: in both operands", digits,
      [](int longest, Rng& rng) {
        const auto padded = [&] {
          return with_zeros(1 + static_cast<int>(rng.below(static_cast<std::uint32_t>(longest - 1))), longest,
                            rng);
        };
        const std::string a = padded();
        return Question{a, padded()};
      },
      [](const Question& q) { return leading_zeros(q.a) > 0 && leading_zeros(q.b) > 0; });
}

// The last column makes a carry, the next `chain` columns sum to 9 and pass it on; above them random digits.
Question make_carry_chain(int chain, int digits, Rng& rng) {
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
  return {a, b};
}

Rule carry_chain(int chain, int digits) {
  return rule(
      "carry chain: at least " + std::to_string(chain), digits,
      [chain](int longest, Rng& rng) { return make_carry_chain(chain, longest, rng); },
      [chain](const Question& q) { return !has_leading_zero(q) && longest_carry(q) >= chain; });
}

}  // namespace

std::vector<Rule> question_rules(int digits) {
  std::vector<Rule> rules{rule(
      "random question", digits, [](int longest, Rng& rng) { return random_question(longest, rng); },
      [](const Question& q) { return !has_leading_zero(q) && longest_carry(q) < 2; })};
  for (int zeros = 1; zeros < digits; ++zeros) rules.push_back(zeros_in_one(zeros, digits));
  if (digits > 1) rules.push_back(zeros_in_both(digits));
  for (int chain = 2; chain < digits; ++chain) rules.push_back(carry_chain(chain, digits));
  return rules;
}

}  // namespace banel::addition
