#include "banel/rollback.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace banel {

namespace {

// n p + z sqrt(n p (1 - p)): z standard deviations above the expected number of rewards at a share of p.
double bound(double p, const Tally& tally, double z) {
  const auto n = static_cast<double>(tally.strings);
  return n * p + z * std::sqrt(n * p * (1 - p));
}

}  // namespace

double Tally::share() const {
  return strings ? static_cast<double>(rewards) / static_cast<double>(strings) : -1;
}

Tally& Tally::operator+=(const Tally& more) {
  strings += more.strings;
  rewards += more.rewards;
  return *this;
}

void Best::restore(std::unique_ptr<Generator>& theta) {
  theta = current.theta->clone();
  since = {};
  current_is_best = true;
}

Outcome Best::update(std::unique_ptr<Generator>& theta, const Tally& round, double patience,
                     std::size_t restart, const Generator* pretrained) {
  if (std::exchange(current_is_best, false)) {
    current.tally += round;
    return Outcome::learned;
  }
  const double p = std::max(current.tally.share(), 0.0);
  if (!current.theta || static_cast<double>(round.rewards) >= bound(p, round, 0.5)) {
    current = {theta->clone(), round};
    since = {};
    idle = round.rewards ? 0 : idle + 1;
  } else {
    since += round;
    ++idle;
  }
  if (restart && idle >= restart) {
    *this = {.earlier = overall()};
    theta = pretrained->clone();
    return Outcome::restarted;
  }
  if (static_cast<double>(since.rewards) >= bound(p, since, -patience)) return Outcome::learned;
  restore(theta);
  return Outcome::rolled_back;
}

}  // namespace banel
