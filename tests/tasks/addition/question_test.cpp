#include "tasks/addition/question.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "nn/sample.h"
#include "tensor/check.h"

namespace banel::addition {
namespace {

TEST_CASE("the worked example of the header is what the code does") {
  const auto question = parse("58+67=", {5});
  REQUIRE(question);
  CHECK(write(*question) == "58+67=");
  CHECK(sum(*question) == "125");
  const Example target = target_example(*question);
  CHECK(target.tokens == Sequence{5, 8, 10, 6, 7, 11, 1, 2, 5, 12});
  CHECK(target.loss_from == 6);  // the first token of the answer
  CHECK(language().alphabet.encode(language().prompt + "58+67=") == Sequence{12, 5, 8, 10, 6, 7, 11});
  CHECK(language().stop == '=');
  CHECK(alphabet().id('=') == 11);
  CHECK(alphabet().id('\n') == 12);
  const auto padded = parse("058+67=", {5});
  REQUIRE(padded);
  CHECK(sum(*padded) == "125");
  CHECK(has_leading_zero(*padded));
}

TEST_CASE("parse accepts valid questions and keeps their digits") {
  for (const std::string text : {"0+0=", "1+2=", "99999+1=", "00000+00000=", "007+7=", "12345+54321="}) {
    const auto question = parse(text, {5});
    INFO(text);
    REQUIRE(question);
    CHECK(write(*question) == text);
  }
  CHECK(parse("123456789012345678+1=", {18}));
}

TEST_CASE("parse refuses everything else") {
  for (const std::string text :
       {"",      "=",     "+",      "+=",     "1+=",       "+1=",       "1+2",    "1+2==", "=1+2",
        "1=2+",  "1+2=3", "1++2=",  "1+2+3=", "1+2=\n",    "\n1+2=",    " 1+2=",  "1 +2=", "1+2= ",
        "-1+2=", "1+-2=", "1.0+2=", "a+b=",   "123456+1=", "1+123456=", "1+2\n=", "12=",   "1-2="}) {
    INFO('"' << text << '"');
    CHECK(!parse(text, {5}));
  }
  CHECK(!parse(std::string("1+2=\0", 5), {5}));
  CHECK(!parse("12+3=", {1}));
}

TEST_CASE("leading zeros are those of operands of more than one digit") {
  const auto leading = [](const char* text) { return has_leading_zero(parse(text, {18}).value()); };
  CHECK(!leading("0+0="));
  CHECK(!leading("10+20="));
  CHECK(leading("00+1="));
  CHECK(leading("1+01="));
}

TEST_CASE("sums are exact with leading zeros and up to 18 digits") {
  const auto of = [](const char* text) { return sum(parse(text, {max_digits}).value()); };
  CHECK(of("0+0=") == "0");
  CHECK(of("000+00=") == "0");
  CHECK(of("0099+001=") == "100");
  CHECK(of("99999+1=") == "100000");
  CHECK(of("999999999999999999+999999999999999999=") == "1999999999999999998");
  CHECK(of("123456789012345678+876543210987654321=") == "999999999999999999");
}

TEST_CASE("the longest carry counts columns of sum nine that a carry ripples through") {
  const std::map<std::string, int> cases = {
      {"1+2=", 0},         {"5+5=", 0},
      {"9+1=", 0},         {"99+1=", 1},
      {"999+1=", 2},       {"99999+1=", 4},
      {"45+54=", 0},    // sums of 9 without a carry to ripple
      {"145+855=", 2},  // 5+5 carries, 4+5 and 1+8 pass it on
      {"4995+5005=", 3},   {"9+9=", 0},
      {"95+15=", 0},  // 5+5 carries, 9+1 makes a carry of its own
      {"9495+0505=", 3},   {"909+101=", 0},
      {"99099+00901=", 4},  // 9+1 carries, 9+0 and 0+9 and twice 9+0 pass it on
      {"0099+001=", 1},    {"1+999999999999999999=", 17}};
  for (const auto& example : cases) {
    INFO(example.first);
    CHECK(longest_carry(parse(example.first, {max_digits}).value()) == example.second);
  }
}

TEST_CASE("random questions have uniform lengths and digits and no leading zeros") {
  constexpr int draws = 40'000, digits = 4;
  std::map<std::pair<std::size_t, std::size_t>, int> lengths;
  std::map<char, int> first, later;
  Rng rng(1, "addition_test");
  for (int i = 0; i < draws; ++i) {
    const Question q = random_question(digits, rng);
    REQUIRE(parse(write(q), {digits}));
    REQUIRE(!has_leading_zero(q));
    ++lengths[{q.a.size(), q.b.size()}];
    if (q.a.size() == 4) ++first[q.a[0]];
    if (q.b.size() == 4) ++later[q.b[3]];
  }
  const auto even = [](const auto& counts, std::size_t kinds) {
    double total = 0, chi_square = 0;
    for (const auto& [kind, count] : counts) total += count;
    for (const auto& [kind, count] : counts)
      chi_square +=
          std::pow(count - total / static_cast<double>(kinds), 2) / (total / static_cast<double>(kinds));
    const auto freedom = static_cast<double>(kinds - 1);
    return counts.size() == kinds && chi_square < freedom + 4 * std::sqrt(2 * freedom);
  };
  CHECK(even(lengths, 16));
  CHECK(even(first, 9));
  CHECK(even(later, 10));
  CHECK_THROWS_AS(random_question(0, rng), UsageError);
  CHECK_THROWS_AS(random_question(max_digits + 1, rng), UsageError);
}

TEST_CASE("of two draws of a length the longer one counts") {
  constexpr int draws = 20'000, digits = 3;
  std::map<std::size_t, int> lengths;
  Rng rng(3, "addition_test");
  for (int i = 0; i < draws; ++i) {
    const Question q = random_question(digits, rng, {.length_draws = 2});
    ++lengths[q.a.size()], ++lengths[q.b.size()];
  }
  for (std::size_t l = 1; l <= digits; ++l)
    CHECK(lengths[l] / (2.0 * draws) == doctest::Approx(static_cast<double>(2 * l - 1) / 9).epsilon(0.05));
  CHECK_THROWS_AS(random_question(digits, rng, {.length_draws = 0}), UsageError);
}

TEST_CASE("columns sum to nine as often as asked for but for a zero that would lead") {
  Rng rng(6, "addition");
  int columns = 0, nines = 0, carries = 0, plain_carries = 0;
  for (int i = 0; i < 4000; ++i) {
    const Question q = random_question(5, rng, {.nines = 0.3}), all = random_question(5, rng, {.nines = 1});
    CHECK(parse(write(q), {5, false}));
    for (std::size_t j = 1; j <= std::min(all.a.size(), all.b.size()); ++j) {
      const bool zero_would_lead = j == all.b.size() && j > 1 && all.a[all.a.size() - j] == '9';
      CHECK((all.a[all.a.size() - j] + all.b[all.b.size() - j] == '0' + '9') != zero_would_lead);
    }
    if (q.a.size() > 1 && q.b.size() > 1) ++columns, nines += q.a.back() + q.b.back() == '0' + '9';
    carries += longest_carry(q) > 0;
    plain_carries += longest_carry(random_question(5, rng)) > 0;
  }
  CHECK(nines / static_cast<double>(columns) == doctest::Approx(0.3 + 0.7 / 10).epsilon(0.1));
  CHECK(carries > 1.3 * plain_carries);
  CHECK_THROWS_AS(random_question(5, rng, {.nines = 1.5}), UsageError);
}

TEST_CASE("one-digit operands may be zero") {
  Rng rng(2, "addition_test");
  bool zero = false;
  for (int i = 0; i < 500; ++i) zero = zero || random_question(1, rng).a == "0";
  CHECK(zero);
}

TEST_CASE("a target has room for the longest question and answer") {
  const Question longest = parse("99999+99999=", {5}).value();
  const GPT target(target_config(5, 8, 1, 2), Rng(1, "target"));
  CHECK(static_cast<int>(target_example(longest).tokens.size()) == target.config().context + 1);
}

TEST_CASE("an answer is wrong as text unless it is the sum and as a number unless its value is the sum") {
  struct Case {
    const char *question, *answer;
    bool wrong_text, wrong_number;
  };
  for (const Case& c : {Case{"0390+99=", "489", false, false},
                        {"0390+99=", "0489", true, false},
                        {"0+0=", "0", false, false},
                        {"0+0=", "000", true, false},
                        {"0+0=", "", true, true},
                        {"1+2=", "4", true, true},
                        {"1+2=", "3 ", true, true},
                        {"1+2=", "+3", true, true},
                        {"1+2=", "30", true, true},
                        {"1+2=", "003", true, false},
                        {"1+2=", "3=", true, true}}) {
    CAPTURE(c.question);
    CAPTURE(c.answer);
    const Question q = *parse(c.question, {5});
    CHECK(is_wrong(c.answer, q, Judged::as_text) == c.wrong_text);
    CHECK(is_wrong(c.answer, q, Judged::as_number) == c.wrong_number);
  }
}

TEST_CASE("the answers of a target are its greedy text up to the end of the line") {
  const GPT target(target_config(3, 16, 1, 2), Rng(3, "target"));
  std::vector<Question> questions;
  std::vector<Sequence> prompts;
  Rng rng(4, "addition_test");
  for (int i = 0; i < 50; ++i) {
    questions.push_back(random_question(3, rng));
    prompts.push_back(alphabet().encode(write(questions.back())));
  }
  const auto found = answers(target, questions);
  const auto expected = greedy(target, prompts, alphabet().id('\n'));
  REQUIRE(found.size() == 50);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string text = alphabet().decode(expected[i]);
    CHECK(found[i] == text.substr(0, text.find('\n')));
  }
}

}  // namespace
}  // namespace banel::addition
