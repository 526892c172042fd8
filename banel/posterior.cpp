#include "banel/posterior.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <utility>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

constexpr std::size_t most_per_kept = 50;   // draw gives up after so many proposals for each one asked for
constexpr std::size_t smallest_batch = 64;  // proposals drawn together

// For each proposal whether the screen passes it and it is not among `met`; adds the proposals to `met`.
std::vector<bool> new_and_passed(const Screen& screen, std::span<const Proposal> proposals,
                                 std::unordered_set<Attempt>& met) {
  std::vector<bool> result(proposals.size());
  std::vector<Attempt> fresh;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    check_stop();
    if ((result[i] = met.insert(proposals[i].text).second)) fresh.push_back(proposals[i].text);
  }
  const std::vector<bool> may = passes(screen, fresh);
  auto next = may.begin();
  for (std::size_t i = 0; i < proposals.size(); ++i) result[i] = result[i] && *next++;
  return result;
}

}  // namespace

std::vector<double> log_ratio(std::span<const Proposal> proposals, const Generator& phi, double kappa) {
  std::vector<double> scores(proposals.size());
  if (kappa != 0) scores = phi.log_prob(texts(proposals));  // 0 times -infinity would be NaN
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = proposals[i].log_prob - kappa * scores[i];
  return scores;
}

std::vector<bool> outside(std::span<const Region> regions, std::span<const Proposal> proposals) {
  std::vector<bool> result(proposals.size(), true);
  for (const Region& region : regions) {
    const std::vector<double> scores = log_ratio(proposals, *region.phi, region.kappa);
    for (std::size_t i = 0; i < scores.size(); ++i) result[i] = result[i] && scores[i] >= region.tau;
  }
  return result;
}

std::size_t passing(std::size_t scores, double f) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(static_cast<double>(scores) / f)));
}

double threshold(std::vector<double> scores, double f) {
  ENSURE(f >= 1, "filter factor", "f = " << f << " must be at least 1");
  ENSURE(!scores.empty(), "threshold", "there are no scores; at least 1 is needed");
  const auto at = scores.end() - static_cast<std::ptrdiff_t>(passing(scores.size(), f));
  std::nth_element(scores.begin(), at, scores.end());
  return *at;
}

std::vector<bool> passes(const Screen& screen, std::span<const Attempt> attempts) {
  std::vector<bool> may = screen(attempts);
  ENSURE(may.size() == attempts.size(), "screen",
         "it gave " << may.size() << " answers for " << attempts.size() << " attempts; give one for each");
  return may;
}

Screen joined(std::vector<Screen> screens) {
  return [screens = std::move(screens)](std::span<const Attempt> attempts) {
    std::vector<bool> all(attempts.size(), true);
    for (const Screen& screen : screens) {
      const std::vector<bool> passed = passes(screen, attempts);
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = all[i] && passed[i];
    }
    return all;
  };
}

Screen except(const Screen& screen, std::unordered_set<Attempt> strings) {
  return [&screen, strings = std::move(strings)](std::span<const Attempt> attempts) {
    std::vector<bool> may = passes(screen, attempts);
    for (std::size_t i = 0; i < may.size(); ++i) {
      check_stop();
      may[i] = may[i] && !strings.contains(attempts[i]);
    }
    return may;
  };
}

std::unordered_set<Attempt> kept_strings(const Draws& draws) {
  std::unordered_set<Attempt> strings;
  for (const Proposal& p : draws.kept) {
    check_stop();
    strings.insert(p.text);
  }
  return strings;
}

Draws& Draws::operator+=(const Draws& more) {
  kept.insert(kept.end(), more.kept.begin(), more.kept.end());
  drawn += more.drawn;
  examined += more.examined;
  return *this;
}

Draws draw(const Generator& theta, std::span<const Region> regions, const Screen* screen, std::size_t n,
           Stream random, std::size_t patience) {
  Draws draws;
  std::unordered_set<Attempt> met;
  const std::size_t most = std::max(most_per_kept * n, patience);
  while (draws.kept.size() < n && draws.drawn < most) {
    const std::size_t batch = std::max(n - draws.kept.size(), smallest_batch);
    const std::vector<Proposal> proposals = theta.sample(batch, random.from(draws.drawn));
    const std::vector<bool> allowed = outside(regions, proposals);
    const std::vector<bool> wanted =
        screen ? new_and_passed(*screen, proposals, met) : std::vector<bool>(batch, true);
    for (std::size_t i = 0; i < batch && draws.kept.size() < n; ++i) {
      check_stop();
      draws.examined = draws.drawn + i + 1;
      if (wanted[i] && allowed[i]) draws.kept.push_back(proposals[i]);
    }
    draws.drawn += batch;
  }
  return draws;
}

}  // namespace banel
