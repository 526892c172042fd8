#include "tasks/addition/rules.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tasks/addition/question.h"

namespace banel::addition {
namespace {

TEST_CASE("every rule makes valid questions that it covers and the reference alone makes others") {
  for (const int digits : {5, 9})
    for (const Rule& rule : question_rules(digits)) {
      CAPTURE(rule.name);
      int covered = 0;
      for (std::size_t i = 0; i < 2000; ++i) {
        Rng rng = Stream{1, "rules"}[i];
        const Attempt x = rule.make(rng);
        INFO(x);
        REQUIRE(parse(x, {digits}));
        covered += rule.covers(x);
        if (rule.name != "random question") CHECK(rule.covers(x));
      }
      CHECK(covered > 1800);
    }
}

TEST_CASE("rules that need longer operands than there are are left out") {
  const auto count = [](int digits, std::string_view begin) {
    const std::vector<Rule> rules = question_rules(digits);
    return std::count_if(rules.begin(), rules.end(),
                         [&](const Rule& r) { return r.name.starts_with(begin); });
  };
  CHECK(question_rules(1).size() == 1);
  CHECK(count(2, "carry chain") == 0);
  CHECK(count(3, "carry chain") == 1);
  CHECK(count(5, "carry chain") == 3);
  CHECK(count(5, "leading zeros") == 5);
}

TEST_CASE("the rules tell questions apart") {
  const auto covering = [](const char* text) {
    std::vector<std::string> names;
    for (const Rule& rule : question_rules(5))
      if (rule.covers(text)) names.push_back(rule.name);
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(covering("12+34=") == Names{"random question"});
  CHECK(covering("0+0=") == Names{"random question"});
  CHECK(covering("012+34=") == Names{"leading zeros: 1 in one operand"});
  CHECK(covering("12+00034=") == Names{"leading zeros: 3 in one operand"});
  CHECK(covering("2822+00002=") == Names{"leading zeros: 4 in one operand"});
  CHECK(covering("012+034=") == Names{"leading zeros: in both operands"});
  CHECK(covering("0999+1=") == Names{"leading zeros: 1 in one operand"});
  CHECK(covering("999+1=") == Names{"carry chain: at least 2"});
  CHECK(covering("99999+1=") ==
        Names{"carry chain: at least 2", "carry chain: at least 3", "carry chain: at least 4"});
}

TEST_CASE("no rule covers a string that is no question") {
  for (const Rule& rule : question_rules(5))
    for (const char* text : {"", "1+2", "x", "123456+1="}) CHECK_FALSE(rule.covers(text));
}

}  // namespace
}  // namespace banel::addition
