#include <algorithm>
#include <array>
#include <functional>

#include "tasks/report/figure_parts.h"
#include "tasks/base/stats.h"
#include "tensor/check.h"

namespace banel {

namespace {

Series points_series(const std::string& label, Colour colour, const std::vector<ScalingPoint>& points,
                     const std::function<const std::vector<double>&(const ScalingPoint&)>& values) {
  Series series{.label = label, .colour = colour, .width = 2, .points = true};
  for (const ScalingPoint& p : points) {
    const Interval interval = mean_interval(values(p));
    series.x.push_back(p.epochs);
    series.mean.push_back(mean(values(p)));
    series.lo.push_back(interval.lo);
    series.hi.push_back(interval.hi);
    for (std::size_t seed = 0; seed < values(p).size(); ++seed) {
      if (series.seeds.size() <= seed) series.seeds.emplace_back();
      series.seeds[seed].push_back(values(p)[seed]);
    }
  }
  return series;
}

// 1, 2, 5, 10, ... between the smallest positive and the largest value: an axis that wastes no decade.
std::vector<double> round_ticks(std::vector<double> values) {
  std::erase(values, 0.0);
  std::vector<double> ticks;
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  for (double decade = 1e-3; decade <= 1e6; decade *= 10)
    for (double mantissa : {1, 2, 5})
      if (const double tick = decade * mantissa; tick >= *lo && tick <= *hi) ticks.push_back(tick);
  return ticks;
}

LineChart factor_chart(const std::vector<ScalingPoint>& points,
                       const std::vector<ScalingReference>& references, const QuotedCurve& quoted,
                       const Axis& x) {
  LineChart chart{.width = 860, .height = 420};
  chart.x = x;
  chart.y = {.label = "× the pre-trained attacker", .scale = Scale::log};
  chart.reference = Reference{1, "pre-trained"};
  if (!quoted.epochs.empty())
    chart.series.push_back({.label = quoted.label,
                            .x = quoted.epochs,
                            .mean = quoted.factors,
                            .colour = grey,
                            .width = 1.2,
                            .dash = 4});
  const std::vector<double> ends{points.front().epochs, points.back().epochs};
  for (const ScalingReference& r : references) {
    const Interval interval = mean_interval(r.factors);
    const double middle = mean(r.factors);
    chart.series.push_back({.label = r.name,
                            .x = ends,
                            .mean = {middle, middle},
                            .lo = {interval.lo, interval.lo},
                            .hi = {interval.hi, interval.hi},
                            .colour = method_colour(r.name),
                            .width = 1.6,
                            .fill = 0.1});
  }
  chart.series.push_back(
      points_series("banel", method_colour("banel"), points,
                    [](const ScalingPoint& p) -> const std::vector<double>& { return p.factors; }));
  std::vector<double> shown{1};
  for (const Series& series : chart.series)
    for (const auto* part : {&series.mean, &series.lo, &series.hi})
      shown.insert(shown.end(), part->begin(), part->end());
  chart.y.at = round_ticks(shown);
  chart.top = TopAxis{"FLOPs of one run, measuring excluded", {}};
  for (const ScalingPoint& p : points)
    chart.top->ticks.push_back({p.epochs, value_text(p.flops, Ticks::power, 2)});
  return chart;
}

LineChart loss_chart(const std::vector<ScalingPoint>& points, const Axis& x) {
  LineChart chart{.width = 860, .height = 250};
  chart.x = x;
  chart.x.label = "epochs of the failure model in each round";
  chart.y = {.label = "nats per token"};
  chart.captions.heading = "loss of the failure model";
  chart.series = {
      points_series("held-out failures", series_colour(1), points,
                    [](const ScalingPoint& p) -> const std::vector<double>& { return p.heldout; }),
      points_series("failures it was fitted to", series_colour(6), points,
                    [](const ScalingPoint& p) -> const std::vector<double>& { return p.loss; })};
  for (Series& series : chart.series) series.seeds.clear();  // they lie on one another
  return chart;
}

}  // namespace

DrawList scaling_figure(const std::vector<ScalingPoint>& points,
                        const std::vector<ScalingReference>& references, const QuotedCurve& quoted,
                        const Provenance& from) {
  ENSURE(!points.empty(), "figure", "scaling without points");
  Axis x{.scale = Scale::log};
  for (const ScalingPoint& p : points) x.at.push_back(p.epochs);
  if (!quoted.epochs.empty()) {  // in both panels, so that they line up
    x.lo = quoted.epochs.front();
    x.hi = quoted.epochs.back();
  }
  std::vector<LineChart> charts{factor_chart(points, references, quoted, x), loss_chart(points, x)};
  align(charts);
  return captioned(captions_of("Success against compute spent on the failure model",
                               "leading zeros forbidden; strong: mean, bars and bands: its 95 % bootstrap "
                               "interval, faint dots: every seed",
                               from),
                   grid({draw(charts[0]), draw(charts[1])}, 1));
}

}  // namespace banel
