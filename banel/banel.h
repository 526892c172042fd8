// BaNEL: Bayesian Negative Evidence Learning (Lee, Amos & Fanti 2025, arXiv 2510.09596), Algorithms 1 and 2.
//
// An attacker theta writes strings, an oracle rewards very few of them and each answer is expensive. BaNEL
// learns from the failures: it fits a second model phi to them and moves theta to where p_theta / p_phi is
// large. first_steps.cpp explains why and runs the bare algorithm; read it first. Here it runs at full scale:
//
//   State state{attacker.clone()};
//   Oracle oracle(judge, 7500, "ledger.jsonl");
//   Banel learner(ratio_score());
//   run(state, oracle, Settings{}, learner, may_succeed, seed, after_round);
//   state.theta->sample(...);                                                  // the trained attacker
//
// Algorithm 2, and where each line is (banel.cpp carries the numbers; the paper does not number its lines):
//
//   1   theta <- the pre-trained attacker                    banel.cpp: run
//   2   while evaluations are left                           banel.cpp: run, Oracle::used
//   3     X <- m samples from p_theta                        posterior.cpp: draw
//   4     r(x) for x in X, by the oracle                     early_abort.cpp: evaluate, Oracle::evaluate
//   5     F <- {x in X : r(x) = 0}                           banel.cpp: failures_of
//   6     phi <- fit(copy of theta, F)                       Generator::clone, Generator::fit
//   7     P <- f n samples from p_theta                      posterior.cpp: draw
//   8     s(x) <- log p_theta(x) - kappa log p_phi(x)        banel.cpp: ratio_score, posterior.cpp: log_ratio
//   9     tau <- the n-th largest s(x) over P                posterior.cpp: threshold
//   10    A <- the n proposals with s(x) >= tau              banel.cpp: accept
//   11    theta <- fit(theta, A)                             Generator::fit
//
// Line 10 keeps exactly n: of the proposals that score tau, the first ones drawn. If fewer than f n could be
// drawn, one in f is kept. A round without a failure teaches nothing: lines 6 to 11 are skipped.
//
// Algorithm 1 keeps the region (phi, kappa, tau) of each round in place of line 11, and lines 3 and 7 draw
// only what no region rejects. In both, a string that was ever rewarded is neither a failure nor accepted.
// (It is left out of the n that line 10 keeps, so A may be smaller.)
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "banel/novelty.h"
#include "banel/oracle.h"
#include "banel/posterior.h"
#include "banel/rollback.h"

namespace banel {

enum class Memory {
  regions,  // Algorithm 1: theta stays as it is, and the regions of all rounds restrict it
  distil    // Algorithm 2: theta is fitted to the accepted proposals, and phi is dropped
};

// What phi is fitted to (line 5). BaNEL uses the failures; the others are controls, and break the rule that a
// rewarded string is neither a failure nor accepted. They are for scores without a novelty.
enum class Evidence {
  failures,  // the attempts that failed
  attempts,  // all attempts, so that no reward reaches phi
  shuffled   // the attempts that failed once the rewards of each batch are dealt to its attempts at random;
             // the ledger keeps the true ones. Needs screening, or a string could get two rewards.
};

// The defaults are ours; the paper gives the budget and chooses f by task.
struct Settings {
  std::int64_t budget = 7500;  // evaluations in all, >= 1; run() obeys the oracle, which the caller gives it
  std::size_t m = 250;         // attempts per round, >= 1
  std::size_t n = 2000;        // accepted proposals per round, >= 1
  // Beyond the paper: attempts of a round that are evaluated first. If none of them is rewarded, the others
  // are taken for failures without an evaluation. 0: all attempts are evaluated.
  std::size_t early_abort = 0;
  double f = 4;               // filter factor, 1..1000: one proposal in f is accepted
  double kappa = 1;           // exponent of p_phi in the ratio, >= 0
  Fit phi = {30, 1e-3, 64};   // how phi is fitted to the failures
  Fit theta = {4, 1e-3, 64};  // how theta is fitted to the accepted proposals, and by policy gradients
  // Beyond the paper: how far, in standard deviations, the rewards since the best attacker may fall short of
  // its share before theta is rolled back to it (rollback.h); 0: never. Above 0, run ends with the best one.
  double patience = 0;
  // Beyond the paper: rounds without a better attacker until theta restarts; 0: never.
  std::size_t restart = 0;
  // Beyond the paper: rounds are scouting rounds (scout.h) until so many evaluations are used.
  std::int64_t scout = 0;
  // Beyond the paper: what cannot succeed or was submitted before is neither submitted nor accepted.
  bool screened = true;
  // Whether the run ends when a round cannot be filled. Of a pool only a handful of strings may be left, and
  // a region whose tau is among them would reject everything.
  bool whole_rounds = false;
  Memory memory = Memory::distil;
  Evidence evidence = Evidence::failures;
  double kl = 0.1;  // policy gradients: weight of the KL penalty, in root mean squares of the bonus; >= 0
};

// What happened in one round.
struct Round {
  std::size_t number = 0;               // 1, 2, ...
  Draws attempts = {};                  // X, without the attempts in `assumed`
  std::vector<Reward> rewards = {};     // r(x) of attempts.kept, or what Evidence::shuffled dealt them
  std::vector<Attempt> assumed = {};    // attempts taken for failures without an evaluation (early abort)
  std::vector<Attempt> failures = {};   // F: those evaluated, then those assumed
  Outcome outcome = Outcome::learned;   // otherwise phi and all below it are empty
  std::shared_ptr<Generator> phi = {};  // the failure model; null if the method has none
  double phi_loss = 0;                  // of phi's last epoch on F, nats per token; 0 without phi
  double tau = 0;                       // in the units of the score
  Draws proposals = {};                 // P
  std::vector<Attempt> accepted = {};   // A
  std::optional<double> gradient_norm = {};  // policy gradients: the largest of the round's steps
  std::int64_t positives() const;            // number of rewards that are Reward::success
};

// An attacker grown from finds (auto.h).
struct Grown {
  std::shared_ptr<const Generator> theta = {};
  std::vector<std::size_t> finds = {};  // its latest rewarded evaluations: indices of Oracle::paid()
  std::size_t found = 0, fitted = 0;    // finds so far; those when theta was fitted
  std::int64_t evaluations = 0;
  Tally recent = {};  // of its latest strings
};

// What `auto` carries from round to round besides theta, its search.
struct Search {
  std::vector<Grown> grown = {};
  std::shared_ptr<const Generator> united = {};  // fitted to the finds of all; null before the first find
  std::int64_t united_at = 0;                    // evaluations when `united` was fitted
  std::size_t steps = 0, failed_searches = 0;    // of the present search; since the last find
  std::int64_t explored = 0;                     // evaluations of exploring rounds
};

// All that a run carries from round to round besides the oracle's ledger and the learner.
struct State {
  std::unique_ptr<Generator> theta = {};  // the pre-trained attacker at first
  std::vector<Region> regions = {};       // Memory::regions only
  std::size_t rounds = 0;                 // completed
  Best best = {};                         // patience > 0 only
  Tally survivors = {};                   // of the scouts that theta was fitted to
  Search search = {};
  std::shared_ptr<const Generator> pretrained = {};  // needed by `restart` and `scout` only

  // The attacker a run ends with: the one grown from finds, the best one under rollback, otherwise theta.
  const Generator& attacker() const {
    if (search.united) return *search.united;
    return best.overall().theta ? *best.overall().theta : *theta;
  }
};

// What a learner may use besides the round.
struct Context {
  const Settings& settings;
  const Oracle& oracle;
  const Screen* screen;  // null if nothing is screened
  std::uint64_t seed;

  // Whether x was ever rewarded and may therefore train no model.
  bool withheld(const Attempt& x) const {
    return settings.evidence == Evidence::failures && oracle.succeeded(x);
  }
  Stream stream(std::string_view purpose, const Round& round) const {
    return {seed, purpose, static_cast<std::uint32_t>(round.number)};
  }
};

// What a method makes of a round (lines 6 to 11). The methods of the comparison share the outer loop and
// differ in their learner.
class Learner {
 public:
  virtual ~Learner() = default;

  // At most n strings for the oracle (line 3). Most learners draw them from theta.
  virtual Draws attempts(const State&, const Round&, std::size_t n, const Context&);

  // Changes state.theta or state.regions. False ends the run, because there is nothing left to learn from;
  // the round then does not count.
  virtual bool learn(State&, Round&, const Context&) = 0;

  // Shows the failures of a round from which theta does not learn: one that was rolled back, restarted or
  // scouted, or, when a run is resumed, each completed round in order. A learner that carries something from
  // round to round must get it from these failures alone, so that a resumed run equals an uninterrupted one.
  virtual void recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) {
    (void)failures, (void)round, (void)seed;
  }
};

// How proposals are scored (line 8). The n highest scores pass.
struct Score {
  bool uses_phi = true;  // if false, phi is not fitted and `of` is handed a copy of theta in its place
  std::function<std::vector<double>(std::span<const Proposal>, const Generator& phi, const Settings&,
                                    Stream random)>
      of;
  std::shared_ptr<Novelty> novelty = {};  // visits the failures before proposals are scored
};
Score ratio_score();                            // BaNEL: log p_theta - kappa log p_phi
Score tail_score();                             // control: -log p_theta, so the least likely strings pass
Score random_score();                           // control: uniform in [0, 1)
Score novelty_score(std::shared_ptr<Novelty>);  // control: a novelty bonus in place of the ratio

// Lines 6 to 11 with any score; BaNEL itself with ratio_score().
class Banel : public Learner {
 public:
  explicit Banel(Score score) : score_(std::move(score)) {}
  bool learn(State&, Round&, const Context&) override;
  void recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) override;

 private:
  Score score_;
};

// Learns nothing: a control that samples from the pre-trained attacker to the end. It draws for as long as
// methods that learn from a pool do, even if it asks for one string at a time.
class Unchanged : public Learner {
 public:
  Draws attempts(const State&, const Round&, std::size_t n, const Context&) override;
  bool learn(State&, Round&, const Context&) override { return true; }
};

// Runs rounds from state.rounds on until the budget is used or no new string can be drawn. The last round is
// shorter if m does not divide the budget.
//   may_succeed   false for attempts whose reward is 0 without asking. Used only if settings.screened, which
//                 also keeps out what the oracle has seen.
//   after_round   is shown the state and the round after each completed round, and ends the run by returning
//                 false. The run then skips its last step, which sets theta to state.attacker().
// Errors: those of validate(), before the first evaluation; those of the oracle and the models.
void run(State& state, Oracle& oracle, const Settings& settings, Learner& learner, const Screen& may_succeed,
         std::uint64_t seed, const std::function<bool(const State&, const Round&)>& after_round);

// Errors: UsageError for a setting that is out of range, or that needs another one.
void validate(const Settings&);

}  // namespace banel
