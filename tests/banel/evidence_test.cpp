// The controls of what phi is fitted to.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/tiny/toy_run.h"

namespace banel {
namespace {

// A run over many words, screened, with early abort, and what its fits saw.
struct Controlled {
  std::vector<std::vector<Attempt>> phi_fits, submitted, assumed;
  std::vector<std::vector<Reward>> rewards;
  std::vector<std::int64_t> true_positives;
  std::vector<double> theta;
  std::size_t accepted_rewarded = 0;

  explicit Controlled(Evidence evidence, std::uint64_t seed = 1, bool screened = true,
                      std::function<bool(const Attempt&)> success = ToyJudge::reward) {
    const auto watch = [this](std::span<const Attempt> attempts, std::string_view purpose) {
      if (purpose == "phi") phi_fits.emplace_back(attempts.begin(), attempts.end());
    };
    State state{std::make_unique<ToyGenerator>(2000, watch)};
    Settings settings = toy_settings(screened, Memory::distil);
    settings.m = 20;
    settings.n = 500;
    settings.f = 2;
    settings.early_abort = 5;
    settings.evidence = evidence;
    Oracle oracle(judge_by(success), 200);
    Banel learner(ratio_score());
    std::size_t paid = 0;
    run(state, oracle, settings, learner, all_may_succeed, seed, [&](const State&, const Round& round) {
      submitted.push_back(texts(round.attempts.kept));
      assumed.push_back(round.assumed);
      rewards.push_back(round.rewards);
      true_positives.push_back(0);
      for (; paid < oracle.paid().size(); ++paid)
        true_positives.back() += oracle.paid()[paid].verdict.reward == Reward::success;
      for (const Attempt& x : round.accepted) accepted_rewarded += oracle.succeeded(x);
      return true;
    });
    theta = probabilities(*state.theta);
  }
};

TEST_CASE("with all attempts as evidence no reward reaches phi") {
  const Controlled run(Evidence::attempts);
  REQUIRE(run.phi_fits.size() == run.submitted.size());
  for (std::size_t k = 0; k < run.phi_fits.size(); ++k) {
    std::vector<Attempt> all = run.submitted[k];
    all.insert(all.end(), run.assumed[k].begin(), run.assumed[k].end());
    CHECK(run.phi_fits[k] == all);
  }
  CHECK(std::count_if(run.true_positives.begin(), run.true_positives.end(), [](auto k) { return k > 0; }) >
        2);
  CHECK(Controlled(Evidence::attempts, 1, false).accepted_rewarded > 0);
  CHECK(Controlled(Evidence::failures, 1, false).accepted_rewarded == 0);
}

TEST_CASE("shuffled rewards keep the number of each batch and forget who earned them") {
  const Controlled run(Evidence::shuffled);
  std::size_t moved = 0, batches = 0;
  for (std::size_t k = 0; k < run.rewards.size(); ++k) {
    const std::vector<Reward>& dealt = run.rewards[k];
    std::vector<Attempt> failures;
    std::int64_t first = 0, first_dealt = 0, sum = 0;
    for (std::size_t i = 0; i < dealt.size(); ++i) {
      const bool success = dealt[i] == Reward::success, truth = ToyJudge::reward(run.submitted[k][i]);
      sum += success;
      if (i < 5) first += truth, first_dealt += success;
      moved += success != truth;
      if (!success) failures.push_back(run.submitted[k][i]);
    }
    CHECK(sum == run.true_positives[k]);
    CHECK(first == first_dealt);
    batches += dealt.size() > 5;
    failures.insert(failures.end(), run.assumed[k].begin(), run.assumed[k].end());
    CHECK(run.phi_fits[k] == failures);
  }
  CHECK(batches > 2);
  CHECK(moved > 10);
  CHECK(Controlled(Evidence::shuffled).rewards == run.rewards);
  CHECK(Controlled(Evidence::shuffled, 2).rewards != run.rewards);
}

// Two judges that reward as many attempts of every batch, but others.
TEST_CASE("shuffled rewards tell the learner nothing but their number") {
  const auto run = [](Evidence evidence, int place) {
    const auto asked = std::make_shared<int>(0);
    return Controlled(evidence, 3, true, [=](const Attempt&) { return (*asked)++ % 5 == place; });
  };
  const Controlled first = run(Evidence::shuffled, 0), last = run(Evidence::shuffled, 4);
  CHECK(first.phi_fits == last.phi_fits);
  CHECK(first.theta == last.theta);
  CHECK(first.submitted == last.submitted);
  CHECK(first.true_positives == std::vector<std::int64_t>(10, 4));
  CHECK(run(Evidence::failures, 0).phi_fits != run(Evidence::failures, 4).phi_fits);
}

}  // namespace
}  // namespace banel
