#include "banel/best.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace banel {

double Tried::share() const {
  return evaluations ? static_cast<double>(rewards) / static_cast<double>(evaluations) : -1;
}

void Best::restore(std::unique_ptr<Generator>& theta) {
  theta = now.theta->clone();
  behind = 0;
  asked = true;
}

Way Best::follow(std::unique_ptr<Generator>& theta, const std::vector<bool>& rewards, std::size_t patience,
                 std::size_t restart, const Generator* pretrained) {
  const auto k = std::count(rewards.begin(), rewards.end(), true), n = std::ssize(rewards);
  if (std::exchange(asked, false)) {
    now.evaluations += n;
    now.rewards += k;
    return Way::on;
  }
  const double p = std::max(now.share(), 0.0), size = static_cast<double>(n);
  if (!now.theta || static_cast<double>(k) >= p * size + std::sqrt(p * (1 - p) * size) / 2) {
    now = {theta->clone(), n, k};
    behind = 0;
    idle = k ? 0 : idle + 1;
  } else {
    ++behind;
    ++idle;
  }
  if (restart && idle >= restart) {
    *this = {{}, overall(), 0, 0, false};
    theta = pretrained->clone();
    return Way::anew;
  }
  if (behind < patience) return Way::on;
  restore(theta);
  return Way::back;
}

}  // namespace banel
