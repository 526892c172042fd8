// Auto: searches for novelty until something is rewarded, then learns from what was found as well as from what
// failed. Beyond the paper (ours), and against its rule: rewarded strings train the attacker. For example
//
//   Auto learner(attacker);
//   run(state, oracle, settings, learner, may_succeed, seed, after_round);
//   state.attacker().sample(...);                         // state.search.grown, or theta if nothing was found
//
// BaNEL needs no success but finds only what lies where the prior is thin. Learning from finds needs one success
// and does not care where it lies. Auto pays for both from one budget:
//
//   1   theta <- the prior;  A <- nothing;  S <- {}                                      auto.cpp: begin
//   2   each round: explore if there is no A or exploring has used less than a quarter   Auto::attempts
//         of the evaluations, otherwise exploit
//   explore
//   3     X <- 5 samples of theta and 5 of the prior for each search in vain so far,     Auto::explore
//           at most 20; none that A explains: log p_A(x) - log p_prior(x) >= 4 nats
//   4     r(x) for x in X;  S <- S u {x in X : r(x) = 1}
//   5     theta <- a BaNEL step from theta (Algorithm 2, lines 6 to 11) on the failures  Auto::search
//           and 45 more samples, which are taken for failures. A new search starts from
//           the prior after a find, after 60 steps, or where A explains what theta writes.
//   exploit
//   6     X <- 10 samples of A;  r(x) for x in X;  S <- S u {x in X : r(x) = 1}          Auto::attempts
//   whenever S has grown by two fifths, by a find of exploring, or in 500 evaluations
//   7     phi <- fit(prior, the latest failures that A explains)                         Auto::filtered
//   8     P <- the half of A's samples with the largest p_A / p_phi
//   9     A <- fit(prior, P u S evened out: draws with weights p_A(x)^(-1/2))            Auto::grow
//
// Lines 7 and 8 are BaNEL's step where the ratio says something: near finds, success and failure are both
// common. The weights of line 9 widen A, because a find that A would seldom write counts more.
#pragma once
#include "banel/banel.h"

namespace banel {

class Auto : public Learner {
 public:
  explicit Auto(std::unique_ptr<Generator> prior) : prior_(std::move(prior)) {}
  Draws attempts(const State&, const Round&, std::size_t n, const Context&) override;
  bool learn(State&, Round&, const Context&) override;

 private:
  std::vector<bool> explained(const Search&, std::span<const Attempt>) const;
  Draws explore(const State&, const Round&, std::size_t n, const Context&);
  void search(State&, Round&, const Context&);
  bool due(const Search&, std::size_t finds, std::int64_t used) const;
  std::vector<Attempt> filtered(const Search&, const Round&, const Context&) const;
  void grow(State&, const Round&, const Context&) const;

  std::unique_ptr<Generator> prior_;
  // Of the present round only:
  bool exploring_ = true;
  std::size_t of_prior_ = 0;   // the first attempts are those of the prior, the others of theta
  std::vector<Attempt> rest_;  // samples of theta that are not evaluated
  bool crowded_ = false;       // A explains most of what theta writes
};

}  // namespace banel
