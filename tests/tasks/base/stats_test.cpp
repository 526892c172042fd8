#include "tasks/base/stats.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/check.h"
#include "tests/support/in_child.h"

namespace banel {
namespace {

using Values = std::vector<double>;

// P(X <= k) for X ~ Binomial(n, p), by the sum itself: shares nothing with the beta function under test.
double binomial_cdf(std::int64_t k, std::int64_t n, double p) {
  double sum = 0;
  for (std::int64_t i = 0; i <= k; ++i) {
    const auto x = static_cast<double>(i), m = static_cast<double>(n);
    sum += std::exp(std::lgamma(m + 1) - std::lgamma(x + 1) - std::lgamma(m - x + 1) + x * std::log(p) +
                    (m - x) * std::log1p(-p));
  }
  return sum;
}

TEST_CASE("Clopper-Pearson agrees with reference values to 1e-10") {
  struct Row {
    std::int64_t k, n;
    double confidence, lo, hi;
  };
  // By bisection on the exact binomial tails with 40 digits.
  const std::vector<Row> table = {
      {0, 1, 0.95, 0.0, 0.975},
      {1, 1, 0.95, 0.025, 1.0},
      {0, 10, 0.95, 0.0, 0.30849710781876082},
      {10, 10, 0.95, 0.69150289218123918, 1.0},
      {5, 10, 0.95, 0.18708602844739853, 0.81291397155260147},
      {1, 10, 0.95, 0.0025285785444617845, 0.44501611702819542},
      {3, 20, 0.99, 0.017642637954194708, 0.44946540673948598},
      {7, 50, 0.9, 0.067596699003557191, 0.24693520173120922},
      {81, 263, 0.95, 0.25273674558527116, 0.36762192260135136},
      {1, 7500, 0.95, 3.3757020335437179e-6, 0.00074265941108455056},
      {0, 7500, 0.95, 0.0, 0.00049172965520723952},
      {7500, 7500, 0.95, 0.99950827034479276, 1.0},
      {12, 1000, 0.95, 0.0062155255595952424, 0.020867679591036415},
  };
  for (const Row& row : table) {
    CAPTURE(row.k);
    CAPTURE(row.n);
    const Interval interval = clopper_pearson(row.k, row.n, row.confidence);
    CHECK(std::abs(interval.lo - row.lo) < 1e-10);
    CHECK(std::abs(interval.hi - row.hi) < 1e-10);
  }
}

TEST_CASE("Clopper-Pearson bounds leave exactly half of alpha in each binomial tail") {
  for (const std::int64_t n : {2, 7, 40, 300})
    for (std::int64_t k = 1; k < n; k += 1 + n / 10) {
      const Interval interval = clopper_pearson(k, n, 0.9);
      CHECK(1 - binomial_cdf(k - 1, n, interval.lo) == doctest::Approx(0.05).epsilon(1e-8));
      CHECK(binomial_cdf(k, n, interval.hi) == doctest::Approx(0.05).epsilon(1e-8));
    }
}

TEST_CASE("Clopper-Pearson touches 0 without successes and 1 without failures") {
  CHECK(clopper_pearson(0, 50).lo == 0);
  CHECK(clopper_pearson(50, 50).hi == 1);
  CHECK(clopper_pearson(0, 50).hi == doctest::Approx(1 - std::pow(0.025, 1.0 / 50)));
  CHECK(clopper_pearson(50, 50).lo == doctest::Approx(std::pow(0.025, 1.0 / 50)));
  CHECK(clopper_pearson(0, 0).lo == 0);
  CHECK(clopper_pearson(0, 0).hi == 1);
}

TEST_CASE("Clopper-Pearson covers the true rate at least as often as it says") {
  constexpr int draws = 100'000, n = 30;
  std::vector<Interval> intervals;
  for (int k = 0; k <= n; ++k) intervals.push_back(clopper_pearson(k, n));
  for (const double rate : {0.003, 0.1, 0.5, 0.93}) {
    CAPTURE(rate);
    Rng rng(7, "coverage", static_cast<std::uint32_t>(1000 * rate));
    int covered = 0;
    for (int d = 0; d < draws; ++d) {
      std::size_t successes = 0;
      for (int i = 0; i < n; ++i) successes += rng.uniform() < rate;
      covered += intervals[successes].lo <= rate && rate <= intervals[successes].hi;
    }
    CHECK(covered >= draws * 95 / 100);
  }
}

TEST_CASE("Clopper-Pearson refuses impossible counts and confidences") {
  CHECK_THROWS_AS(clopper_pearson(-1, 5), UsageError);
  CHECK_THROWS_AS(clopper_pearson(6, 5), UsageError);
  CHECK_THROWS_AS(clopper_pearson(1, 5, 0.0), UsageError);
  CHECK_THROWS_AS(clopper_pearson(1, 5, 1.0), UsageError);
  CHECK_THROWS_AS(clopper_pearson(1, 5, std::nan("")), UsageError);
}

TEST_CASE("mean and median and quantile of small samples are right") {
  CHECK(mean(Values{1, 2, 6}) == 3);
  CHECK(median(Values{6, 1, 2}) == 2);
  CHECK(median(Values{4, 1, 3, 2}) == 2.5);
  CHECK(median(Values{5}) == 5);
  const Values five = {50, 10, 40, 20, 30};
  CHECK(quantile(five, 0) == 10);
  CHECK(quantile(five, 1) == 50);
  CHECK(quantile(five, 0.1) == doctest::Approx(14));
  CHECK(quantile(five, 0.975) == doctest::Approx(49));
  CHECK_THROWS_AS(quantile(five, 1.01), UsageError);
}

TEST_CASE("the sample deviation divides by n minus 1") {
  CHECK(sample_deviation(Values{2, 4, 4, 4, 5, 5, 7, 9}) == doctest::Approx(std::sqrt(32.0 / 7)));
  CHECK(sample_deviation(Values{3, 3, 3}) == 0);
  CHECK(sample_deviation(Values{1e9, 1e9 + 1}) == doctest::Approx(std::sqrt(0.5)));
  CHECK_THROWS_AS(sample_deviation(Values{1}), UsageError);
}

TEST_CASE("the interquartile mean drops a quarter at each end rounded down") {
  CHECK(interquartile_mean(Values{9, 1, 2, 3, 4, 100, 7}) == doctest::Approx(5));  // scipy.stats.trim_mean
  CHECK(interquartile_mean(Values{100, 2, 4, -50}) == 3);
  CHECK(interquartile_mean(Values{1, 2, 6}) == 3);
  CHECK(interquartile_mean(Values{8, 7, 6, 5, 4, 3, 2, 1000}) == 5.5);
}

TEST_CASE("the geometric mean is the root of the product and 0 if a value is 0") {
  CHECK(geometric_mean(Values{1, 10, 100}) == doctest::Approx(10));
  CHECK(geometric_mean(Values{1e-300, 1e-300}) == doctest::Approx(1e-300));
  CHECK(geometric_mean(Values{5, 0, 7}) == 0);
  CHECK_THROWS_AS(geometric_mean(Values{5, -1}), UsageError);
}

TEST_CASE("every statistic refuses empty input and NaN") {
  Rng rng(1, "refuse");
  const auto all = std::to_array<Statistic>(
      {mean, median, sample_deviation, interquartile_mean, geometric_mean,
       [](std::span<const double> v) { return quantile(v, 0.5); },
       [&](std::span<const double> v) { return bootstrap(v, mean, rng, 0.95, 10).lo; },
       [&](std::span<const double> v) { return paired_permutation_test(v, v, rng); }});
  for (const Statistic& statistic : all) {
    CHECK_THROWS_AS(statistic(Values{}), UsageError);
    CHECK_THROWS_AS(statistic(Values{1, std::numeric_limits<double>::quiet_NaN(), 2}), UsageError);
  }
  CHECK_THROWS_AS(bootstrap(Values{1, 2}, mean, rng, 0.95, 0), UsageError);
  CHECK_THROWS_AS(bootstrap(Values{1, 2}, mean, rng, 95), UsageError);
}

TEST_CASE("the bootstrap repeats for one seed and differs for another") {
  const Values values = {0.1, 0.4, 0.2, 0.9, 0.5, 0.3};
  Rng a(3, "bootstrap"), b(3, "bootstrap"), c(4, "bootstrap");
  const Interval first = bootstrap(values, mean, a), again = bootstrap(values, mean, b);
  CHECK(first.lo == again.lo);
  CHECK(first.hi == again.hi);
  const Interval other = bootstrap(values, mean, c);
  CHECK((other.lo != first.lo || other.hi != first.hi));
}

TEST_CASE("the bootstrap of the mean approaches the normal interval") {
  Values values;
  Rng source(5, "values"), rng(5, "bootstrap");
  for (int i = 0; i < 400; ++i) values.push_back(source.normal());
  const double half = 1.96 * sample_deviation(values) / 20;
  const Interval interval = bootstrap(values, mean, rng);
  CHECK(interval.lo == doctest::Approx(mean(values) - half).epsilon(0.01));
  CHECK(interval.hi == doctest::Approx(mean(values) + half).epsilon(0.01));
}

TEST_CASE("the bootstrap of two values has the three possible means in exact shares") {
  // The means 0 and 1 have 1/4 each: the central 40 % is all 0.5; the central 60 % reaches both ends.
  const Values values = {0, 1};
  Rng rng(6, "bootstrap");
  const Interval narrow = bootstrap(values, mean, rng, 0.4), wide = bootstrap(values, mean, rng, 0.6);
  CHECK(narrow.lo == 0.5);
  CHECK(narrow.hi == 0.5);
  CHECK(wide.lo == 0);
  CHECK(wide.hi == 1);
}

TEST_CASE("the nested bootstrap draws instances and from each as many values as it has") {
  const std::vector<Values> instances = {{0, 1}, {10, 20, 30, 40}, {500}};
  Rng rng(7, "bootstrap");
  bool one_is_left_out = false;
  nested_bootstrap(
      instances,
      [&](std::span<const double> v) {
        const auto within = [&](double lo, double hi) {
          return std::count_if(v.begin(), v.end(), [=](double x) { return lo <= x && x <= hi; });
        };
        CHECK(within(0, 1) % 2 == 0);
        CHECK(within(10, 40) % 4 == 0);
        CHECK(within(0, 1) / 2 + within(10, 40) / 4 + within(500, 500) == 3);
        one_is_left_out = one_is_left_out || within(500, 500) == 0;
        return mean(v);
      },
      rng, 0.95, 100);
  CHECK(one_is_left_out);
}

TEST_CASE("the interval of the nested bootstrap holds the difference between instances") {
  // Twenty runs on two instances are two instances: a quarter of the resamples has only the first one.
  const std::vector<Values> instances = {Values(10, 0.0), Values(10, 1.0)};
  Rng rng(8, "bootstrap");
  const Interval interval = nested_bootstrap(instances, mean, rng);
  CHECK(interval.lo == 0);
  CHECK(interval.hi == 1);
}

TEST_CASE("an uncertain divisor widens the interval and its draws have its mean and error") {
  const std::vector<Values> instances = {Values(3, 2.0), Values(3, 2.0)};
  const std::vector<double> uncertainty{0.2, 0.0};
  Rng rng(9, "bootstrap");
  Values drawn;  // of the first instance where it was drawn twice: its values are 2 over the divisor
  const Interval interval = nested_bootstrap(
      instances,
      [&](std::span<const double> v) {
        if (v[0] != 2 && v[3] != 2) drawn.push_back(2 / v[0]);
        return mean(v);
      },
      rng, 0.95, 20'000, uncertainty);
  CHECK(interval.lo < 1.8);
  CHECK(interval.hi > 2.4);
  CHECK(mean(drawn) == doctest::Approx(1).epsilon(0.01));
  CHECK(sample_deviation(drawn) == doctest::Approx(0.2).epsilon(0.05));
  CHECK_THROWS_AS(nested_bootstrap(instances, mean, rng, 0.95, 10, Values{0.1}), UsageError);
}

TEST_CASE("corrected p-values rise with the number of comparisons and keep their order") {
  // Holm (1979): 4 x .01, 3 x .015 and 2 x .03 from below, and nothing falls below what stands before it.
  const Values p = {0.04, 0.01, 0.03, 0.015}, corrected = holm(p), expected = {0.06, 0.04, 0.06, 0.045};
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(corrected[i] == doctest::Approx(expected[i]));
  CHECK(holm(Values{0.6, 0.7}) == Values{1, 1});
  CHECK(holm({}).empty());
}

TEST_CASE("the bootstrap is the nested bootstrap of one instance") {
  const std::vector<Values> instances = {{0.1, 0.4, 0.2, 0.9, 0.5, 0.3}};
  Rng a(3, "bootstrap"), b(3, "bootstrap");
  const Interval one = nested_bootstrap(instances, interquartile_mean, a),
                 plain = bootstrap(instances[0], interquartile_mean, b);
  CHECK(one.lo == plain.lo);
  CHECK(one.hi == plain.hi);
  CHECK_THROWS_AS(nested_bootstrap({}, mean, a), UsageError);
  CHECK_THROWS_AS(nested_bootstrap(std::vector<Values>{{1, 2}, {}}, mean, a), UsageError);
}

// Darwin's maize: crossed minus self-fertilised height in 1/8 inch. Fisher (1935) counts 863 of the 32,768
// sign flips with a sum of at least the observed 314, 28 of them equal to it.
const Values darwin = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

double test_differences(Values differences, double scale, std::uint64_t seed = 1) {
  Rng rng(seed, "permutation");
  for (double& x : differences) x *= scale;
  return paired_permutation_test(differences, Values(differences.size(), 0.0), rng);
}

TEST_CASE("the paired permutation test agrees with Fisher's count of Darwin's maize") {
  CHECK(test_differences(darwin, 1) == 863 / 32768.0);
  CHECK(test_differences(darwin, 0.01) ==
        863 / 32768.0);  // sums that are equal but for rounding count as equal
  CHECK(test_differences(darwin, -1) == (32768 - 863 + 28) / 32768.0);
}

TEST_CASE("the paired permutation test reaches 1 in 2 to the n and not less") {
  Rng rng(2, "permutation");
  CHECK(paired_permutation_test(Values{0.9, 0.8, 0.99, 0.7, 0.95}, Values{0.1, 0.0, 0.2, 0.3, 0.1}, rng) ==
        1 / 32.0);
  CHECK(paired_permutation_test(Values{0.1, 0.2, 0.3}, Values{0.5, 0.6, 0.7}, rng) == 1);
  CHECK(paired_permutation_test(Values{0.5, 0.5}, Values{0.5, 0.5}, rng) == 1);
  CHECK(test_differences(Values(20, 1.0), 1) == std::ldexp(1.0, -20));
  CHECK_THROWS_AS(paired_permutation_test(Values{1, 2}, Values{1}, rng), UsageError);
}

TEST_CASE("beyond 20 pairs random flips give the p-value of all flips") {
  Values padded = darwin;
  padded.resize(25, 0.0);  // a difference of 0 changes no sum
  const double p = test_differences(padded, 1), exact = 863 / 32768.0;
  CHECK(std::abs(p - exact) < 4 * std::sqrt(exact * (1 - exact) / 100'000));
  CHECK(p == test_differences(padded, 1));
  CHECK(p != test_differences(padded, 1, 2));
  CHECK(test_differences(Values(40, 1.0), 1) == 1 / 100'001.0);  // never 0
}

TEST_CASE("the area under the curve is the share of pairs in the right order and ties count one half") {
  CHECK(roc_area(Values{3, 4}, Values{1, 2}) == 1);
  CHECK(roc_area(Values{1, 2}, Values{3, 4}) == 0);
  CHECK(roc_area(Values{2}, Values{3, 1, 2, 2}) == 0.5);
  CHECK(roc_area(Values{5, 0}, Values{4, 1, 1, -1}) == 5 / 8.0);  // 4 pairs of the 5, 1 of the 0
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(roc_area(Values{infinity, 1}, Values{infinity, -infinity}) == 2.5 / 4);
  CHECK_THROWS_AS(roc_area(Values{}, Values{1}), UsageError);
  CHECK_THROWS_AS(roc_area(Values{1}, Values{std::nan("")}), UsageError);
}

TEST_CASE("the interval of an area is that of Hanley and McNeil and shrinks with the pairs") {
  const Interval wide = roc_interval(0.8, 10, 10), narrow = roc_interval(0.8, 100, 10'000);
  // 0.8 * 0.2 + 9 (0.8 / 1.2 - 0.64) + 9 (1.28 / 1.8 - 0.64) = 1.04, over 100 pairs
  CHECK(wide.lo == doctest::Approx(0.8 - 1.96 * std::sqrt(0.0104)));
  CHECK(wide.hi == doctest::Approx(0.8 + 1.96 * std::sqrt(0.0104)));
  CHECK(narrow.hi - narrow.lo < (wide.hi - wide.lo) / 3);
  CHECK(roc_interval(0.9, 2, 2).hi == 1);
  CHECK(roc_interval(0.1, 2, 2).lo == 0);
  CHECK_THROWS_AS(roc_interval(0.5, 0, 3), UsageError);
  CHECK_THROWS_AS(roc_interval(1.5, 2, 3), UsageError);
}

TEST_CASE("a bootstrap ends at a request to stop") {
  Rng rng(1, "stats_test");
  CHECK(stops([&] { bootstrap(Values{1, 2, 3}, mean, rng); }));
}

}  // namespace
}  // namespace banel
