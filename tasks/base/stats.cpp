#include "tasks/base/stats.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {
namespace {

void check_values(std::span<const double> values, const char* where) {
  ENSURE(!values.empty(), where, "there are no values; give at least one");
  for (std::size_t i = 0; i < values.size(); ++i)
    ENSURE(!std::isnan(values[i]), where, "value " << i << " is not a number");
}

std::vector<double> sorted(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  std::sort(result.begin(), result.end());
  return result;
}

void check_confidence(double confidence, const char* where) {
  ENSURE(confidence > 0 && confidence < 1, where,
         "confidence is " << confidence << "; give a number between 0 and 1");
}

}  // namespace

Interval clopper_pearson(std::int64_t successes, std::int64_t n, double confidence) {
  constexpr const char* where = "clopper_pearson";
  ENSURE(0 <= successes && successes <= n, where,
         successes << " successes of " << n << "; give 0 <= successes <= n");
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
  ENSURE(q >= 0 && q <= 1, "quantile", "q is " << q << "; give a number from 0 to 1");
  const std::vector<double> x = sorted(values);
  const double position = q * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, x.size() - 1);
  return std::lerp(x[below], x[above], position - static_cast<double>(below));
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double sample_deviation(std::span<const double> values) {
  check_values(values, "sample_deviation");
  ENSURE(values.size() >= 2, "sample_deviation", "one value has no deviation; give at least two");
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
    ENSURE(x >= 0, "geometric_mean", "value " << x << " is negative; give values >= 0");
    logs += std::log(x);  // log 0 = -inf, and exp(-inf) = 0
  }
  return std::exp(logs / static_cast<double>(values.size()));
}

Interval bootstrap(std::span<const double> values, const Statistic& statistic, Rng& rng, double confidence,
                   int resamples) {
  const std::vector<double> instance(values.begin(), values.end());
  return nested_bootstrap({&instance, 1}, statistic, rng, confidence, resamples);
}

Interval mean_interval(std::span<const double> values) {
  Rng rng(0, "bootstrap");
  return bootstrap(values, mean, rng);
}

Interval nested_bootstrap(std::span<const std::vector<double>> instances, const Statistic& statistic,
                          Rng& rng, double confidence, int resamples, std::span<const double> uncertainty) {
  ENSURE(!instances.empty(), "bootstrap", "there are no values; give at least one");
  for (const std::vector<double>& values : instances) check_values(values, "bootstrap");
  check_confidence(confidence, "bootstrap");
  ENSURE(resamples >= 1, "bootstrap", resamples << " resamples; give at least one");
  ENSURE(uncertainty.empty() || uncertainty.size() == instances.size(), "bootstrap",
         uncertainty.size() << " uncertainties of " << instances.size() << " instances; give one for each");
  const auto any = [&](const auto& list) {  // its place; a list of one costs no random number
    return list.size() == 1 ? 0 : rng.below(static_cast<std::uint32_t>(list.size()));
  };
  const auto divisor = [&](std::size_t instance) {  // over its mean
    const double e = uncertainty.empty() ? 0 : uncertainty[instance];
    return e > 0 ? std::pow(std::max(1 - e * e / 9 + rng.normal() * e / 3, 1e-3), 3) : 1;
  };
  std::vector<double> drawn, results;
  for (int r = 0; r < resamples; ++r) {
    check_stop();
    drawn.clear();
    for (std::size_t i = 0; i < instances.size(); ++i) {
      const std::size_t instance = any(instances);
      const std::vector<double>& values = instances[instance];
      const double by = divisor(instance);
      for (std::size_t k = 0; k < values.size(); ++k) drawn.push_back(values[any(values)] / by);
    }
    results.push_back(statistic(drawn));
  }
  const double tail = (1 - confidence) / 2;
  return {quantile(results, tail), quantile(results, 1 - tail)};
}

double paired_permutation_test(std::span<const double> a, std::span<const double> b, Rng& rng) {
  constexpr const char* where = "paired_permutation_test";
  constexpr std::uint32_t random_flips = 100'000;
  check_values(a, where);
  check_values(b, where);
  ENSURE(a.size() == b.size(), where,
         a.size() << " and " << b.size() << " values do not make pairs; give one of each for every seed");
  std::vector<double> differences;
  double observed = 0, magnitude = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences.push_back(a[i] - b[i]);
    observed += differences[i];
    magnitude += std::abs(differences[i]);
  }
  const auto reached = [&](const auto& flipped) {
    double sum = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) sum += flipped(i) ? -differences[i] : differences[i];
    return sum >= observed - 1e-12 * magnitude;  // sums that differ only by rounding are equal
  };
  std::uint32_t hits = 0;
  if (differences.size() <= 20) {
    const std::uint32_t all = 1u << differences.size();
    for (std::uint32_t flips = 0; flips < all; ++flips)
      hits += reached([flips](std::size_t i) { return (flips >> i & 1) != 0; });
    return hits / static_cast<double>(all);
  }
  for (std::uint32_t r = 0; r < random_flips; ++r)
    hits += reached([&](std::size_t) { return (rng.bits() & 1) != 0; });
  return (1.0 + hits) / (1.0 + random_flips);
}

double roc_area(std::span<const double> positives, std::span<const double> negatives) {
  check_values(positives, "roc_area");
  check_values(negatives, "roc_area");
  const std::vector<double> low = sorted(negatives);
  double below = 0;
  for (const double x : positives) {
    const auto [first, last] = std::equal_range(low.begin(), low.end(), x);
    below += static_cast<double>(first - low.begin()) + static_cast<double>(last - first) / 2;
  }
  return below / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

Interval roc_interval(double area, double positives, double negatives) {
  ENSURE(area >= 0 && area <= 1 && positives >= 1 && negatives >= 1, "roc_interval",
         area << " of " << positives << " and " << negatives << " values is no area");
  const double a = area, squared = a * a;
  const double variance = (a * (1 - a) + (positives - 1) * (a / (2 - a) - squared) +
                           (negatives - 1) * (2 * squared / (1 + a) - squared)) /
                          (positives * negatives);
  const double width = 1.96 * std::sqrt(std::max(variance, 0.0));
  return {std::max(a - width, 0.0), std::min(a + width, 1.0)};
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> corrected(p.size());
  double highest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    highest = std::max(highest, std::min(1.0, static_cast<double>(order.size() - i) * p[order[i]]));
    corrected[order[i]] = highest;
  }
  return corrected;
}

}  // namespace banel
