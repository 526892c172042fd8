#include "tasks/run/reading.h"

#include <doctest/doctest.h>

#include "banel/generators/pool.h"
#include "tasks/base/stats.h"
#include "tests/support/tiny/tiny_attack.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

TEST_CASE("readings are a thirtieth of the budget apart at first and a fifth in the end") {
  Method m = tiny::method("random");
  m.settings.m = 1;
  const TemporaryFolder folder;
  std::vector<std::int64_t> read_at;
  for (const RoundRecord& round : tiny::attack(folder.path, m).readings()) read_at.push_back(round.nre);
  CHECK(read_at == std::vector<std::int64_t>{2, 4, 7, 10, 14, 19, 25, 33, 43, 55, 60});
}

TEST_CASE("a filter is judged on what it was given and kept and phi on the failures among the first") {
  const Method m = tiny::method("banel");
  const Task& task = tiny::task();
  Oracle oracle(task.judge(), 60);
  Reader reader(task, m, tiny::attack_settings, oracle);
  const State state{.theta = task.prior().clone()};
  Round round{.number = 1};
  round.phi = task.prior().clone();
  round.proposals.kept = task.prior().sample(200, {1, "proposals"});
  const std::vector<Attempt> proposed = texts(round.proposals.kept);
  round.accepted.assign(proposed.begin(), proposed.begin() + 50);
  RoundRecord record{.nre = 60};
  reader.read(record, state, round, true, {});
  REQUIRE(record.filter);

  std::vector<Attempt> failures;
  std::int64_t kept = 0;
  const std::vector<Verdict> verdicts = task.judge()(proposed);
  for (std::size_t i = 0; i < proposed.size(); ++i) {
    const bool success = verdicts[i].reward == Reward::success;
    if (!success) failures.push_back(proposed[i]);
    kept += success && i < 50;
  }
  double nats = 0;
  for (const double log_p : round.phi->log_prob(failures)) nats -= log_p;
  REQUIRE(failures.size() < proposed.size());
  CHECK(record.filter->proposal_success.k == std::ssize(proposed) - std::ssize(failures));
  CHECK(record.filter->proposal_success.n == 200);
  CHECK(record.filter->accepted_success.k == kept);
  CHECK(record.filter->accepted_success.n == 50);
  CHECK(record.filter->phi_heldout == doctest::Approx(nats / static_cast<double>(tokens_of(failures))));
}

TEST_CASE("a ranking compares the scores of the proposals that succeed with those of the others") {
  const Method m = tiny::method("banel");
  const Task& task = tiny::task();
  Oracle oracle(task.judge(), 60);
  AttackSettings settings = tiny::attack_settings;
  settings.ranking = true;
  Reader reader(task, m, settings, oracle);
  const State state{.theta = task.prior().clone()};
  Round round{.number = 1};
  round.proposals.kept = task.prior().sample(700, {1, "proposals"});  // more than a filter's reading takes
  const std::vector<Attempt> proposed = texts(round.proposals.kept);
  const std::vector<Verdict> verdicts = task.judge()(proposed);
  std::vector<Attempt> failed;
  for (std::size_t i = 0; i < proposed.size(); ++i)
    if (verdicts[i].reward == Reward::failure) failed.push_back(proposed[i]);
  round.phi = task.prior().clone();
  round.phi->fit(failed, {.epochs = 5, .rate = 1e-2}, {1, "phi"});
  round.failures = {failed[0], failed[1]};
  const std::int64_t taught = std::ranges::count_if(
      proposed, [&](const Attempt& x) { return x == round.failures[0] || x == round.failures[1]; });
  RoundRecord record{.nre = 60};
  reader.read(record, state, round, true, {});
  REQUIRE(record.ranking);
  CHECK(record.ranking->failures == std::ssize(failed) - taught);
  CHECK(record.ranking->success().n == 700 - taught);

  const std::vector<double> phi = round.phi->log_prob(proposed);
  std::vector<double> likely_positive, likely_negative, ratio_positive, ratio_negative;
  for (std::size_t i = 0; i < proposed.size(); ++i) {
    const double log_p = round.proposals.kept[i].log_prob;
    const bool success = verdicts[i].reward == Reward::success;
    if (proposed[i] == round.failures[0] || proposed[i] == round.failures[1]) continue;
    (success ? likely_positive : likely_negative).push_back(-log_p);
    (success ? ratio_positive : ratio_negative).push_back(log_p - 0.3 * phi[i]);
  }
  const auto area = [&](const std::string& key) {
    for (std::size_t i = 0; i < ranking_scores.size(); ++i)
      if (ranking_scores[i].key == key) return record.ranking->area[i];
    return -1.0;
  };
  CHECK(area("tail") == roc_area(likely_positive, likely_negative));
  CHECK(area("kappa_0.3") == roc_area(ratio_positive, ratio_negative));
  CHECK(area("kappa_1") > area("kappa_0.1"));  // all failures taught it
  CHECK(area("prior_tail") == doctest::Approx(area("tail")).epsilon(0.01));
  CHECK(area("gain") == 0.5);  // theta is still the prior
  round.phi = nullptr;
  reader.read(record = {.nre = 60}, state, round, true, {});
  CHECK_FALSE(record.ranking);
}

TEST_CASE("an attacker with a pool is measured on strings that its method never saw") {
  const Method m = tiny::method("banel-pool");
  const Task& task = tiny::task();
  const std::vector<Proposal> one = task.prior().sample(1, {1, "pool"});
  const State state{.theta = std::make_unique<PoolGenerator>(task.prior(), one)};
  const Measurement reading = measure_attacker(task, m, state, all_may_succeed, task.judge(), 100, 3);
  CHECK(reading.distinct.n == 100);
  CHECK(reading.distinct.k > 1);
}

}  // namespace
}  // namespace banel
