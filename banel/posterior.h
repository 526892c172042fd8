// The posterior p_theta(x) 1[x is in no rejection region], and what may be known about an attempt for free.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "banel/generator.h"

namespace banel {

// R~ = {x : log p_theta(x) - kappa log p_phi(x) < tau} of one round.
struct Region {
  std::shared_ptr<const Generator> phi;
  double kappa = 1, tau = 0;
};

// log p_theta(x) - kappa log p_phi(x) for each proposal.
std::vector<double> log_ratio(std::span<const Proposal>, const Generator& phi, double kappa);

// The (1 - 1/f) quantile of the scores: about 1/f of them are >= it. f >= 1; at least one score.
double threshold(std::vector<double> scores, double f);

// What is known without the oracle: false for attempts that cannot succeed or were submitted before.
using Screen = std::function<bool(const Attempt&)>;

struct Draws {
  std::vector<Proposal> kept;
  std::size_t drawn = 0;   // proposals drawn in all, kept or not
  std::size_t looked = 0;  // of these the first ones, as far as they were needed
};

// Up to n proposals from theta that lie in no region. With a screen: only those it passes, each string once.
// Gives up after 50 n proposals, or 256 if that is more, so `kept` may be shorter than n.
Draws draw(const Generator& theta, std::span<const Region>, const Screen*, std::size_t n, Stream random);

}  // namespace banel
