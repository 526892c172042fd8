#include "tasks/addition/question.h"

#include <algorithm>

#include "nn/sample.h"
#include "tensor/check.h"

namespace banel::addition {

namespace {
bool is_operand(std::string_view s, int digits) {
  return !s.empty() && static_cast<int>(s.size()) <= digits && s.find_first_not_of("0123456789") == s.npos;
}
}  // namespace

const Alphabet& alphabet() {
  static const Alphabet characters("0123456789+=\n");
  return characters;
}

const Language& language() {
  static const Language questions{alphabet(), "\n", '='};
  return questions;
}

std::string write(const Question& q) { return q.a + '+' + q.b + '='; }

std::optional<Question> parse(std::string_view text, const Syntax& syntax) {
  const auto plus = text.find('+');
  if (plus == text.npos || text.back() != '=') return std::nullopt;
  const auto a = text.substr(0, plus), b = text.substr(plus + 1, text.size() - plus - 2);
  if (!is_operand(a, syntax.digits) || !is_operand(b, syntax.digits)) return std::nullopt;
  const Question question{std::string(a), std::string(b)};
  if (!syntax.leading_zeros && has_leading_zero(question)) return std::nullopt;
  return question;
}

bool has_leading_zero(const Question& q) {
  const auto leading = [](const std::string& s) { return s.size() > 1 && s[0] == '0'; };
  return leading(q.a) || leading(q.b);
}

std::string sum(const Question& q) { return std::to_string(std::stoull(q.a) + std::stoull(q.b)); }

int longest_carry(const Question& q) {
  int longest = 0, run = 0;
  bool carry = false;
  for (std::size_t i = 0; i < std::max(q.a.size(), q.b.size()); ++i) {  // from the last digit
    const auto digit = [i](const std::string& s) { return i < s.size() ? s[s.size() - 1 - i] - '0' : 0; };
    const int column = digit(q.a) + digit(q.b);
    run = carry && column == 9 ? run + 1 : 0;
    carry = column > 9 || (carry && column == 9);
    longest = std::max(longest, run);
  }
  return longest;
}

bool is_wrong(std::string_view answer, const Question& q, Judged judged) {
  if (judged == Judged::as_number) {
    if (answer.empty() || answer.find_first_not_of("0123456789") != answer.npos) return true;
    answer.remove_prefix(std::min(answer.find_first_not_of('0'), answer.size() - 1));
  }
  return answer != sum(q);
}

Question random_question(int digits, Rng& rng, const Preference& preference) {
  ENSURE(digits >= 1 && digits <= max_digits, "digits", digits << " is outside 1.." << max_digits);
  ENSURE(preference.length_draws >= 1, "length draws", preference.length_draws << " must be at least 1");
  ENSURE(preference.nines >= 0 && preference.nines <= 1, "nines", preference.nines << " is outside 0..1");
  const auto operand = [&](std::uint32_t length) {
    std::string s;
    for (std::uint32_t i = 0; i < length; ++i)
      s += static_cast<char>('0' + (i == 0 && length > 1 ? 1 + rng.below(9) : rng.below(10)));
    return s;
  };
  const auto length = [&] {
    std::uint32_t longest = 0;
    for (int i = 0; i < preference.length_draws; ++i)
      longest = std::max(longest, 1 + rng.below(static_cast<std::uint32_t>(digits)));
    return longest;
  };
  const std::uint32_t first = length(), second = length();
  Question q{operand(first), {}};
  q.b = operand(second);
  for (std::size_t i = 1; preference.nines > 0 && i <= std::min(first, second); ++i) {
    const char digit = static_cast<char>('0' + '9' - q.a[first - i]);
    const bool leading_zero = digit == '0' && i == second && second > 1;
    if (rng.uniform() < preference.nines && !leading_zero) q.b[second - i] = digit;
  }
  return q;
}

Example target_example(const Question& q) {
  const std::string question = write(q);
  return {.tokens = alphabet().encode(question + sum(q) + '\n'),
          .loss_from = static_cast<int>(question.size()),
          .weight = 1};
}

GPTConfig target_config(int digits, int d_model, int layers, int heads) {
  return {alphabet().size(), 3 * digits + 3, d_model, layers,
          heads};  // a question and all of its answer but the newline
}

std::vector<std::string> answers(const GPT& target, const std::vector<Question>& questions) {
  std::vector<Sequence> prompts;
  for (const Question& q : questions) prompts.push_back(alphabet().encode(write(q)));
  std::vector<std::string> result;
  for (const Sequence& tokens : greedy(target, prompts, alphabet().id('\n'))) {
    result.push_back(alphabet().decode(tokens));
    if (!result.back().empty() && result.back().back() == '\n') result.back().pop_back();
  }
  return result;
}

}  // namespace banel::addition
