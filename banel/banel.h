// BaNEL: Bayesian Negative Evidence Learning (Lee, Amos & Fanti 2025, arXiv 2510.09596), Algorithms 1 and 2.
// Learns from failures alone: a second model phi is fitted to the failed attempts, and the attacker theta
// moves to where theta / phi is large.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "banel/best.h"
#include "banel/novelty.h"
#include "banel/oracle.h"
#include "banel/posterior.h"

namespace banel {

enum class Memory {
  regions,  // Algorithm 1: theta stays, every (phi_t, tau_t) is kept and filters all later draws
  distil    // Algorithm 2: the accepted proposals are distilled into theta, phi is forgotten
};

struct Settings {
  std::int64_t budget = 7500;   // evaluations in all (NRE)
  std::size_t per_round = 250;  // m: attempts per round, >= 1
  // Evaluations at the beginning of a round; without a reward among them the other attempts are not evaluated
  // but taken for failures, which nearly all of them are. 0: every attempt is evaluated, as in the paper.
  std::size_t probe = 0;
  std::size_t accepted = 2000;  // n: proposals kept per round, >= 1
  double f = 4;                 // filter factor, >= 1: f n proposals are drawn
  double kappa = 1;             // exponent of p_phi in the ratio
  int phi_epochs = 30;          // E: passes over the failures
  int distil_epochs = 4;        // E_d: passes over the accepted proposals
  // Standard deviations by which what was earned since may fall short of the best attacker before theta goes
  // back to it; 0: it never does, as in the paper. With patience the best attacker is handed over in the end.
  double patience = 0;
  std::size_t restart = 0;  // rounds without a better attacker before theta begins anew; 0: it never does
  std::int64_t scout = 0;   // about the first so many evaluations are those of scouts (scout.h)
  bool screened = true;     // drop invalid, repeated and already submitted strings; they are never evaluated
  Memory memory = Memory::distil;
  double kl =
      0.1;  // policy gradient (policy.h): weight of the KL penalty, in standard deviations of the bonus
};

// One round, for logs and measurements.
struct Round {
  std::size_t number = 0;          // 1, 2, ...
  Draws attempts;                  // X, as far as it was evaluated
  std::vector<bool> rewards;       // r(x) of these
  std::vector<Attempt> assumed;    // the rest of X, taken for failures without an evaluation
  std::vector<Attempt> failures;   // F: the evaluated ones first
  Way way = Way::on;               // unless on, the round ended here and nothing was learned from F
  std::shared_ptr<Generator> phi;  // the failure model, if the method has one
  double phi_loss = 0;             // nats per token of the last epoch on the failures; 0 without phi
  double tau = 0;
  Draws proposals;                      // P
  std::vector<Attempt> accepted;        // A
  std::optional<double> gradient_norm;  // policy gradients: the largest of the round's updates
  std::int64_t positives() const;       // how many of the rewards are 1
};

// All that a run carries from one round to the next, beside the oracle's ledger.
struct State {
  std::unique_ptr<Generator> theta;                  // starts as the pre-trained attacker
  std::vector<Region> regions;                       // Algorithm 1 only
  std::size_t rounds = 0;                            // completed
  Best best = {};                                    // with patience only
  Earned survivors = {};                             // by the scouts that are in theta; with scout only
  std::shared_ptr<const Generator> pretrained = {};  // what theta may begin anew from; with restart or scout
  // What would be handed over.
  const Generator& attacker() const { return best.overall().theta ? *best.overall().theta : *theta; }
};

// What a learner may use in a round beside its result.
struct Context {
  const Settings& settings;
  const Oracle& oracle;
  const Screen* screen;  // null if nothing is screened
  std::uint64_t seed;
  Stream stream(std::string_view purpose, const Round& round) const {
    return {seed, purpose, static_cast<std::uint32_t>(round.number)};
  }
};

// What a method makes of a round's failures (Algorithm 2, lines 6 to 11). The methods of the comparison
// differ here, or in the oracle they are given, and share everything else.
class Learner {
 public:
  virtual ~Learner() = default;
  // Changes state.theta (or state.regions); false if it can go no further, the round does not count then.
  virtual bool learn(State&, Round&, const Context&) = 0;
  // What a learner itself carries from round to round is a function of the failures it has seen; a resumed
  // run shows it those of each completed round again.
  virtual void recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) {
    (void)failures, (void)round, (void)seed;
  }
};

// How proposals are scored (Algorithm 2, line 8): higher is kept.
struct Score {
  bool uses_phi = true;
  std::function<std::vector<double>(std::span<const Proposal>, const Generator& phi, const Settings&,
                                    Stream random)>
      of;
  std::shared_ptr<Novelty> novelty = {};  // shown the failures before the proposals are scored
};
Score ratio_score();                            // BaNEL: log p_theta - kappa log p_phi
Score tail_score();                             // control: -log p_theta, whatever theta finds unlikely
Score random_score();                           // control: uniform in [0, 1)
Score novelty_score(std::shared_ptr<Novelty>);  // another measure of novelty in the place of p_phi

// BaNEL: fits phi to the failures, filters proposals by the score, distils what is left or keeps the region.
class Banel : public Learner {
 public:
  explicit Banel(Score score) : score_(std::move(score)) {}
  bool learn(State&, Round&, const Context&) override;
  void recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) override;

 private:
  Score score_;
};

// Learns nothing: theta stays what it is (temperature sampling, exact memory).
class Unchanged : public Learner {
 public:
  bool learn(State&, Round&, const Context&) override { return true; }
};

// Runs rounds until the budget is used, from state.rounds on; after_round sees the state and the round just
// completed, and ends the run by returning false. `known_zero(x)` is true for attempts whose reward is 0
// without asking; it is used only when screened. The last round is shorter if m does not divide the budget.
void run(State& state, Oracle& oracle, const Settings& settings, Learner& learner,
         const std::function<bool(const Attempt&)>& known_zero, std::uint64_t seed,
         const std::function<bool(const State&, const Round&)>& after_round);

}  // namespace banel
