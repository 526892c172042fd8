// Learning from finds: theta imitates what was rewarded, as in the cross-entropy method. The price of the
// paper's rule, which is to train on no rewarded string, is the distance to this row of a table. Ours.
//
//   Finds learner(prior.clone());
//   run(state, oracle, settings, learner, may_succeed, seed, after_round);
#pragma once
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "banel/banel.h"

namespace banel {

// After a round that rewarded a new string, theta <- fit(copy of the prior, the last 256 rewarded strings),
// in about 60 gradient steps with rate and batch of settings.theta. One attempt in five comes from the prior,
// so that finds of other kinds stay possible; so do those for which theta writes nothing new.
class Finds : public Learner {
 public:
  explicit Finds(std::unique_ptr<Generator> prior) : prior_(std::move(prior)) {}
  Draws attempts(const State&, const Round&, std::size_t n, const Context&) override;
  bool learn(State&, Round&, const Context&) override;

 private:
  std::unique_ptr<Generator> prior_;
};

// The strings that were rewarded, each once, in the order of their first reward.
std::vector<Attempt> rewarded(std::span<const Evaluation>);

}  // namespace banel
