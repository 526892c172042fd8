// The few statistics that tables and plots use. Every function refuses empty input and NaN with a UsageError.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tensor/rng.h"

namespace banel {

struct Interval {
  double lo, hi;
};

// The exact interval of a success rate (Clopper & Pearson, Biometrika 26, 1934). With a = 1 - confidence and
// B(q; x, y) the q-quantile of the Beta(x, y) distribution, for k successes of n:
//   lo = B(a/2; k, n-k+1), or 0 if k = 0        hi = B(1-a/2; k+1, n-k), or 1 if k = n
// It covers the true rate with at least the given probability, whatever the rate. n = 0 tells nothing: [0,
// 1]. Requires 0 <= k <= n and 0 < confidence < 1.
Interval clopper_pearson(std::int64_t successes, std::int64_t n, double confidence = 0.95);

// sum(x) / n
double mean(std::span<const double> values);

// The q-quantile, 0 <= q <= 1: the sorted values interpolated linearly at position q (n - 1). Hyndman & Fan
// (1996) call it type 7; it is numpy's default.
double quantile(std::span<const double> values, double q);

// quantile(values, 0.5)
double median(std::span<const double> values);

// sqrt(sum((x - mean)^2) / (n - 1)); needs two values.
double sample_deviation(std::span<const double> values);

// The mean after the floor(n / 4) lowest and as many highest values are dropped: the IQM of rliable (Agarwal
// et al. 2021, arXiv 2108.13264), steadier than the mean and less wasteful than the median over few seeds.
double interquartile_mean(std::span<const double> values);

// exp(mean(log x)) of values >= 0. One zero makes the product, and so the result, 0.
double geometric_mean(std::span<const double> values);

using Statistic = std::function<double(std::span<const double>)>;

// The percentile bootstrap (Efron 1979): draws n values with replacement `resamples` times and gives the
// central `confidence` part of the statistic's values. The same Rng state gives the same interval. The values
// are independent runs, one for each seed. With fewer than about 10 the interval is too narrow.
Interval bootstrap(std::span<const double> values, const Statistic& statistic, Rng& rng,
                   double confidence = 0.95, int resamples = 10'000);

// Of the mean, 95 %, by bootstrap; the same values always give the same interval.
Interval mean_interval(std::span<const double> values);

// The same for runs on several instances of a problem: every resample draws as many instances with
// replacement as there are, then from each as many of its values as it has, and the statistic sees all of
// them together. Twenty runs on four instances are four instances: this interval is about the population that
// the instances come from. One instance gives exactly bootstrap(). No instance is without a value.
Interval nested_bootstrap(std::span<const std::vector<double>> instances, const Statistic& statistic,
                          Rng& rng, double confidence = 0.95, int resamples = 10'000);

// The one-sided p-value of mean(a - b) > 0 over runs paired by seed (Fisher 1935, "The Design of
// Experiments", section 21): the share of sign flips of the differences whose sum is at least the observed
// one. Up to 20 pairs all 2^n flips; beyond that p = (1 + hits) / (1 + 100,000) from random flips, the only
// use of rng. It cannot be smaller than 2^-n: with 5 seeds 1/32, however large the difference is.
double paired_permutation_test(std::span<const double> a, std::span<const double> b, Rng& rng);

}  // namespace banel
