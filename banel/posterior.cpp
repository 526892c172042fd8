#include "banel/posterior.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "tensor/check.h"

namespace banel {

namespace {
constexpr std::size_t patience = 50;        // proposals drawn for each one asked for, at most,
constexpr std::size_t most_for_few = 256;   // or in all, if that is more
constexpr std::size_t smallest_batch = 64;  // proposals drawn at once

// Which proposals lie in no region.
std::vector<bool> in_no_region(std::span<const Region> regions, std::span<const Proposal> proposals) {
  std::vector<bool> allowed(proposals.size(), true);
  for (const Region& region : regions) {
    const std::vector<double> scores = log_ratio(proposals, *region.phi, region.kappa);
    for (std::size_t i = 0; i < scores.size(); ++i) allowed[i] = allowed[i] && scores[i] >= region.tau;
  }
  return allowed;
}

}  // namespace

std::vector<double> log_ratio(std::span<const Proposal> proposals, const Generator& phi, double kappa) {
  std::vector<double> scores(proposals.size());
  if (kappa != 0) scores = phi.log_prob(texts(proposals));  // 0 times -infinity would be NaN
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = proposals[i].log_prob - kappa * scores[i];
  return scores;
}

double threshold(std::vector<double> scores, double f) {
  ENSURE(f >= 1, "filter factor", "f = " << f << " must be at least 1");
  ENSURE(!scores.empty(), "threshold", "there are no scores");
  const auto rejected =
      static_cast<std::size_t>(std::floor((1 - 1 / f) * static_cast<double>(scores.size())));
  const auto at = scores.begin() + static_cast<std::ptrdiff_t>(std::min(rejected, scores.size() - 1));
  std::nth_element(scores.begin(), at, scores.end());
  return *at;
}

Draws draw(const Generator& theta, std::span<const Region> regions, const Screen* screen, std::size_t n,
           Stream random) {
  Draws draws;
  std::unordered_set<Attempt> here;
  const std::size_t most = std::max(patience * n, most_for_few);
  while (draws.kept.size() < n && draws.drawn < most) {
    const std::size_t batch = std::max(n - draws.kept.size(), smallest_batch);
    const std::vector<Proposal> proposals = theta.sample(batch, random.from(draws.drawn));
    const std::vector<bool> allowed = in_no_region(regions, proposals);
    for (std::size_t i = 0; i < batch && draws.kept.size() < n; ++i) {
      const Proposal& p = proposals[i];
      draws.looked = draws.drawn + i + 1;
      if (screen && (!(*screen)(p.text) || !here.insert(p.text).second)) continue;
      if (allowed[i]) draws.kept.push_back(p);
    }
    draws.drawn += batch;
  }
  return draws;
}

}  // namespace banel
