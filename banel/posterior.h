// The posterior that the method samples from: p_theta restricted to strings outside every rejection region,
//
//   p(x)  proportional to  p_theta(x) 1[x is in no region],
//   R~ = { x : log p_theta(x) - kappa log p_phi(x) < tau }        one rejection region.
//
// Regions are the paper's (Algorithm 1). A screen, which is ours, also leaves out strings whose reward is
// known without asking.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <unordered_set>
#include <vector>

#include "banel/generator.h"

namespace banel {

// One rejection region R~. theta is not part of it, because theta does not change while regions are kept.
struct Region {
  std::shared_ptr<const Generator> phi;
  double kappa = 1, tau = 0;
};

// log p_theta(x) - kappa log p_phi(x) of each proposal, in nats; log p_theta is the proposal's own log_prob.
// +infinity where phi cannot write x. With kappa = 0 phi is not asked.
std::vector<double> log_ratio(std::span<const Proposal>, const Generator& phi, double kappa);

// For each proposal whether it is in no region.
std::vector<bool> outside(std::span<const Region>, std::span<const Proposal>);

// How many of so many scores pass a filter of factor f >= 1: one in f, rounded, and at least one. Of
// round(f n) scores exactly n pass.
std::size_t passing(std::size_t scores, double f);

// The smallest of the passing(scores.size(), f) largest scores. Errors: UsageError if f < 1 or there are no
// scores.
double threshold(std::vector<double> scores, double f);

// For each attempt whether it may be submitted or kept. It must be a function: the same string, the same
// answer. Asked in batches because a screen may be a program.
using Screen = std::function<std::vector<bool>(std::span<const Attempt>)>;

// Asks the screen. Errors: UsageError unless it gives one answer per attempt.
std::vector<bool> passes(const Screen&, std::span<const Attempt>);

// Passes what all of them pass; everything if there is none.
Screen joined(std::vector<Screen>);

// The screen without these strings. It refers to `screen`.
Screen except(const Screen& screen, std::unordered_set<Attempt> strings);

struct Draws {
  std::vector<Proposal> kept;  // in the order they were drawn
  std::size_t drawn = 0;       // all proposals drawn, in whole batches
  std::size_t examined = 0;    // of these, the first ones, up to the last that was kept (all if too few were)
  Draws& operator+=(const Draws&);  // the other draws come after these
};

std::unordered_set<Attempt> kept_strings(const Draws&);

// Up to n draws from the posterior. With a screen (nullptr: none) only strings that it passes, each string
// once. `kept` is shorter than n if 50 n proposals (or `patience` if that is more) do not yield n. Proposal i
// is drawn from random[i] whatever n is.
Draws draw(const Generator& theta, std::span<const Region> regions, const Screen*, std::size_t n,
           Stream random, std::size_t patience = 256);

}  // namespace banel
