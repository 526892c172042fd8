// The statistics that tables and figures use.
//
//   const std::vector<double> rates{0.10, 0.42, 0.21, 0.97, 0.55};  // of five seeds
//   Rng rng(0, "bootstrap");
//   interquartile_mean(rates);                                     // 0.393
//   const Interval ci = bootstrap(rates, interquartile_mean, rng);  // 95 %
//
// Every function throws UsageError for empty input, for NaN, and for arguments outside the stated range.
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

// The exact interval of a success rate: k successes in n trials (Clopper & Pearson, Biometrika 26, 1934).
// With a = 1 - confidence and B(q; x, y) the q-quantile of the Beta(x, y) distribution:
//   lo = B(a/2; k, n-k+1), or 0 if k = 0        hi = B(1-a/2; k+1, n-k), or 1 if k = n
// It contains the true rate, whatever it is, with at least the given probability. n = 0 gives [0, 1].
// Requires 0 <= k <= n and 0 < confidence < 1.
Interval clopper_pearson(std::int64_t successes, std::int64_t n, double confidence = 0.95);

// sum(x) / n
double mean(std::span<const double> values);

// The q-quantile, 0 <= q <= 1: linear interpolation between the sorted values at position q (n - 1), counted
// from 0. This is type 7 of Hyndman & Fan (1996) and numpy's default.
double quantile(std::span<const double> values, double q);

// quantile(values, 0.5)
double median(std::span<const double> values);

// sqrt(sum((x - mean)^2) / (n - 1)) of at least two values
double sample_deviation(std::span<const double> values);

// The mean without the floor(n / 4) lowest and the floor(n / 4) highest values: the IQM of rliable (Agarwal
// et al. 2021, arXiv 2108.13264). One outlier does not move it, unlike the mean, and it uses more of few
// seeds than the median.
double interquartile_mean(std::span<const double> values);

// exp(mean(log x)) of values >= 0; it is 0 if one of them is.
double geometric_mean(std::span<const double> values);

using Statistic = std::function<double(std::span<const double>)>;

// The percentile bootstrap (Efron 1979). Draws n of the n values with replacement, `resamples` times, and
// returns the quantiles (1 - confidence) / 2 and (1 + confidence) / 2 of the statistic over the resamples.
// The same Rng state gives the same interval. The values must be independent, for example one for each seed.
// With fewer than about ten of them the interval is too narrow.
Interval bootstrap(std::span<const double> values, const Statistic& statistic, Rng& rng,
                   double confidence = 0.95, int resamples = 10'000);

// The 95 % bootstrap interval of the mean. The same values always give the same interval.
Interval mean_interval(std::span<const double> values);

// The bootstrap over runs on several instances of a problem. Every resample draws as many instances with
// replacement as there are, then from each as many of its values as it has, and the statistic sees all of
// them together. Twenty runs on four instances are four instances: this interval is about the population that
// the instances come from. One instance gives exactly bootstrap(). No instance is without a value.
// uncertainty: of each instance, the standard error over the value of a rate that its values were divided by.
// Every drawn instance then draws that rate, too: Gamma with this mean and error (Wilson & Hilferty 1931).
Interval nested_bootstrap(std::span<const std::vector<double>> instances, const Statistic& statistic,
                          Rng& rng, double confidence = 0.95, int resamples = 10'000,
                          std::span<const double> uncertainty = {});

// The one-sided p-value of mean(a - b) > 0 over runs paired by seed (Fisher 1935, "The Design of
// Experiments", section 21). With d = a - b it is the share of the 2^n sign choices s for which
//   s_1 d_1 + ... + s_n d_n  >=  d_1 + ... + d_n
// Beyond 20 pairs it is (1 + hits) / (1 + 100,000) of random choices, the only use of rng. It is never below
// 2^-n: 5 seeds reach 1/32 at best, however large the difference.
double paired_permutation_test(std::span<const double> a, std::span<const double> b, Rng& rng);

// The area under the ROC curve (Hanley & McNeil, Radiology 143, 1982): the share of pairs in which the
// positive value is higher than the negative one; ties count one half. Infinities are fine.
double roc_area(std::span<const double> positives, std::span<const double> negatives);

// Its 95 % interval, normal with the standard error of the same paper, cut to [0, 1]. It is too narrow for
// few positives, and has no width if A is 0 or 1. With A the area, Q1 = A / (2 - A), Q2 = 2 A^2 / (1 + A):
//   variance = (A (1 - A) + (positives - 1) (Q1 - A^2) + (negatives - 1) (Q2 - A^2)) / (positives negatives)
// Both numbers are at least 1.
Interval roc_interval(double area, double positives, double negatives);

// p-values of several comparisons, corrected so that any of them is below alpha by chance with at most
// probability alpha (Holm 1979). With p_1 <= ... <= p_m: max over j <= i of min(1, (m - j + 1) p_j).
std::vector<double> holm(std::span<const double> p);

}  // namespace banel
