// Policy gradients in the loop of BaNEL: the bonus methods of the comparison, and the bare reward.
#pragma once
#include "banel/banel.h"

namespace banel {

// REINFORCE (Williams 1992) on a novelty bonus of the failures, with a KL penalty to the pre-trained
// attacker:
//   R(x) = bonus(x) / s - kl (log p_theta(x) - log p_theta0(x)),   s the root mean square of all bonuses so
//   far advantage = (R - mean R) / deviation R over the round;   theta climbs the mean of advantage log
//   p_theta(x)
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
  double squares_ = 0, visits_ = 0;  // of all bonuses so far
};

enum class Baseline {
  none,  // REINFORCE: advantage = r(x)
  group  // GRPO (Shao et al. 2024, arXiv 2402.03300): (r - mean) / deviation over the round, 0 if all agree
};

// Policy gradient on the task reward alone. While every reward is 0 the gradient is exactly 0.
class RewardGradient : public Learner {
 public:
  explicit RewardGradient(Baseline baseline) : baseline_(baseline) {}
  bool learn(State&, Round&, const Context&) override;

 private:
  Baseline baseline_;
};

// (x - mean) / deviation; all 0 if the values do not differ.
std::vector<double> standardised(std::vector<double> values);

}  // namespace banel
