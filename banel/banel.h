// BaNEL: Bayesian Negative Evidence Learning (Lee, Amos & Fanti 2025, arXiv 2510.09596), Algorithms 1 and 2.
// Learns from failures alone: a second model phi is fitted to the failed attempts, and the attacker theta
// moves to where theta / phi is large.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "banel/oracle.h"
#include "banel/posterior.h"

namespace banel {

enum class Memory {
  regions,  // Algorithm 1: theta stays, every (phi_t, tau_t) is kept and filters all later draws
  distil    // Algorithm 2: the accepted proposals are distilled into theta, phi is forgotten
};

struct Settings {
  std::int64_t budget = 7500;   // evaluations in all (NRE)
  std::size_t per_round = 250;  // m: evaluations per round, >= 1
  std::size_t accepted = 2000;  // n: proposals kept per round, >= 1
  double f = 4;                 // filter factor, >= 1: f n proposals are drawn
  double kappa = 1;             // exponent of p_phi in the ratio
  int phi_epochs = 30;          // E: passes over the failures
  int distil_epochs = 4;        // E_d: passes over the accepted proposals
  bool screened = true;  // drop invalid, repeated and already submitted strings; they are never evaluated
  Memory memory = Memory::distil;
};

// How proposals are scored (Algorithm 2, line 8): higher is kept. The controls of the comparison differ from
// BaNEL in this function, or in the oracle they are given, and share everything else.
struct Score {
  bool uses_phi = true;
  std::function<std::vector<double>(std::span<const Proposal>, const Generator& phi, const Settings&,
                                    Stream random)>
      of;
};
Score ratio_score();   // BaNEL: log p_theta - kappa log p_phi
Score tail_score();    // control: -log p_theta, whatever theta finds unlikely
Score random_score();  // control: uniform in [0, 1)

// One round, for logs and measurements.
struct Round {
  std::size_t number = 0;     // 1, 2, ...
  Draws attempts;             // X
  std::vector<bool> rewards;  // r(x) for x in X
  double phi_loss = 0;        // nats per token of the last epoch on the failures; 0 without phi
  double tau = 0;
  Draws proposals;                // P
  std::vector<Attempt> accepted;  // A
};

// All that a run carries from one round to the next, beside the oracle's ledger.
struct State {
  std::unique_ptr<Generator> theta;  // starts as the pre-trained attacker
  std::vector<Region> regions;       // Algorithm 1 only
  std::size_t rounds = 0;            // completed
};

// Runs rounds until the budget is used, from state.rounds on; after_round sees the state and the round just
// completed, and ends the run by returning false. `known_zero(x)` is true for attempts whose reward is 0
// without asking; it is used only when screened. The last round is shorter if m does not divide the budget.
void run(State& state, Oracle& oracle, const Settings& settings, const Score& score,
         const std::function<bool(const Attempt&)>& known_zero, std::uint64_t seed,
         const std::function<bool(const State&, const Round&)>& after_round);

}  // namespace banel
