#include "banel/best.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace banel {

namespace {

// n p + z sqrt(n p (1 - p)): so many rewards, z standard deviations above what a share p would give.
double expected(double p, const Earned& earned, double z) {
  const auto n = static_cast<double>(earned.strings);
  return n * p + z * std::sqrt(n * p * (1 - p));
}

}  // namespace

double Earned::share() const {
  return strings ? static_cast<double>(rewards) / static_cast<double>(strings) : -1;
}

Earned& Earned::operator+=(const Earned& more) {
  strings += more.strings;
  rewards += more.rewards;
  return *this;
}

void Best::restore(std::unique_ptr<Generator>& theta) {
  theta = now.theta->clone();
  since = {};
  asked = true;
}

Way Best::follow(std::unique_ptr<Generator>& theta, const Earned& round, double patience, std::size_t restart,
                 const Generator* pretrained) {
  if (std::exchange(asked, false)) {
    now.earned += round;
    return Way::on;
  }
  const double p = std::max(now.earned.share(), 0.0);
  if (!now.theta || static_cast<double>(round.rewards) >= expected(p, round, 0.5)) {
    now = {theta->clone(), round};
    since = {};
    idle = round.rewards ? 0 : idle + 1;
  } else {
    since += round;
    ++idle;
  }
  if (restart && idle >= restart) {
    *this = {{}, overall(), {}, 0, false};
    theta = pretrained->clone();
    return Way::anew;
  }
  if (static_cast<double>(since.rewards) >= expected(p, since, -patience)) return Way::on;
  restore(theta);
  return Way::back;
}

}  // namespace banel
