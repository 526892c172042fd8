#include "banel/posterior.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "tensor/check.h"

namespace banel {

namespace {
constexpr std::size_t patience = 50;  // proposals drawn for each one asked for, at most
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
  while (draws.kept.size() < n && draws.drawn < patience * n) {
    const std::size_t batch = std::max<std::size_t>(n - draws.kept.size(), 256);
    std::vector<Proposal> proposals = theta.sample(batch, random.from(draws.drawn));
    draws.drawn += batch;
    if (screen)
      std::erase_if(proposals,
                    [&](const Proposal& p) { return !(*screen)(p.text) || !here.insert(p.text).second; });
    for (const Region& region : regions) {
      const std::vector<double> scores = log_ratio(proposals, *region.phi, region.kappa);
      std::size_t i = 0;
      std::erase_if(proposals, [&](const Proposal&) { return scores[i++] < region.tau; });
    }
    const std::size_t wanted = std::min(n - draws.kept.size(), proposals.size());
    draws.kept.insert(draws.kept.end(), proposals.begin(),
                      proposals.begin() + static_cast<std::ptrdiff_t>(wanted));
  }
  return draws;
}

}  // namespace banel
