#include "banel/generator.h"

#include <algorithm>
#include <cmath>

namespace banel {

double Generator::unlearn(std::span<const Attempt> attempts, const Fit& fit, Stream order) {
  std::vector<double> weights = log_prob(attempts);
  for (double& w : weights) w = -std::exp(w) / std::max(-std::expm1(w), 1e-5);  // finite where p is 1
  return ascend(attempts, weights, fit, order);
}

}  // namespace banel
