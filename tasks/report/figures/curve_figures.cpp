// The figures whose x axis is the evaluations spent.
#include <algorithm>
#include <array>
#include <map>

#include "tasks/report/figures/curves.h"
#include "tasks/report/figures/figure_parts.h"

namespace banel {

namespace {

constexpr std::size_t most_labels = 8;
constexpr std::size_t detailed = 3;  // variants with bands and seeds in a picture where many curves cross

const char* const evaluations_label =
    "evaluations (rounds of the same length for methods that evaluate nothing)";

bool has_readings(const Group& group) {
  return std::any_of(group.runs.begin(), group.runs.end(),
                     [](const Run* run) { return !run->log.rounds.empty(); });
}

// The runs on one instance each.
std::vector<Group> instances_of(const Group& group) {
  std::vector<Group> parts;
  for (const Run* run : group.runs) {  // by instance
    if (parts.empty() || parts.back().runs[0]->row.instance != run->row.instance)
      parts.push_back({group.panel, group.variant, group.place, {}});
    parts.back().runs.push_back(run);
  }
  return parts;
}

// Groups with readings from the back of a picture to its front: grey ones by rising final rate, then coloured
// ones, the study's first last.
std::vector<Group> back_to_front(const PanelData& panel) {
  std::vector<Group> groups = panel.groups;
  std::erase_if(groups, [](const Group& g) { return !has_readings(g); });
  const auto rank = [](const Group& g) { return std::min(g.place, coloured_variants); };
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& a, const Group& b) {
    if (rank(a) != rank(b)) return rank(a) > rank(b);
    return row_of(panel, a).final.mean < row_of(panel, b).final.mean;
  });
  return groups;
}

Series success_series(const Group& group, bool labelled) {
  const Curves curves(group, success, true);
  const Colour colour = variant_colour(group.place);
  if (group.place >= detailed)
    return {.label = labelled ? group.variant : "",
            .x = curves.x,
            .mean = curves.means(),
            .colour = colour,
            .width = group.place < coloured_variants ? 1.8 : 1.2};
  Series series = curves.with_band(group.variant, colour);
  series.seeds = curves.lines;
  series.width = group.place == 0 ? 3.4 : 1.8;
  return series;
}

}  // namespace

std::vector<Group> first_groups(const PanelData& panel, std::string& left_out) {
  std::vector<Group> groups;
  for (const Group& group : panel.groups)
    if (has_readings(group) && groups.size() < coloured_variants)
      groups.push_back(group);
    else
      left_out += (left_out.empty() ? "Not shown: " : ", ") + group.variant;
  if (!left_out.empty()) left_out += ". ";
  return groups;
}

DrawList side_by_side(const std::vector<LineChart>& charts, std::size_t columns, Captions captions,
                      const std::string& left_out) {
  std::vector<DrawList> pictures;
  for (const LineChart& chart : charts) pictures.push_back(draw(chart));
  captions.footer = left_out + captions.footer;
  return captioned(captions, grid(pictures, std::min(columns, pictures.size())));
}

Drawn draw_success(const PanelData& panel) {
  Drawn drawn{panel.titled("Success rate against evaluations spent"), {}, {}};
  LineChart chart{.width = 860, .height = 540};
  chart.x = {.label = evaluations_label, .lo = 0};
  chart.y = {.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  chart.reference = Reference{mean_base(panel.groups[0]), "base rate"};
  const std::vector<Group> ordered = back_to_front(panel);
  std::string unlabelled;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const bool labelled = ordered.size() - i <= most_labels;
    if (!labelled) unlabelled = ordered[i].variant + (unlabelled.empty() ? "" : ", ") + unlabelled;
    chart.series.push_back(success_series(ordered[i], labelled));
  }
  drawn.caption =
      "mean over instances and seeds; of the first three variants also its 95 % bootstrap interval (band) "
      "and every "
      "run (faint)";
  chart.captions = captions_of(drawn.title, drawn.caption, panel.from());
  if (!unlabelled.empty())
    chart.captions.footer = "Grey without a label, from the best to the worst at the end: " + unlabelled +
                            ". " + panel.results.note;
  drawn.picture = draw(chart);
  return drawn;
}

Drawn draw_instances(const PanelData& panel) {
  Drawn drawn{panel.titled("Success rate of each instance against evaluations spent"), {}, {}};
  std::string left_out;
  std::vector<Group> groups = first_groups(panel, left_out);
  drawn.caption = std::string("line: mean over seeds; band: ") +
                  (std::ranges::any_of(groups, has_estimates)
                       ? "two standard errors of the task's own estimate, which may be exact"
                       : "95 % by Clopper and Pearson for the samples of the readings") +
                  "; dashed: base rate. The scales differ";
  std::reverse(groups.begin(), groups.end());  // the first in front
  std::map<std::uint64_t, LineChart> charts;   // by instance
  for (const Group& group : groups)
    for (const Group& part : instances_of(group)) {
      if (!has_readings(part)) continue;
      const Row& row = part.runs[0]->row;
      LineChart& chart = charts[row.instance];
      chart.reference = Reference{row.base.value, {}};
      chart.series.push_back(success_with_sampling_band(part, group.variant, variant_colour(group.place)));
    }
  std::vector<LineChart> ordered;
  for (auto& [instance, chart] : charts) {
    chart.width = 400, chart.height = 250;
    chart.captions.heading = "instance " + std::to_string(instance);
    chart.x.lo = 0;
    chart.y = {.scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
    ordered.push_back(std::move(chart));
  }
  align(ordered);
  drawn.picture = side_by_side(ordered, 3, captions_of(drawn.title, drawn.caption, panel.from()), left_out);
  return drawn;
}

Drawn draw_collapse(const PanelData& panel) {
  struct Part {
    const char* heading;
    Axis y;
    Reading reading;
  };
  const Axis share{.ticks = Ticks::percent, .lo = 0, .hi = 1};
  const std::vector<Part> parts{
      {"valid strings", share, [](const Measurement& m) { return m.valid.value(); }},
      {"distinct strings among the samples", share, [](const Measurement& m) { return m.distinct.value(); }},
      {"entropy, nats per string", {.lo = 0}, [](const Measurement& m) { return m.entropy; }},
      {"surprise to the prior, nats per string", {.lo = 0}, [](const Measurement& m) { return m.surprise; }}};
  Drawn drawn{panel.titled("What the attacker still writes"),
              "mean over instances and seeds; band: its 95 % bootstrap interval",
              {}};
  std::string left_out;
  std::vector<Group> groups = first_groups(panel, left_out);
  std::reverse(groups.begin(), groups.end());  // the first in front
  std::vector<LineChart> charts;
  for (const Part& part : parts) {
    LineChart chart{.width = 860, .height = 210};
    chart.captions.heading = part.heading;
    chart.x.lo = 0;
    chart.y = part.y;
    for (const Group& group : groups)
      if (const Curves curves(group, part.reading, false); !curves.x.empty())
        chart.series.push_back(curves.with_band(group.variant, variant_colour(group.place)));
    if (!chart.series.empty()) charts.push_back(std::move(chart));
  }
  charts.back().x.label = evaluations_label;
  charts.back().height += 20;
  align(charts);
  drawn.picture = side_by_side(charts, 1, captions_of(drawn.title, drawn.caption, panel.from()), left_out);
  return drawn;
}

namespace {

std::vector<std::string> mode_names(const std::vector<Group>& groups) {
  std::vector<std::string> names;
  for (const Group& group : groups)
    for (const Run* run : group.runs)
      for (const ModeCount& mode : run->row.modes)
        if (std::find(names.begin(), names.end(), mode.name) == names.end()) names.push_back(mode.name);
  return names;
}

// Successes of a mode, of all samples. Modes are counted among samples; where the success rate is exact, they
// share it as they share the samples' successes.
Reading mode_reading(const std::string& name) {
  return [name](const Measurement& m) {
    for (const ModeCount& mode : m.modes)
      if (mode.name == name && m.success.k > 0)
        return m.value() * static_cast<double>(mode.samples) / static_cast<double>(m.success.k);
    return 0.0;
  };
}

LineChart modes_chart(const Group& group, const std::vector<std::string>& modes) {
  constexpr std::array<std::size_t, distinct_colours> colours{5, 4, 6, 2, 3, 1, 0};
  std::vector<std::vector<double>> parts;
  std::vector<std::string> labels;
  std::vector<double> x;
  for (const std::string& mode : modes) {
    const Curves curves(group, mode_reading(mode), false);
    x = curves.x;
    parts.push_back(curves.means());
    labels.push_back(mode + ' ' + value_text(parts.back().back(), Ticks::percent, 2));
  }
  LineChart chart{.width = 500, .height = 340};
  chart.captions.heading = group.variant;
  chart.x = {.label = "evaluations", .lo = 0};
  chart.y = {.label = "success rate", .ticks = Ticks::percent, .lo = 0};
  chart.series = stacked(x, labels, parts);
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    chart.series[i].colour = series_colour(colours[i % colours.size()]);
  return chart;
}

}  // namespace

Drawn draw_modes(const PanelData& panel) {
  std::string left_out;
  const std::vector<Group> groups = first_groups(panel, left_out);
  const std::vector<std::string> modes = mode_names(groups);
  Drawn drawn{panel.titled("Which kinds of success there are"),
              "share of all samples, mean over instances and seeds, with its last value; the scales differ",
              {}};
  std::vector<LineChart> charts;
  for (const Group& group : groups) charts.push_back(modes_chart(group, modes));
  drawn.picture = side_by_side(charts, 2, captions_of(drawn.title, drawn.caption, panel.from()), left_out);
  return drawn;
}

}  // namespace banel
