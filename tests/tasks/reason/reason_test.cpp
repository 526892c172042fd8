#include "tasks/reason/reason.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "nn/io/file.h"
#include "tasks/reason/hard.h"
#include "tasks/reason/reasoner.h"
#include "tasks/reason/sound.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel::reason {
namespace {

namespace fs = std::filesystem;

const fs::path source = BANEL_SOURCE_DIR "/tasks";

// The reasoner that the program carries, in a folder of its own.
const fs::path& carried() {
  static const TemporaryFolder folder;
  if (fs::exists(folder.path / "reasoner.json")) return folder.path;
  for (const fs::directory_entry& file : fs::directory_iterator(source / "networks")) {
    const std::string name = file.path().filename().string();
    const std::size_t at = name.find(".reasoner.");
    if (at != name.npos) fs::copy_file(file.path(), folder.path / name.substr(at + 1));
  }
  return folder.path;
}

std::unique_ptr<Task> opened(std::uint64_t number, const char* assumed = "none") {
  auto task = entry().make(completed(entry().settings, {{"assumed", assumed}}, "reason"), number);
  task->open(carried(), Access::read, ProgressMode::quiet);
  return task;
}

TEST_CASE("problems and screens that are assumed have fingerprints of their own") {
  const std::string one = opened(1)->fingerprint();
  CHECK(one == opened(1)->fingerprint());
  CHECK(one != opened(2)->fingerprint());
  CHECK(one != opened(1, "syntax")->fingerprint());
}

struct Listed {
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> problems;
};

Listed listed() {
  Listed all;
  std::istringstream lines(read_file(source / "reason/questions.txt"));
  for (std::string line; std::getline(lines, line);)
    if (line[0] != '#') {
      std::istringstream parts(line);
      std::string rate, problem;
      parts >> all.numbers.emplace_back() >> rate >> problem;
      all.problems.push_back(problem);
    }
  return all;
}

TEST_CASE("the reasoner that the program carries solves ordinary problems and misreads what it never saw") {
  const auto task = opened(1);
  const GPT& model = reasoner_of(*task);
  const auto errors = [&](double scaling, bool inverse) {
    std::vector<Problem> problems;
    for (std::uint32_t i = 0; problems.size() < 150; ++i) {
      Rng rng(1, "reason_test", 0, i);
      Problem p = random_problem(rng, trained_shifting, scaling);
      const bool has =
          std::ranges::any_of(p.relations, [](const Relation& r) { return r.inverse && r.scales(); });
      if (has == inverse) problems.push_back(std::move(p));
    }
    const std::vector<std::string> solutions = greedy_solutions(model, problems);
    int wrong = 0;
    for (std::size_t i = 0; i < problems.size(); ++i)
      wrong += written_answer(solutions[i]) != std::to_string(problems[i].answer());
    return wrong;
  };
  CHECK(errors(0, false) <= 15);  // .9 of them right
  CHECK(errors(1, true) >= 135);
}

TEST_CASE(
    "the listed questions are those of the generator and each is hard and they are those of the studies") {
  const Listed all = listed();
  REQUIRE(all.numbers.size() == 12);
  std::string instances;
  for (std::size_t i = 0; i < all.numbers.size(); ++i) {
    instances += (i ? ", " : "[") + std::to_string(all.numbers[i]);
    CHECK(problem_number(all.numbers[i], 20261127).text() == all.problems[i]);
    const auto task = opened(all.numbers[i]);
    const double base = task->exact_success({task->prior()})->value;
    CHECK(base >= hardest);
    CHECK(base <= easiest);
  }
  for (const char* study :
       {"studies/reason-controls.toml", "studies/reason-distil.toml", "studies/reason-pool.toml"})
    CHECK(read_file(source / study).find(instances + "]") != std::string::npos);
}

TEST_CASE("the search for hard questions ends with the last one that was asked for" *
          doctest::test_suite("slow")) {
  const auto task = opened(1);
  const HardProblems hard = hard_problems(reasoner_of(*task), 20261127, 1, [] {});
  REQUIRE(hard.found.size() == 1);
  CHECK(hard.found[0].number == listed().numbers[0]);
  CHECK(hard.looked_at == hard.found[0].number);
}

TEST_CASE("the exact probability of sound reasoning is what samples show") {
  const auto task = opened(listed().numbers[0]);
  const Estimate exact = *task->exact_success({task->prior()});
  const std::vector<Proposal> samples = task->prior().sample(20'000, {1, "reason_test"});
  double sound = 0;
  const Problem p = parse_problem(listed().problems[0]);
  for (const Proposal& s : samples) sound += is_sound(p, s.text);
  const double n = static_cast<double>(samples.size()), sigma = std::sqrt(exact.value / n);
  CHECK(std::abs(sound / n - exact.value) < 4 * std::hypot(sigma, exact.standard_error));
}

TEST_CASE("success rates are among what the assumed screen passes") {
  const std::uint64_t number = listed().numbers[0];
  const auto free = opened(number), screened = opened(number, "calculator");
  std::vector<Attempt> samples = texts(free->prior().sample(2000, {2, "reason_test"}));
  double passed = 0;
  const std::vector<bool> syntax = screened->screens()[0].may_succeed(samples),
                          calculator = screened->screens()[1].may_succeed(samples);
  for (std::size_t i = 0; i < samples.size(); ++i) passed += syntax[i] && calculator[i];
  const double expected = free->exact_success({free->prior()})->value * 2000 / passed;
  CHECK(screened->exact_success({screened->prior()})->value == doctest::Approx(expected).epsilon(0.3));
}

TEST_CASE("a region that rejects everything sound leaves no success") {
  const auto task = opened(listed().numbers[0]);
  const std::shared_ptr<const Generator> phi = task->prior().clone();
  const std::vector<Region> nothing{{phi, 1, -1.0}}, all{{phi, 1, 1.0}};  // the ratio is 0 everywhere
  CHECK(task->exact_success({task->prior(), nothing})->value > 0);
  CHECK(task->exact_success({task->prior(), all})->value == 0);
}

TEST_CASE("what an attacker may not write again counts neither as success nor as written") {
  const auto task = opened(listed().numbers[0]);
  const Problem problem = parse_problem(listed().problems[0]);
  const Screen sound = screen_by([&](const Attempt&x) { return is_sound(problem, x); }),
               unsound = screen_by([&](const Attempt&x) { return !is_sound(problem, x); });
  CHECK(task->exact_success({task->prior(), {}, &unsound})->value == 0);
  const double s = task->exact_success({task->prior()})->value,
               none = 0.5 / 10'000;  // half a sample of 10,000
  CHECK(task->exact_success({task->prior(), {}, &sound})->value == doctest::Approx(s / (s + none)));
}

TEST_CASE("an attacker that may write next to nothing does not pass for one that succeeds") {
  const auto task = opened(listed().numbers[0]);
  const std::vector<SoundSolution> wordings =
      sound_solutions(task->prior(), parse_problem(listed().problems[0]), {1, "reason_test"});
  const SoundSolution& rarest = *std::ranges::min_element(
      wordings, {}, [](const SoundSolution& wording) { return wording.proposal.log_prob; });
  const Screen only = screen_by([&](const Attempt& x) { return x == rarest.proposal.text; });
  const Estimate success = *task->exact_success({task->prior(), {}, &only});
  CHECK(success.value > 0);
  CHECK(success.value < 1e-3);
}

TEST_CASE("the reward is for the number alone and the number is what an attempt claims") {
  const auto task = opened(listed().numbers[0]);
  const std::string right = std::to_string(parse_problem(listed().problems[0]).answer());
  const std::vector<Attempt> attempts{"#" + right + ".", "#1.", "nonsense"};
  const std::vector<Verdict> verdicts = task->judge()(attempts);
  CHECK(verdicts[0].reward == Reward::success);
  CHECK(task->mode(attempts[0], verdicts[0]) == 1);  // lucky
  CHECK(verdicts[1].reward == Reward::failure);
  CHECK(verdicts[2].reward == Reward::failure);
  CHECK(task->claim(attempts[1]) == "1");
}

}  // namespace
}  // namespace banel::reason
