#include "tasks/run/measure.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tasks/run/registry.h"
#include "tests/support/tiny/tiny_task.h"

namespace banel {
namespace {

using tiny::TinyTask;

const TinyTask& task() {
  static const TinyTask made;
  return made;
}

// Rewards the strings it was given, and remembers what it was asked.
struct ListJudge {
  std::vector<Attempt> rewarded;
  std::vector<Attempt> asked = {};
  Judge judge() {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      for (const Attempt& x : attempts) {
        asked.push_back(x);
        const bool success = std::find(rewarded.begin(), rewarded.end(), x) != rewarded.end();
        verdicts.push_back({success ? "7" : "", success ? Reward::success : Reward::failure});
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
  ListJudge judge{{"2+2="}};
  const Judge remembered = memoised(judge.judge());
  const auto rewards = [&](const std::vector<Attempt>& attempts) {
    std::vector<bool> result;
    for (const Verdict& v : remembered(attempts)) result.push_back(v.reward == Reward::success);
    return result;
  };
  CHECK(rewards({"1+1=", "2+2="}) == std::vector<bool>{false, true});
  CHECK(rewards({"2+2=", "3+3=", "1+1="}) == std::vector<bool>{true, false, false});
  CHECK(remembered(std::vector<Attempt>{"2+2="})[0].answer == "7");
  CHECK(judge.asked == std::vector<Attempt>{"1+1=", "2+2=", "3+3="});
}

TEST_CASE("every share of a measurement counts what its name says") {
  const std::vector<Attempt> attempts{
      "1+1=", "1+1=", "12+", "+", "1+2=", "0+0=", "9+9=", "9+90=", "0+5=", "123+1="};
  ListJudge judge{{"1+1=", "1+2=", "0+0=", "9+90="}};
  const Measurement m = measure(task(), judge.judge(), samples(attempts));
  check_rate(m.success, 5, 10);  // 1+1= twice, 1+2=, 0+0=, 9+90=
  check_rate(m.valid, 7, 10);    // all but 12+, + and 123+1=
  check_rate(m.distinct, 9, 10);
  check_rate(m.distinct_success, 4, 10);
  REQUIRE(m.modes.size() == 2);
  CHECK(m.modes[0].name == "even");
  CHECK(m.modes[0].samples == 3);
  CHECK(m.modes[0].distinct == 2);
  CHECK(m.modes[1].samples == 2);
  CHECK(m.modes[1].distinct == 2);
  check_rate(m.also.at("zero"), 1, 10);
  CHECK(m.entropy == doctest::Approx(2));
  CHECK(m.value() == 0.5);
}

TEST_CASE("a success counts for one mode only") {
  for (const char* attempt : {"1+1=", "0+0=", "1+2=", "99+99="}) {
    INFO(attempt);
    ListJudge judge{{attempt}};
    const Measurement m = measure(task(), judge.judge(), samples({attempt}));
    check_rate(m.success, 1, 1);
    CHECK(m.modes[0].samples + m.modes[1].samples == 1);
  }
}

TEST_CASE("a string that is asked for twice is judged once") {
  ListJudge judge{{}};
  measure(task(), judge.judge(), samples({"1+1=", "2+2=", "1+1=", "1+1="}));
  CHECK(judge.asked == std::vector<Attempt>{"1+1=", "2+2="});
}

TEST_CASE("the findings are the first distinct successes with what was expected and their modes") {
  std::vector<Attempt> attempts{"1+1="};
  for (int i = 1; i < 30; ++i) attempts.push_back(std::to_string(i) + "+" + std::to_string(i) + "=");
  attempts.push_back("1+2=");
  ListJudge judge{attempts};
  const Measurement m = measure(task(), judge.judge(), samples(attempts));
  check_rate(m.success, 31, 31);
  check_rate(m.distinct_success, 30, 31);  // "1+1=" counts once
  REQUIRE(m.findings.size() == 20);
  CHECK(m.findings[0].attempt == "1+1=");
  CHECK(m.findings[0].answer == "7");
  CHECK(m.findings[0].truth == "3 divides 2");
  CHECK(m.findings[0].mode == "even");
  CHECK(m.findings[19].attempt == "20+20=");
}

TEST_CASE("no attempts give rates of 0 of 0") {
  ListJudge judge{{}};
  const Measurement m = measure(task(), judge.judge(), {});
  check_rate(m.success, 0, 0);
  CHECK(m.success.value() == 0);
  const Json json = to_json(m);
  CHECK(json.at("success").at("lo") == 0.0);
  CHECK(json.at("success").at("hi") == 1.0);
}

TEST_CASE("evaluations whose verdicts waver count each with its own") {
  const auto judged = [](const char* x, Reward r) { return Evaluation{x, {"", r}}; };
  const Measurement m = measure_paid(
      task(), std::vector<Evaluation>{judged("1+1=", Reward::failure), judged("1+1=", Reward::success),
                                      judged("1+2=", Reward::unjudged), judged("1+1=", Reward::success),
                                      judged("+", Reward::failure)});
  check_rate(m.success, 2, 5);
  check_rate(m.valid, 4, 5);
  check_rate(m.distinct, 3, 5);
  check_rate(m.distinct_success, 1, 5);
  CHECK(m.modes[0].samples == 2);
  CHECK(m.modes[0].distinct == 1);
  CHECK(m.findings.size() == 1);
}

TEST_CASE("a measurement is read as it was written") {
  Measurement m = measure(task(), task().judge(), task().prior().sample(200, {5, "samples"}));
  CHECK(m.success.k > 0);
  CHECK(m.success.k < 200);
  CHECK(to_json(measurement_from(Field(to_json(m), "memory"))) == to_json(m));
  m.exact = {0.25, 0};
  m.surprise = 3.5;
  const Json json = to_json(m);
  CHECK(measurement_from(Field(json, "memory")).value() == 0.25);
  CHECK(to_json(measurement_from(Field(json, "memory"))) == json);
}

TEST_CASE("samples of a generator are measured as they come") {
  const std::vector<Proposal> drawn = task().prior().sample(200, {5, "samples"});
  const Measurement m = measure(task(), task().judge(), drawn);
  double nats = 0;
  std::int64_t successes = 0;
  for (const Proposal& p : drawn) {
    nats -= p.log_prob / 200;
    successes += TinyTask::sum(p.text).value_or(1) % 3 == 0;
  }
  CHECK(m.entropy == doctest::Approx(nats));
  CHECK(m.success.k == successes);
}

}  // namespace
}  // namespace banel
