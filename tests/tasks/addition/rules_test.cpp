#include "tasks/addition/rules.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tensor/check.h"

namespace banel {
namespace {

using namespace addition;

// Takes every question with a leading zero for a success.
std::vector<Verdict> fails_on_zeros(std::span<const Attempt> attempts) {
  std::vector<Verdict> verdicts;
  for (const Attempt& x : attempts) {
    const auto q = parse(x, {18});
    verdicts.push_back({"7", q && has_leading_zero(*q)});
  }
  return verdicts;
}

TEST_CASE("every rule makes valid questions that it covers and the reference alone makes others") {
  for (const QuestionRule& rule : question_rules())
    for (int digits : {5, 9}) {
      CAPTURE(rule.name);
      int covered = 0;
      for (std::size_t i = 0; i < 2000; ++i) {
        Rng rng = Stream{1, "rules"}[i];
        const Question q = rule.make(digits, rng);
        INFO(write(q));
        REQUIRE(parse(write(q), {digits}));
        covered += rule.covers(q);
        if (rule.name != "random question") CHECK(rule.covers(q));
      }
      CHECK(covered > 1800);
    }
}

TEST_CASE("the rules tell questions apart") {
  const auto covering = [](const char* text) {
    std::vector<std::string> names;
    for (const QuestionRule& rule : question_rules())
      if (rule.covers(*parse(text, {18}))) names.push_back(rule.name);
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(covering("12+34=") == Names{"random question"});
  CHECK(covering("0+0=") == Names{"random question"});
  CHECK(covering("012+34=") == Names{"leading zeros: 1 in one operand"});
  CHECK(covering("12+00034=") == Names{"leading zeros: 3 in one operand"});
  CHECK(covering("2822+00002=") == Names{"leading zeros: 4 in one operand"});
  CHECK(covering("012+034=") == Names{"leading zeros: in both operands"});
  CHECK(covering("999+1=") == Names{"carry chain: at least 2"});
  CHECK(covering("99999+1=") == Names{"carry chain: at least 2", "carry chain: at least 3", "carry chain: at least 4"});
}

TEST_CASE("an attacker reaches the part of the error map whose rule and lengths one of its finds has") {
  const auto all_but_reference = [](std::span<const Attempt> attempts) {
    std::vector<Verdict> verdicts;
    for (const Attempt& x : attempts) {
      const auto q = parse(x, {18});
      verdicts.push_back({"7", q && (has_leading_zero(*q) || longest_carry(*q) >= 2)});
    }
    return verdicts;
  };
  const std::vector<Proposal> found{{"012+3=", 0}, {"99999+1=", 0}, {"12+34=", 0}};
  const auto rows = try_rules(all_but_reference, 5, 2000, {1, "rules"}, found);
  int of_these_lengths = 0;
  for (std::size_t i = 0; i < 2000; ++i) {
    Rng rng = Stream{1, "rules"}[2000 + i];
    const Question q = question_rules()[1].make(5, rng);
    of_these_lengths += q.a.size() == 3 && q.b.size() == 1;
  }
  CHECK(of_these_lengths > 0);
  CHECK(rows[1].reached.k == of_these_lengths);
  CHECK(rows[1].reached.n == 2000);
  CHECK(rows[5].reached.k == 0);
  CHECK(to_json(rows)[1].at("share_reached").at("k") == of_these_lengths);
}

TEST_CASE("a rule's rate and its share of the finds and its examples are those of the judge") {
  const std::vector<Proposal> found{{"012+3=", 0}, {"1+2=", 0}, {"01+02=", 0}, {"003+4=", 0}, {"x", 0}};
  const auto rows = try_rules(fails_on_zeros, 5, 50, {1, "rules"}, found);
  REQUIRE(rows.size() == question_rules().size());
  CHECK(rows[0].success.k == 0);
  CHECK(rows[0].examples.empty());
  for (std::size_t i = 1; i <= 5; ++i) {
    CHECK(rows[i].success.value() == 1);
    CHECK(rows[i].examples.size() == 3);
  }
  CHECK(rows[1].covered.k == 1);
  CHECK(rows[5].covered.k == 1);
  CHECK(rows[5].covered.n == 3);
  CHECK(to_json(rows)[1].at("share_of_finds").at("k") == 1);
  CHECK(to_markdown(rows).find("leading zeros: in both operands | 1.0000") != std::string::npos);
  CHECK_THROWS_AS(try_rules(fails_on_zeros, 4, 50, {1, "rules"}, found), UsageError);
}

}  // namespace
}  // namespace banel
