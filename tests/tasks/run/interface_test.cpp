// Two problems of other kinds fit the interface: a program as oracle, whose verdicts waver and cost, and a
// prompted generator, whose instances are questions.
#include <doctest/doctest.h>

#include "tests/support/tiny/program_task.h"
#include "tests/support/tiny/prompted_task.h"
#include "tests/support/tiny/tiny_attack.h"

namespace banel {
namespace {

using tiny::attack, tiny::check_equal, tiny::files, tiny::Stopped, tiny::WholeAttack;

Method method_for(const Task& task, const char* name) {
  Method m = tiny::method(name, task);
  m.settings.budget = 120;
  m.settings.early_abort = std::string(name) == "banel" ? 5 : 0;
  return m;
}

TEST_CASE("an attack on a program whose verdicts waver goes on to the same bytes and is billed once") {
  for (const char* name : {"banel-paper", "banel-union", "count-score", "prior"}) {
    CAPTURE(name);
    const ProgramTask whole_program, stopped_program;
    const AttackSettings settings{.seed = 3, .samples = whole_program.reading_samples()};
    const Method m = method_for(whole_program, name);
    const WholeAttack whole(m, whole_program, settings);
    const std::size_t rounds = whole.result.rounds.size();
    const TemporaryFolder folder;
    for (std::size_t round = 1; round < rounds; ++round)
      CHECK_THROWS_AS(attack(folder.path, m, 1, stopped_program, settings), Stopped);
    attack(folder.path, m, -1, stopped_program, settings);
    check_equal(files(whole.path()), files(folder.path));
    const std::size_t paid = read_ledger(folder.path / "ledger.jsonl").evaluations.size();
    CHECK(*whole_program.calls == paid);  // readings and resumed attacks ask nothing
    CHECK(*stopped_program.calls == paid);
  }
}

TEST_CASE("an attempt of a program may succeed once and fail or go unjudged another time") {
  const ProgramTask program;
  const TemporaryFolder folder;
  attack(folder.path, method_for(program, "banel-paper"), -1, program, {.seed = 3, .samples = 0});
  std::map<Attempt, std::set<Reward>> rewards;
  std::map<std::string, int> kinds;
  for (const Evaluation& e : read_ledger(folder.path / "ledger.jsonl").evaluations) {
    rewards[e.attempt].insert(e.verdict.reward);
    ++kinds[e.verdict.kind];
    CHECK((e.verdict.kind == "timeout") == (e.verdict.reward == Reward::unjudged));
    CHECK((e.verdict.kind == "crash") == (e.verdict.reward == Reward::success));
  }
  CHECK(kinds.size() == 3);
  const auto wavers = [](const auto& entry) { return entry.second.size() > 1; };
  CHECK(std::any_of(rewards.begin(), rewards.end(), wavers));
}

TEST_CASE("readings of a program are what was paid since the last one") {
  const ProgramTask program;
  const TemporaryFolder folder;
  const AttackResult result =
      attack(folder.path, method_for(program, "banel-paper"), -1, program, {.seed = 3, .samples = 0});
  const std::vector<Evaluation> paid = read_ledger(folder.path / "ledger.jsonl").evaluations;
  std::size_t first = 0;
  for (const RoundRecord& reading : result.readings()) {
    const auto last = static_cast<std::size_t>(reading.nre);
    CHECK(reading.measured->success.n == static_cast<std::int64_t>(last - first));
    CHECK_FALSE(reading.filter);
    std::int64_t rewarded = 0;
    for (; first < last; ++first) rewarded += paid[first].verdict.reward == Reward::success;
    CHECK(reading.measured->success.k == rewarded);
  }
  CHECK(first == paid.size());
}

TEST_CASE("an attack on a question goes on to the same bytes and is read back") {
  const TemporaryFolder network;
  PromptedTask question(7);
  question.open(network.path, Access::make, ProgressMode::quiet);
  for (const char* name : {"banel", "grpo"}) {
    CAPTURE(name);
    const Method m = method_for(question, name);
    const WholeAttack whole(m, question);
    const TemporaryFolder folder;
    CHECK_THROWS_AS(attack(folder.path, m, 2, question), Stopped);
    attack(folder.path, m, -1, question);
    check_equal(files(whole.path()), files(folder.path));
    CHECK(read_attack(folder.path).rounds.size() == whole.result.rounds.size());
    std::set<Reward> rewards;
    for (const Evaluation& e : read_ledger(folder.path / "ledger.jsonl").evaluations)
      rewards.insert(e.verdict.reward);
    CHECK(rewards.size() == 2);
  }
}

TEST_CASE("questions share a network and have prompts and verdicts and fingerprints of their own") {
  const TemporaryFolder network;
  PromptedTask seven(7), two(2);
  CHECK_THROWS_AS(seven.open(network.path, Access::read, ProgressMode::quiet), InputError);
  seven.open(network.path, Access::make, ProgressMode::quiet);
  two.open(network.path, Access::read, ProgressMode::quiet);
  CHECK(seven.fingerprint() != two.fingerprint());
  CHECK(seven.prior().state() == two.prior().state());
  const std::vector<Attempt> answers{"34.", "11."};
  CHECK(seven.prior().log_prob(answers) != two.prior().log_prob(answers));
  CHECK(seven.judge()(answers)[0].reward == Reward::success);
  CHECK(two.judge()(answers)[0].reward == Reward::failure);
  const TemporaryFolder folder;
  const Method m = method_for(seven, "banel");
  CHECK_THROWS_AS(attack(folder.path, m, 1, seven), Stopped);
  CHECK_THROWS_AS(attack(folder.path, m, -1, two), InputError);
}

TEST_CASE("a method that needs a network refuses another prior by name") {
  const ProgramTask program;
  const TemporaryFolder folder;
  for (const char* name : {"rnd", "rnd-score", "temperature"})
    CHECK_THROWS_WITH_AS(
        attack(folder.path / name, method_for(program, name), -1, program, {.seed = 3, .samples = 0}),
        doctest::Contains(name), UsageError);
}

}  // namespace
}  // namespace banel
