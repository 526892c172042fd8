// Success against a setting that varies between variants, such as the epochs of the failure model.
#include <algorithm>
#include <cmath>
#include <set>

#include "tasks/base/text.h"
#include "tasks/report/figures/figure_parts.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

// Variants of one method that differ in the setting alone, by its value.
struct Curve {
  std::string method;
  Values others;  // the settings besides
  std::vector<double> x = {};
  std::vector<Group> points = {};
};

// A reference is a variant that lies on no curve.
struct Scaling {
  std::vector<Curve> curves;
  std::vector<Group> references;
};

Scaling scaling_by(const PanelData& panel, const std::string& key) {
  std::vector<Curve> all;
  Scaling scaling;
  for (const Group& group : panel.groups) {
    check_stop();  // hundreds of variants take seconds
    const Row& row = group.runs[0]->row;
    Curve of{row.method, row.settings};
    const auto value = of.others.find(key);
    if (value == of.others.end() || !value->second.is_number()) {
      scaling.references.push_back(group);
      continue;
    }
    const double x = value->second.number();
    of.others.erase(value);
    auto curve = std::find_if(all.begin(), all.end(),
                              [&](const Curve& c) { return c.method == of.method && c.others == of.others; });
    if (curve == all.end()) curve = all.insert(all.end(), of);
    const auto place = std::lower_bound(curve->x.begin(), curve->x.end(), x);
    if (place != curve->x.end() && *place == x) continue;  // the same attacks under another name
    curve->points.insert(curve->points.begin() + (place - curve->x.begin()), group);
    curve->x.insert(place, x);
  }
  for (const Curve& curve : all)
    if (curve.x.size() > 1)
      scaling.curves.push_back(curve);
    else
      scaling.references.push_back(curve.points[0]);
  return scaling;
}

// The setting on the x axis: the one asked for, or the only one that varies.
std::string varying_setting(const PanelData& panel, const std::string& wanted) {
  std::set<std::string> keys;
  for (const Group& group : panel.groups)
    for (const auto& [key, value] : group.runs[0]->row.settings) keys.insert(key);
  std::erase_if(keys, [&](const std::string& key) { return scaling_by(panel, key).curves.empty(); });
  ENSURE(!keys.empty(), "scaling", "no setting is all that differs between two variants of a method");
  ENSURE(wanted.empty() || keys.contains(wanted), "scaling",
         in_quotes(wanted) << " does not vary between variants; these do: " << listed(keys));
  ENSURE(!wanted.empty() || keys.size() == 1, "scaling",
         "several settings vary; name one of " << listed(keys) << ", as in scaling:" << *keys.begin());
  return wanted.empty() ? *keys.begin() : wanted;
}

std::string axis_label(const std::string& key) {
  constexpr std::size_t longest = 70;
  for (const Setting& s : method_settings())
    if (s.key == key && s.sentence.size() <= longest) return key + ": " + s.sentence;
  return key;
}

std::optional<double> factor_over_base(const Run& run) {
  return run.row.base.value > 0 ? run.row.final / run.row.base.value : std::optional<double>();
}

// The last reading of a round that fitted a failure model; null if there is none.
const RoundRecord* last_fit(const Run& run) {
  const auto& rounds = run.log.rounds;
  const auto last = std::find_if(rounds.rbegin(), rounds.rend(), [](const RoundRecord& r) {
    return r.outcome == Outcome::learned && r.filter && r.filter->phi_heldout > 0 &&
           std::isfinite(r.filter->phi_heldout);
  });
  return last == rounds.rend() ? nullptr : &*last;
}

std::optional<double> fitted_loss(const Run& run) {
  const RoundRecord* round = last_fit(run);
  return round ? round->phi_loss : std::optional<double>();
}

std::optional<double> heldout_loss(const Run& run) {
  const RoundRecord* round = last_fit(run);
  return round ? round->filter->phi_heldout : std::optional<double>();
}

Interval interval_of(const std::vector<std::vector<double>>& values) {
  Rng rng(0, "bootstrap");
  return nested_bootstrap(
      values, [](std::span<const double> v) { return mean(v); }, rng);
}

// A point with an error bar and every run for each value of the setting; those without a number are left out.
Series points_series(const std::string& label, Colour colour, const Curve& curve, const ValueOf& of) {
  Series series{.label = label, .colour = colour, .width = 2, .points = true};
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    const std::vector<std::vector<double>> values = by_instance(curve.points[i], of);
    const std::vector<double> runs = flat(values);
    if (runs.empty()) continue;
    const Interval interval = interval_of(values);
    series.x.push_back(curve.x[i]);
    series.mean.push_back(mean(runs));
    series.lo.push_back(interval.lo);
    series.hi.push_back(interval.hi);
    series.dots.push_back(runs);
  }
  return series;
}

Series level_series(const Group& group, Colour colour, double from, double to) {
  const std::vector<std::vector<double>> factors = by_instance(group, factor_over_base);
  const Interval interval = interval_of(factors);
  const double middle = mean(flat(factors));
  return {.label = group.variant,
          .x = {from, to},
          .mean = {middle, middle},
          .lo = {interval.lo, interval.lo},
          .hi = {interval.hi, interval.hi},
          .colour = colour,
          .width = 1.6,
          .fill = 0.1};
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

Axis setting_axis(const Scaling& scaling, const std::optional<QuotedCurve>& quoted) {
  std::set<double> values;
  for (const Curve& curve : scaling.curves) values.insert(curve.x.begin(), curve.x.end());
  Axis x;
  if (*values.begin() > 0 && *values.rbegin() / *values.begin() >= 8) x.scale = Scale::log;
  x.at.assign(values.begin(), values.end());
  if (quoted && !quoted->x.empty()) {  // in both charts, so that they line up
    x.lo = quoted->x.front();
    x.hi = quoted->x.back();
  }
  return x;
}

TopAxis flops_axis(const PanelData& panel, const Curve& curve) {
  TopAxis top{"FLOPs of one run, measuring excluded", {}};
  for (std::size_t i = 0; i < curve.x.size(); ++i)
    top.ticks.push_back({curve.x[i], value_text(row_of(panel, curve.points[i]).flops, Ticks::power, 2)});
  return top;
}

LineChart factor_chart(const PanelData& panel, const Scaling& scaling, const Axis& x) {
  LineChart chart{.width = 860, .height = 420};
  chart.x = x;
  chart.y = {.label = "× the base rate", .scale = Scale::log};
  chart.reference = Reference{1, "base rate"};
  if (const auto& quoted = panel.results.quoted)
    chart.series.push_back({.label = quoted->label,
                            .x = quoted->x,
                            .mean = quoted->factors,
                            .colour = grey,
                            .width = 1.2,
                            .dash = 4});
  std::size_t place = scaling.curves.size();  // colours: curves first, then references
  for (const Group& group : scaling.references)
    chart.series.push_back(level_series(group, variant_colour(place++), x.at.front(), x.at.back()));
  for (std::size_t i = scaling.curves.size(); i-- > 0;) {
    const Curve& curve = scaling.curves[i];
    const bool alone = std::count_if(scaling.curves.begin(), scaling.curves.end(),
                                     [&](const Curve& c) { return c.method == curve.method; }) == 1;
    chart.series.push_back(points_series(alone ? curve.method : curve.points[0].variant, variant_colour(i),
                                         curve, factor_over_base));
  }
  std::vector<double> shown{1};
  for (const Series& series : chart.series)
    for (const auto* part : {&series.mean, &series.lo, &series.hi})
      shown.insert(shown.end(), part->begin(), part->end());
  chart.y.at = round_ticks(shown);
  if (scaling.curves.size() == 1) chart.top = flops_axis(panel, scaling.curves[0]);
  return chart;
}

LineChart loss_chart(const Curve& curve, const Axis& x) {
  LineChart chart{.width = 860, .height = 250};
  chart.x = x;
  chart.y = {.label = "nats per token"};
  chart.captions.heading = "loss of the failure model";
  chart.series = {points_series("held-out failures", series_colour(1), curve, heldout_loss),
                  points_series("failures it was fitted to", series_colour(6), curve, fitted_loss)};
  for (Series& series : chart.series) series.dots.clear();  // they lie on one another
  return chart;
}

}  // namespace

Drawn draw_scaling(const PanelData& panel, const std::string& wanted) {
  const std::string key = varying_setting(panel, wanted);
  const Scaling scaling = scaling_by(panel, key);
  for (const Group& group : panel.groups)
    for (const Run* run : group.runs)
      ENSURE(run->row.base.value > 0, "scaling",
             "the base rate of instance " << run->row.instance << " is 0, so there are no factors over it");
  const Axis x = setting_axis(scaling, panel.results.quoted);
  std::vector<LineChart> charts{factor_chart(panel, scaling, x)};
  if (scaling.curves.size() == 1)
    if (const LineChart losses = loss_chart(scaling.curves[0], x); !losses.series[0].x.empty())
      charts.push_back(losses);
  charts.back().x.label = axis_label(key);
  align(charts);
  std::vector<DrawList> pictures;
  for (const LineChart& chart : charts) pictures.push_back(draw(chart));
  Drawn drawn{panel.titled("Success against " + key),
              "strong: mean, bars and bands: its 95 % bootstrap interval, faint dots: every run",
              {}};
  drawn.picture = captioned(captions_of(drawn.title, drawn.caption, panel.from()), grid(pictures, 1));
  return drawn;
}

}  // namespace banel
