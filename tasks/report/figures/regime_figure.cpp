// Success against how much success the budget can meet: where each method stops working.
#include <algorithm>
#include <set>

#include "tasks/plot/panels.h"
#include "tasks/report/figures/figure_parts.h"
#include "tensor/check.h"

namespace banel {

namespace {

std::optional<double> final_success(const Run& run) { return run.row.final; }

// "tail" of "tail 4e-4": panels with the same first word share a chart.
std::string family(const std::string& panel) { return panel.substr(0, panel.find_first_of(" ,")); }

// Successes that the prior would meet with the budget.
double expected_successes(const PanelData& panel) {
  double most = 0;
  for (const Group& group : panel.groups) {
    const Values& settings = group.runs[0]->row.settings;
    if (const auto budget = settings.find("budget"); budget != settings.end())
      most = std::max(most, budget->second.number());
  }
  return most * mean_base(panel.groups[0]);
}

PanelPoint point_of(const Group& group, double x) {
  const std::vector<std::vector<double>> values = by_instance(group, final_success);
  Rng rng(0, "bootstrap");
  const auto of = [](std::span<const double> v) { return mean(v); };
  return {x, mean(flat(values)), flat(values), nested_bootstrap(values, of, rng)};
}

bool has_point_at(const PanelPlot& plot, double x) {
  return std::ranges::any_of(plot.series, [&](const PanelSeries& series) {
    return std::ranges::any_of(series.points, [&](const PanelPoint& point) { return point.x == x; });
  });
}

PanelSeries& series_of(PanelPlot& plot, const Group& group) {
  for (PanelSeries& series : plot.series)
    if (series.label == group.variant) return series;
  return plot.series.emplace_back(PanelSeries{group.variant, {}, variant_colour(group.place)});
}

}  // namespace

Drawn draw_regimes(const std::vector<PanelData>& panels) {
  Drawn drawn{
      "Where each method works",
      "line: mean; bar: its 95 % bootstrap interval; dots: every run, side by side. To the right success "
      "gets rarer",
      {}};
  Panels picture{.captions = captions_of(drawn.title, drawn.caption, panels[0].from())};
  picture.x = {.label = "successes that the budget would meet in the prior: evaluations × base rate",
               .scale = Scale::log,
               .reversed = true};
  picture.y = {.label = "success rate at the end", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  std::set<std::string> left_out;
  for (const PanelData& panel : panels) {
    const std::string heading = family(panel.name);
    const double x = expected_successes(panel);
    const auto same = [&](const PanelPlot& p) { return p.heading == heading; };
    auto plot = std::find_if(picture.panels.begin(), picture.panels.end(), same);
    if (x == 0 || (plot != picture.panels.end() && has_point_at(*plot, x))) {  // it has no place on the axis
      left_out.insert(panel.name);
      continue;
    }
    if (plot == picture.panels.end()) plot = picture.panels.insert(plot, {heading, {}});
    for (const Group& group : panel.groups)
      if (group.place < most_series)
        series_of(*plot, group).points.push_back(point_of(group, x));
      else
        left_out.insert(group.variant);
  }
  std::erase_if(picture.panels, [](const PanelPlot& plot) { return plot.series.empty(); });
  ENSURE(!picture.panels.empty(), "regimes", "no panel has a base rate above 0");
  std::string names;
  for (const std::string& name : left_out) names += (names.empty() ? "Not shown: " : ", ") + name;
  if (!names.empty()) picture.captions.footer = names + ". " + picture.captions.footer;
  drawn.picture = draw(picture);
  return drawn;
}

}  // namespace banel
