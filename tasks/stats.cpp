#include "tasks/stats.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "tensor/check.h"

namespace banel {
namespace {

void check_values(std::span<const double> values, const char* where) {
  ENSURE(!values.empty(), where, "there are no values; at least one run must have ended");
  for (std::size_t i = 0; i < values.size(); ++i)
    ENSURE(!std::isnan(values[i]), where, "value " << i << " is not a number");
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  std::sort(result.begin(), result.end());
  return result;
}

void check_confidence(double confidence, const char* where) {
  ENSURE(confidence > 0 && confidence < 1, where, "the confidence " << confidence << " is not within (0, 1)");
}

}  // namespace

Interval clopper_pearson(std::int64_t successes, std::int64_t n, double confidence) {
  constexpr const char* where = "clopper_pearson";
  ENSURE(0 <= successes && successes <= n, where, successes << " successes of " << n << " are impossible");
  check_confidence(confidence, where);
  using Beta = boost::math::beta_distribution<double>;
  using boost::math::complement;
  const double tail = (1 - confidence) / 2;
  const auto k = static_cast<double>(successes), failures = static_cast<double>(n - successes);
  return {successes == 0 ? 0.0 : quantile(Beta(k, failures + 1), tail),
          successes == n ? 1.0 : quantile(complement(Beta(k + 1, failures), tail))};
}

double mean(std::span<const double> values) {
  check_values(values, "mean");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double quantile(std::span<const double> values, double q) {
  check_values(values, "quantile");
  ENSURE(q >= 0 && q <= 1, "quantile", "q = " << q << " is not within [0, 1]");
  const std::vector<double> x = sorted(values);
  const double position = q * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, x.size() - 1);
  return std::lerp(x[below], x[above], position - static_cast<double>(below));
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double sample_deviation(std::span<const double> values) {
  check_values(values, "sample_deviation");
  ENSURE(values.size() >= 2, "sample_deviation", "one value has no deviation; run at least two seeds");
  const double centre = mean(values);
  double squares = 0;
  for (const double x : values) squares += (x - centre) * (x - centre);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double interquartile_mean(std::span<const double> values) {
  check_values(values, "interquartile_mean");
  const std::vector<double> x = sorted(values);
  const std::size_t dropped = x.size() / 4;
  return mean(std::span(x).subspan(dropped, x.size() - 2 * dropped));
}

double geometric_mean(std::span<const double> values) {
  check_values(values, "geometric_mean");
  double logs = 0;
  for (const double x : values) {
    ENSURE(x >= 0, "geometric_mean", "the value " << x << " is negative");
    logs += std::log(x);  // log 0 = -inf, and exp(-inf) = 0
  }
  return std::exp(logs / static_cast<double>(values.size()));
}

Interval bootstrap(std::span<const double> values, const Statistic& statistic, Rng& rng, double confidence,
                   int resamples) {
  check_values(values, "bootstrap");
  check_confidence(confidence, "bootstrap");
  ENSURE(resamples >= 1, "bootstrap", resamples << " resamples; at least one is needed");
  const auto n = static_cast<std::uint32_t>(values.size());
  std::vector<double> drawn(values.size()), results;
  for (int r = 0; r < resamples; ++r) {
    for (double& x : drawn) x = values[rng.below(n)];
    results.push_back(statistic(drawn));
  }
  const double tail = (1 - confidence) / 2;
  return {quantile(results, tail), quantile(results, 1 - tail)};
}

}  // namespace banel
