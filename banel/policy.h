// Policy gradients, the rivals of BaNEL: they run in the same loop and differ in how theta learns from a
// round. For example
//
//   RewardGradient grpo(Baseline::group);
//   run(state, oracle, settings, grpo, may_succeed, seed, after_round);
//
// settings.theta gives learning rate and batch; each round is one pass.
#pragma once
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "banel/banel.h"

namespace banel {

// REINFORCE (Williams 1992) on a novelty bonus, with a KL penalty to the pre-trained attacker. For the
// failures x of a round
//   R(x) = bonus(x) / s - kl (log p_theta(x) - log p_pretrained(x)),   s = root mean square of all bonuses
//   A(x) = standardised R(x)                                           the advantage
// and theta ascends the mean of A(x) log p_theta(x). Rewarded attempts are not used.
class BonusGradient : public Learner {
 public:
  BonusGradient(std::shared_ptr<Novelty> novelty, std::unique_ptr<Generator> pretrained)
      : novelty_(std::move(novelty)), pretrained_(std::move(pretrained)) {}
  bool learn(State&, Round&, const Context&) override;
  void recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) override;

 private:
  std::vector<double> visit(std::span<const Attempt>, std::size_t round, std::uint64_t seed);
  std::shared_ptr<Novelty> novelty_;
  std::unique_ptr<Generator> pretrained_;
  double squares_ = 0, visits_ = 0;  // sum of the squared bonuses so far, and their number
};

enum class Baseline {
  none,  // REINFORCE: A(x) = r(x)
  group  // GRPO (Shao et al. 2024, arXiv 2402.03300): A(x) = standardised r(x)
};

// Policy gradient on the reward itself: theta ascends the mean of A(x) log p_theta(x) over the attempts of
// the round that could be judged. As long as all rewards are 0, so are all advantages and the gradient,
// exactly.
class RewardGradient : public Learner {
 public:
  explicit RewardGradient(Baseline baseline) : baseline_(baseline) {}
  bool learn(State&, Round&, const Context&) override;

 private:
  Baseline baseline_;
};

// Learning from failures by pushing them away, with no regard to successes.
enum class Penalty {
  likelihood,   // negative sample reinforcement (Zhu et al. 2025, arXiv 2506.01347): REINFORCE with reward -1
                // for a failure and nothing for a success, so theta descends the mean of log p_theta(x)
  unlikelihood  // the bounded form, token by token: Generator::unlearn
};

class FailureGradient : public Learner {
 public:
  explicit FailureGradient(Penalty penalty) : penalty_(penalty) {}
  bool learn(State&, Round&, const Context&) override;

 private:
  Penalty penalty_;
};

// (x - mean) / deviation, with the deviation of the population; all 0 if the values are equal up to rounding.
std::vector<double> standardised(std::vector<double> values);

}  // namespace banel
