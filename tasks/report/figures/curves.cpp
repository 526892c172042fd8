#include "tasks/report/figures/curves.h"

#include <algorithm>
#include <cmath>

#include "tasks/base/stats.h"

namespace banel {

namespace {

// The readings of one run as points of a line.
struct Points {
  std::vector<double> x, y;

  // Linear between the points; before the first and beyond the last the value there.
  double at(double where) const {
    const auto next = std::lower_bound(x.begin(), x.end(), where);
    if (next == x.begin()) return y.front();
    if (next == x.end()) return y.back();
    const auto k = static_cast<std::size_t>(next - x.begin());
    return std::lerp(y[k - 1], y[k], (where - x[k - 1]) / (x[k] - x[k - 1]));
  }
};

Points points_of(const Run& run, const RunReading& reading) {
  Points points;
  for (const RoundRecord& round : run.log.readings()) {
    const std::optional<double> value = reading(run, round);
    const auto x = static_cast<double>(round.nre);
    if (!value) continue;
    if (!points.x.empty() && points.x.back() == x) points.x.pop_back(), points.y.pop_back();
    points.x.push_back(x);
    points.y.push_back(*value);
  }
  return points;
}

}  // namespace

std::optional<double> success(const Measurement& m) { return m.value(); }

Curves::Curves(const Group& group, const Reading& reading, bool with_start)
    : Curves(
          group, [&](const Run&, const RoundRecord& round) { return reading(*round.measured); }, with_start) {
}

Curves::Curves(const Group& group, const RunReading& reading, bool with_start) {
  std::vector<Points> all;
  double end = 0;
  for (const Run* run : group.runs) {
    all.push_back(points_of(*run, reading));
    if (all.back().x.size() > x.size()) x = all.back().x;
    if (!all.back().x.empty()) end = std::max(end, all.back().x.back());
  }
  with_start =
      with_start && x.size() > 1;  // nothing was learned on the way of one reading: a dot, not a rise
  if (!x.empty() && end > x.back()) x.push_back(end);
  if (with_start) x.insert(x.begin(), 0);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Points& points = all[i];
    const Row& row = group.runs[i]->row;
    if (points.x.empty() && !with_start) continue;
    if (with_start) {
      points.x.insert(points.x.begin(), 0);
      points.y.insert(points.y.begin(), row.base.value);
    }
    lines.emplace_back();
    for (const double where : x) lines.back().push_back(points.at(where));
    instances.push_back(row.instance);
  }
}

std::vector<std::vector<double>> Curves::at(std::size_t k) const {
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0 || instances[i] != instances[i - 1]) values.emplace_back();
    values.back().push_back(lines[i][k]);
  }
  return values;
}

std::vector<double> Curves::means() const {
  std::vector<double> out;
  for (std::size_t k = 0; k < x.size(); ++k) out.push_back(mean(flat(at(k))));
  return out;
}

std::vector<double> Curves::sums() const {
  std::vector<double> out(x.size());
  for (const std::vector<double>& line : lines)
    for (std::size_t k = 0; k < x.size(); ++k) out[k] += line[k];
  return out;
}

Series Curves::with_band(const std::string& label, Colour colour) const {
  Series series{.label = label, .x = x, .mean = means(), .colour = colour};
  for (std::size_t k = 0; k < x.size(); ++k) {
    Rng rng(0, "bootstrap");
    const Interval interval = nested_bootstrap(
        at(k), [](std::span<const double> v) { return mean(v); }, rng);
    series.lo.push_back(interval.lo);
    series.hi.push_back(interval.hi);
  }
  return series;
}

bool has_estimates(const Group& group) {
  return std::ranges::any_of(group.runs, [](const Run* run) {
    const auto& rounds = run->log.rounds;
    return std::ranges::any_of(rounds, [](const auto& r) { return r.measured && r.measured->exact; });
  });
}

Series success_with_sampling_band(const Group& group, const std::string& label, Colour colour) {
  const Curves curves(group, success, false);
  const auto sums = [&](auto of) {
    return Curves(
               group, [of](const Measurement& m) { return std::optional<double>(of(m)); }, false)
        .sums();
  };
  const std::vector<double> hits =
      sums([](const Measurement& m) { return static_cast<double>(m.success.k); });
  const std::vector<double> samples =
      sums([](const Measurement& m) { return static_cast<double>(m.success.n); });
  const std::vector<double> variance = sums(
      [](const Measurement& m) { return m.exact ? m.exact->standard_error * m.exact->standard_error : 0; });
  const bool estimated = has_estimates(group);
  Series series{.label = label, .x = curves.x, .mean = curves.means(), .colour = colour};
  for (std::size_t k = 0; k < curves.x.size(); ++k) {
    const double error = 2 * std::sqrt(variance[k]) / static_cast<double>(curves.lines.size());
    const Interval band =
        estimated ? Interval{std::max(0.0, series.mean[k] - error), std::min(1.0, series.mean[k] + error)}
                  : clopper_pearson(std::llround(hits[k]), std::llround(samples[k]));
    series.lo.push_back(band.lo);
    series.hi.push_back(band.hi);
  }
  return series;
}

}  // namespace banel
