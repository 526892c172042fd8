// Auto: searches for novelty until something is rewarded, then grows attackers from what was found. Beyond the
// paper (ours), and against its rule: rewarded strings train the attacker. For example
//
//   Auto learner(attacker);
//   run(state, oracle, settings, learner, may_succeed, seed, after_round);
//   state.attacker().sample(...);                                 // the united attacker, if anything was found
//
// BaNEL needs no success but finds only what lies where the prior is thin. Learning from finds needs one success
// and does not care where it lies. Auto pays for both from one budget:
//
//   1   theta <- the prior; no attacker A_k                                              State
//   2   each round: explore while there is no A_k or exploring has used less than a      Auto::attempts
//         quarter of the evaluations; otherwise exploit
//   explore
//   3     X <- 5 samples of theta and 5 of the prior for each search in vain so far,     Auto::explore
//           at most 20; none that an A_k explains: log p_k(x) - log p_prior(x) >= 2 nats
//   4     each rewarded x that no A_k explains founds one, A_k <- fit(prior, {x})        Auto::found
//   5     theta <- a BaNEL step from theta (Algorithm 2, lines 6 to 11) on the failures  Auto::search
//           and 45 more samples, which are taken for failures. A new search starts from
//           the prior after a find, after 60 steps, or where the A_k explain what theta writes.
//   exploit
//   6     X <- 10 samples of the A_k asked least of those that earn at least half of     Auto::next
//           what the best one earns
//   7     A_k <- fit(prior, its latest 512 finds) when they have grown by half           Auto::grow
//   8   now and then, and at the end: A <- fit(prior, the latest finds of all A_k that   Auto::unite
//         earn nearly as much as the best), the attacker handed over
//
// Each fit begins at the prior and sees only strings that the fit before it wrote, so p_k is multiplied by the
// success rate each time: A_k moves to where success is certain and stays as wide as the prior allows. Attackers
// are kept apart until line 8, because a kind that still fails often would die out beside one that succeeds.
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
  void found(Search&, std::size_t evaluation, const Round&, const Context&) const;
  void search(State&, Round&, const Context&);
  void grow(Search&, Grown&, const Round&, const Context&) const;
  void unite(Search&, const Round&, const Context&) const;
  std::unique_ptr<Generator> fitted(std::span<const Attempt>, std::string_view purpose, std::size_t k,
                                    const Round&, const Context&) const;

  std::unique_ptr<Generator> prior_;
  // Of the present round only:
  std::optional<std::size_t> exploited_;  // k; none while exploring
  std::size_t of_prior_ = 0;              // the first attempts are those of the prior, the others of theta
  std::vector<Attempt> rest_;             // samples of theta that are not evaluated
  bool crowded_ = false;                  // the attackers explain most of what theta writes
};

}  // namespace banel
