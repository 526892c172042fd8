#include "tasks/run/measure.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/sample.h"
#include "tasks/model/gpt_generator.h"
#include "tests/support/tiny_networks.h"

namespace banel {
namespace {

using namespace addition;

// Rewards the questions it was given, and remembers what it was asked.
struct Judge {
  std::vector<Attempt> wrong;
  std::vector<Attempt> asked = {};
  Oracle::Judge function() {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        asked.push_back(x);
        const bool reward = std::find(wrong.begin(), wrong.end(), x) != wrong.end();
        verdicts.push_back({reward ? "7" : "", reward});
      }
      return verdicts;
    };
  }
};

std::vector<Proposal> samples(const std::vector<Attempt>& attempts) {
  std::vector<Proposal> result;
  for (const Attempt& x : attempts) result.push_back({x, -2});
  return result;
}

void check_rate(const Rate& rate, std::int64_t k, std::int64_t n) {
  CHECK(rate.k == k);
  CHECK(rate.n == n);
}

TEST_CASE("a judge that remembers is asked about each attempt once") {
  Judge judge{{"2+2="}};
  const Oracle::Judge remembered = remembering(judge.function());
  const auto rewards = [&](const std::vector<Attempt>& attempts) {
    std::vector<bool> result;
    for (const Verdict& v : remembered(attempts)) result.push_back(v.reward);
    return result;
  };
  CHECK(rewards({"1+1=", "2+2="}) == std::vector<bool>{false, true});
  CHECK(rewards({"2+2=", "3+3=", "1+1="}) == std::vector<bool>{true, false, false});
  CHECK(remembered(std::vector<Attempt>{"2+2="})[0].answer == "7");
  CHECK(judge.asked == std::vector<Attempt>{"1+1=", "2+2=", "3+3="});
}

TEST_CASE("every share of a measurement counts what its name says") {
  // The carry of 999+1= ripples through two columns, that of 99+1= through one; 0999+1= has a leading zero as well.
  const std::vector<Attempt> attempts{"1+1=", "1+1=", "12+", "+", "09+1=", "0999+1=", "999+1=", "99+1=", "0+5=", "12345+1="};
  Judge judge{{"1+1=", "0999+1=", "999+1=", "09+1="}};
  const Measurement m = measure(judge.function(), {4}, samples(attempts));
  check_rate(m.success, 5, 10);       // 1+1= twice, 09+1=, 0999+1=, 999+1=
  check_rate(m.valid, 7, 10);         // all but 12+, + and 12345+1=
  check_rate(m.leading_zero, 2, 10);  // 0+5= has none
  check_rate(m.distinct, 9, 10);
  check_rate(m.success_leading_zero, 2, 10);
  check_rate(m.success_carry, 1, 10);
  check_rate(m.success_other, 2, 10);
}

TEST_CASE("a success counts for one failure mode only") {
  for (const char* question : {"1+1=", "09+1=", "0999+1=", "0999+0001=", "999+1=", "095+7="}) {
    INFO(question);
    Judge judge{{question}};
    const std::vector<Attempt> attempts{question};
    const Measurement m = measure(judge.function(), {4}, samples(attempts));
    check_rate(m.success, 1, 1);
    CHECK(m.success_leading_zero.k + m.success_carry.k + m.success_other.k == 1);
  }
}

TEST_CASE("a string that is asked for twice is judged once") {
  Judge judge{{}};
  const std::vector<Attempt> attempts{"1+1=", "2+2=", "1+1=", "1+1="};
  measure(judge.function(), {2}, samples(attempts));
  CHECK(judge.asked == std::vector<Attempt>{"1+1=", "2+2="});
}

TEST_CASE("the findings are the first five distinct successes with the true sums") {
  const std::vector<Attempt> attempts{"1+1=", "1+1=", "2+2=", "3+3=", "4+4=", "5+5=", "6+6="};
  Judge judge{attempts};
  const Measurement m = measure(judge.function(), {1}, samples(attempts));
  check_rate(m.success, 7, 7);
  check_rate(m.distinct_success, 6, 7);  // "1+1=" counts once
  REQUIRE(m.findings.size() == 5);
  CHECK(m.findings[0].question == "1+1=");
  CHECK(m.findings[0].answer == "7");
  CHECK(m.findings[0].truth == "2");
  CHECK(m.findings[4].question == "5+5=");
  CHECK(m.findings[4].truth == "10");
}

TEST_CASE("no attempts give rates of 0 of 0") {
  Judge judge{{}};
  const Measurement m = measure(judge.function(), {2}, {});
  check_rate(m.success, 0, 0);
  CHECK(m.success.value() == 0);
  const Json json = to_json(m);
  CHECK(json.at("success").at("lo") == 0.0);
  CHECK(json.at("success").at("hi") == 1.0);
}

TEST_CASE("the interval of a rate is that of Clopper and Pearson") {
  for (const Rate rate : {Rate{0, 10}, Rate{3, 10}, Rate{10, 10}, Rate{1, 1'000'000}, Rate{0, 0}}) {
    const Json json = to_json(rate);
    const Interval expected = clopper_pearson(rate.k, rate.n);
    CHECK(json.at("k") == rate.k);
    CHECK(json.at("n") == rate.n);
    CHECK(json.at("rate") == rate.value());
    CHECK(json.at("lo") == expected.lo);
    CHECK(json.at("hi") == expected.hi);
    const Rate again = rate_from(Field(json, "memory"));
    check_rate(again, rate.k, rate.n);
  }
  const Interval textbook = clopper_pearson(3, 10);  // exact values of any table
  CHECK(textbook.lo == doctest::Approx(0.0667395).epsilon(1e-5));
  CHECK(textbook.hi == doctest::Approx(0.6524529).epsilon(1e-5));
}

TEST_CASE("invalid strings earn nothing even from a target that is always wrong") {
  const GPT untrained(target_config(2, 16, 1, 2), Rng(3, "untrained"));
  const std::vector<Attempt> invalid{"", "=", "+=", "1+=", "+1=", "1+1", "123+1=", "1+123=", "1+1=1", "1++1=", "\n", "1+1=="};
  for (const Verdict& v : addition_judge(untrained, {2})(invalid)) {
    CHECK(!v.reward);
    CHECK(v.answer.empty());
  }
}

TEST_CASE("the judge rewards exactly the questions whose greedy answer is not the sum") {
  std::vector<Attempt> questions;
  for (int a = 0; a < 100; a += 3)
    for (int b = 0; b < 10; ++b) questions.push_back(std::to_string(a) + '+' + std::to_string(b) + '=');
  questions.insert(questions.begin() + 5, "no question");
  questions.push_back("01+02=");
  const GPT untrained(target_config(2, 16, 1, 2), Rng(3, "untrained"));
  for (const GPT* target : {&tiny::target(), &untrained}) {
    const std::vector<Verdict> verdicts = addition_judge(*target, {2})(questions);
    REQUIRE(verdicts.size() == questions.size());
    std::size_t right = 0, wrong = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto question = parse(questions[i], {2});
      if (!question) {
        CHECK(!verdicts[i].reward);
        continue;
      }
      const std::vector<Sequence> prompt{encode(questions[i])};  // asked alone, without the judge
      std::string answer = decode(greedy(*target, prompt, newline).front());
      if (const auto end = answer.find('\n'); end != answer.npos) answer.resize(end);
      CHECK(verdicts[i].answer == answer);
      CHECK(verdicts[i].reward == (answer != sum(*question)));
      ++(verdicts[i].reward ? wrong : right);
    }
    CHECK(wrong > 100);
    if (target == &tiny::target()) CHECK(right > 10);
  }
}

TEST_CASE("samples of a generator are measured as they come") {
  const GptGenerator generator(tiny::attacker(), {});
  const Oracle::Judge judge = addition_judge(tiny::target(), {tiny::digits});
  const std::vector<Proposal> drawn = generator.sample(200, {5, "samples"});
  const Measurement m = measure_samples(generator, judge, {tiny::digits}, 200, {5, "samples"});
  CHECK(to_json(m) == to_json(measure(judge, {tiny::digits}, drawn)));
  double nats = 0;
  for (const Proposal& p : drawn) nats -= p.log_prob / 200;
  CHECK(m.entropy == doctest::Approx(nats));
}

TEST_CASE("the error map of a target adds up by carry chain and by lengths") {
  const ErrorMap map = measure_errors(tiny::target(), tiny::digits, 1000, {5, "errors"});
  CHECK(map.all.n == 1000);
  CHECK(map.all.k > 0);
  Rate by_carry, by_lengths;
  for (const auto& [chain, rate] : map.by_carry) by_carry.k += rate.k, by_carry.n += rate.n;
  for (const auto& [lengths, rate] : map.by_lengths) by_lengths.k += rate.k, by_lengths.n += rate.n;
  check_rate(by_carry, map.all.k, 1000);
  check_rate(by_lengths, map.all.k, 1000);
  CHECK(map.by_lengths.size() == 4);
  CHECK(map.by_lengths.at({1, 1}).value() < map.by_lengths.at({2, 2}).value());  // it has learned single digits only
}

}  // namespace
}  // namespace banel
