// Auto: searches for novelty until something is rewarded, then mostly grows attackers from what was found.
// Beyond the paper (ours), and against its rule: rewarded strings train the attacker. For example
//
//   Auto learner(prior.clone());
//   run(state, oracle, settings, learner, may_succeed, seed, after_round);
//   state.attacker().sample(...);                        // the united attacker, if anything was found
//
// BaNEL needs no success but finds only what lies where the prior is thin. Learning from finds needs one
// success and does not care where it lies. Auto pays for both from one budget:
//
//   1   theta <- the prior; no attacker A_k                                              State
//   2   each round: explore while there is no A_k or exploring has used less than a      Auto::attempts
//         third of the evaluations; otherwise exploit
//   explore
//   3     X <- 5 samples of theta; of the prior 5, and 5 more for each search in vain    Auto::explore
//           since the last find, at most 20. None that an A_k explains:
//           log p_k(x) - log p_prior(x) >= 2 nats
//   4     each rewarded x that no A_k explains founds one, A_k <- fit(prior, {x}).       Auto::found
//           There are at most 3: x takes the place of one that line 6 leaves out, or founds none.
//   5     theta <- a BaNEL step from theta (Algorithm 2, lines 6 to 11) on its failures  Auto::search
//           and 45 more samples, which are taken for failures. A new search starts from the
//           prior after a find, after 60 rounds, or where the A_k explain most of what
//           theta writes.
//   exploit
//   6     X <- 10 samples of an A_k: the one with the fewest evaluations among those     Auto::exploit
//           that earn at least half of what the best earns, or wrote fewer than 20 strings
//   7     A_k <- fit(prior, its latest 1024 finds) when they have grown by half          Auto::grow
//   8   every 750 evaluations and at the end: A <- fit(prior, the latest finds of the    Auto::unite
//         A_k with 30 finds or more that earn at least 0.8 of what the best earns)
//   9     A <- a BaNEL step from A on the latest 512 failures that an A_k explains;      Auto::unite
//         A is the attacker handed over
//
// An A_k earns its rewards per string that it wrote, repeated and invalid ones included. Each fit begins at
// the prior and sees rewarded strings of all earlier fits, so A_k moves to where success is likely. Attackers
// stay apart until line 8. In a mixture, one that still fails often would die out beside one that succeeds.
//
// The settings n, f, kappa, phi and theta are those of the step in line 5; the fits of lines 4, 7 and 8 take
// the rate of theta. Line 9 takes the rates of phi and theta, with n = 512, f = 4 and kappa = 1.
// Preconditions: screened, m >= 25, and the defaults of early_abort, patience, restart, scout, memory and
// evidence.
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
  Draws explore(const Search&, const Generator& theta, const Round&, std::size_t n, const Context&);
  Draws exploit(const Search&, const Round&, std::size_t n, const Context&);
  void found(Search&, std::size_t evaluation, const Round&, const Context&) const;
  void search(State&, Round&, const Context&);
  void grow(Grown&, const Round&, const Context&) const;
  std::vector<Attempt> explained_failures(const Search&, const Oracle&) const;
  void unite(Search&, const Round&, const Context&) const;
  std::unique_ptr<Generator> fitted(std::span<const Attempt>, std::string_view purpose, const Round&,
                                    const Context&) const;

  std::unique_ptr<Generator> prior_;
  // Of the present round only:
  std::optional<std::size_t> exploited_;  // k; none while exploring
  std::size_t of_prior_ = 0;              // the first attempts are those of the prior, the others of theta
  std::vector<Attempt> rest_;             // samples of theta that are not evaluated
  bool crowded_ = false;                  // the attackers explain most of what theta writes
};

}  // namespace banel
