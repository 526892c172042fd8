#include "tasks/addition/addition.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "nn/sample.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/tiny_networks.h"

namespace banel::addition {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Task> made(Values changes = {}, std::uint64_t seed = 3) {
  Values values{{"digits", 2},          {"target_width", 16},      {"target_layers", 1},
                {"target_heads", 2},    {"target_batch", 16},      {"attacker_width", 16},
                {"attacker_layers", 1}, {"attacker_heads", 2},     {"attacker_batch", 16},
                {"stop_error", 0},      {"target_examples", 4000}, {"attacker_examples", 4000},
                {"check_every", 4000},  {"check_questions", 100},  {"final_questions", 500}};
  changes.merge(values);
  return entry().make(completed(entry().settings, changes, "addition"), seed);
}

// The task with networks that all tests share; the instance of seed 3.
std::unique_ptr<Task> opened(const Values& changes = {}) {
  static const TemporaryFolder folder;
  std::unique_ptr<Task> task = made(changes);
  task->open(folder.path, Access::make, ProgressMode::quiet);
  return task;
}

TEST_CASE("opening makes both networks and opening to read never does") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(made()->open(folder.path, Access::read, ProgressMode::quiet),
                       doctest::Contains("target.json: is missing"), InputError);
  CHECK(folder.names().empty());
  const std::unique_ptr<Task> task = made();
  CHECK_THROWS_AS(task->prior(), UsageError);
  task->open(folder.path, Access::make, ProgressMode::quiet);
  CHECK(folder.names() ==
        std::set<std::string>{"attacker.json", "attacker.safetensors", "target.json", "target.safetensors"});
  const std::unique_ptr<Task> again = made();
  again->open(folder.path, Access::read, ProgressMode::quiet);
  CHECK(again->fingerprint() == task->fingerprint());
  CHECK(again->title() == "2-digit addition, target 3");
  CHECK(read_json(folder.path / "attacker.json").at("examples") == 4000);
  fs::remove(folder.path / "attacker.json");
  CHECK_THROWS_WITH_AS(made()->open(folder.path, Access::read, ProgressMode::quiet),
                       doctest::Contains("attacker.json: is missing"), InputError);
}

TEST_CASE("networks of another seed or size are refused") {
  const TemporaryFolder folder;
  made()->open(folder.path, Access::make, ProgressMode::quiet);
  for (const Values& changes :
       {Values{{"digits", 3}}, Values{{"target_width", 20}}, Values{{"attacker_width", 20}},
        Values{{"nines", 0.3}}, Values{{"attacker_rate", 1e-3}}})
    CHECK_THROWS_AS(made(changes)->open(folder.path, Access::make, ProgressMode::quiet), InputError);
  CHECK_THROWS_AS(made({}, 4)->open(folder.path, Access::make, ProgressMode::quiet), InputError);
}

TEST_CASE("the fingerprint tells apart what verdicts depend on") {
  const std::string usual = opened()->fingerprint();
  CHECK(opened({{"judge", "text"}})->fingerprint() != usual);
  CHECK(opened({{"zeros", "forbidden"}})->fingerprint() != usual);
  CHECK(opened()->fingerprint() == usual);
}

TEST_CASE("a thinned target rewards only those of its errors whose operands end in 7") {
  const std::vector<Attempt> attempts{"10+20=", "17+20=", "20+17=", "17+27=", "7+7=", "17+2"};
  const std::vector<Verdict> all = opened()->judge()(attempts);
  for (const int sevens : {1, 2}) {
    const std::vector<Verdict> thinned = opened({{"sevens", sevens}})->judge()(attempts);
    const std::vector<bool> counts{false, sevens == 1, false, true, true, false};
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      CHECK(thinned[i].answer == all[i].answer);
      CHECK((thinned[i].reward == Reward::success) == (counts[i] && all[i].reward == Reward::success));
    }
  }
  for (std::size_t i = 0; i < 4; ++i) CHECK(all[i].reward == Reward::success);  // it has hardly learned
  CHECK(opened({{"sevens", 1}})->fingerprint() != opened()->fingerprint());
}

TEST_CASE("settings that do not fit together are refused by name") {
  CHECK_THROWS_WITH_AS(made({{"target_heads", 3}}), doctest::Contains("target_heads: 3 does not divide"),
                       UsageError);
  CHECK_THROWS_AS(made({{"digits", 19}}), UsageError);
  CHECK_THROWS_AS(made({{"judge", "words"}}), UsageError);
  for (const auto& quick : entry().quick) {
    const std::string& key = quick.first;
    CAPTURE(key);
    CHECK_NOTHROW(completed(entry().settings, {quick}, "addition"));
  }
}

TEST_CASE("the default settings are those that the networks of the project are made with") {
  const Values values = completed(entry().settings, {}, "addition");
  CHECK(values.at("target_width").number() == 64);
  CHECK(values.at("target_layers").number() == 4);
  CHECK(values.at("target_heads").number() == 8);
  CHECK(values.at("target_batch").number() == 128);
  CHECK(values.at("target_rate").number() == 2e-3);
  CHECK(values.at("target_examples").number() == 1'250'000);
  CHECK(values.at("attacker_layers").number() == 1);
  CHECK(values.at("attacker_examples").number() == 600'000);
}

TEST_CASE("the screen passes valid questions only and without leading zeros if these are forbidden") {
  const std::vector<Attempt> attempts{"1+2=", "01+2=", "1+2", "123+1=", ""};
  CHECK(opened()->screens()[0].may_succeed(attempts) == std::vector<bool>{true, true, false, false, false});
  CHECK(opened({{"zeros", "forbidden"}})->screens()[0].may_succeed(attempts) ==
        std::vector<bool>{true, false, false, false, false});
}

TEST_CASE("a success has one mode by its zeros and its carries") {
  const std::unique_ptr<Task> task = made({{"digits", 5}});
  const std::vector<std::string> modes = task->modes();
  const auto mode = [&](const char* x) { return modes[task->mode(x, {})]; };
  CHECK(mode("1+1=") == "other");
  CHECK(mode("99+1=") == "other");  // its carry ripples through one column
  CHECK(mode("0+5=") == "other");
  CHECK(mode("09+1=") == "zeros");
  CHECK(mode("095+7=") == "zeros");
  CHECK(mode("999+1=") == "carries");
  CHECK(mode("0999+1=") == "both");
  CHECK(mode("0999+0001=") == "both");
}

TEST_CASE("both readings of an answer stand beside the judge's") {
  const std::unique_ptr<Task> task = made({{"digits", 5}});
  const auto also = [&](const char* x, const char* answer) { return task->also(x, {answer}); };
  using Readings = std::map<std::string, bool>;
  CHECK(also("0390+99=", "0489") == Readings{{"numbers", false}, {"text", true}});
  CHECK(also("0390+99=", "489") == Readings{{"numbers", false}, {"text", false}});
  CHECK(also("1+2=", "4") == Readings{{"numbers", true}, {"text", true}});
  CHECK(also("1+2", "") == Readings{{"numbers", false}, {"text", false}});
  CHECK(task->truth("0390+99=") == "489");
  CHECK(task->truth("no question") == "");
}

TEST_CASE("invalid strings earn nothing even from a target that is always wrong") {
  const GPT untrained(target_config(2, 16, 1, 2), Rng(3, "untrained"));
  const std::vector<Attempt> invalid{"",       "=",      "+=",    "1+=",   "+1=", "1+1",
                                     "123+1=", "1+123=", "1+1=1", "1++1=", "\n",  "1+1=="};
  for (const Verdict& v : judge(untrained, {2}, Judged::as_text)(invalid)) {
    CHECK(v.reward == Reward::failure);
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
    const std::vector<Verdict> verdicts = judge(*target, {2}, Judged::as_text)(questions);
    REQUIRE(verdicts.size() == questions.size());
    std::size_t right = 0, wrong = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto question = parse(questions[i], {2});
      if (!question) {
        CHECK(verdicts[i].reward == Reward::failure);
        continue;
      }
      const std::vector<Sequence> prompt{alphabet().encode(questions[i])};  // asked alone, without the judge
      std::string answer = alphabet().decode(greedy(*target, prompt, alphabet().id('\n')).front());
      if (const auto end = answer.find('\n'); end != answer.npos) answer.resize(end);
      CHECK(verdicts[i].answer == answer);
      CHECK((verdicts[i].reward == Reward::success) == (answer != sum(*question)));
      ++(verdicts[i].reward == Reward::success ? wrong : right);
    }
    CHECK(wrong > 100);
    if (target == &tiny::target()) CHECK(right > 10);
  }
}

TEST_CASE("the judge of the task asks its own target") {
  const std::unique_ptr<Task> task = opened();
  const std::vector<Attempt> questions{"1+2=", "99+1=", "x"};
  const auto mine = task->judge()(questions),
             expected = judge(target_of(*task), {2}, Judged::as_number)(questions);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    CHECK(mine[i].answer == expected[i].answer);
    CHECK(mine[i].reward == expected[i].reward);
  }
}

}  // namespace
}  // namespace banel::addition
