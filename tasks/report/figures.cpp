#include "tasks/report/figures.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>

#include "tasks/plot/bar_chart.h"
#include "tasks/report/figure_parts.h"
#include "tasks/base/stats.h"
#include "tensor/check.h"

namespace banel {

namespace {

// In the order of their colours; these are coloured and labelled before any other method.
constexpr std::array main_methods{"banel", "banel-unscreened", "banel-paper", "oracle-free", "tail", "rnd",
                                  "count"};
constexpr Colour other_method{150, 150, 150};
constexpr std::size_t most_labels = 8;
constexpr std::size_t detailed = 3;  // of the main methods: with bands and seeds where many curves cross

std::size_t rank(const std::string& name) {
  return static_cast<std::size_t>(std::find(main_methods.begin(), main_methods.end(), name) -
                                  main_methods.begin());
}

bool is_main(const std::string& name) { return rank(name) < main_methods.size(); }

void check_runs(const std::vector<MethodRuns>& methods) {
  ENSURE(!methods.empty(), "figure", "there is no method to draw");
  for (const MethodRuns& m : methods) {
    ENSURE(!m.runs.empty(), "figure", m.name << " has no runs");
    for (const AttackResult& run : m.runs)
      ENSURE(!run.rounds.empty(), "figure", m.name << " has a run without rounds");
  }
}

using Reading = std::function<double(const RoundRecord&)>;

double success(const RoundRecord& r) { return r.success.value(); }

// One curve for each seed, on the evaluations spent; a run that ended early keeps its last value.
struct Curves {
  std::vector<double> x;
  std::vector<std::vector<double>> seeds;

  Curves(const MethodRuns& m, const Reading& reading, std::optional<double> start = {}) {
    std::vector<std::vector<RoundRecord>> runs;
    for (const AttackResult& run : m.runs) runs.push_back(run.readings());
    const auto longest = std::max_element(runs.begin(), runs.end(),
                                          [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (longest->size() == 1) start.reset();  // nothing was learnt on the way: a dot, not a rise
    if (start) x.push_back(0);
    for (const RoundRecord& r : *longest) x.push_back(static_cast<double>(r.nre));
    for (const auto& run : runs) {
      std::vector<double> curve;
      if (start) curve.push_back(*start);
      for (const RoundRecord& r : run) curve.push_back(reading(r));
      curve.resize(x.size(), curve.back());
      seeds.push_back(std::move(curve));
    }
  }

  std::vector<double> at(std::size_t k) const {
    std::vector<double> values;
    for (const auto& seed : seeds) values.push_back(seed[k]);
    return values;
  }

  std::vector<double> means() const {
    std::vector<double> out;
    for (std::size_t k = 0; k < x.size(); ++k) out.push_back(mean(at(k)));
    return out;
  }

  Series with_band(const std::string& label, Colour colour) const {
    Series series{.label = label, .x = x, .mean = means(), .colour = colour};
    for (std::size_t k = 0; k < x.size(); ++k) {
      const Interval interval = mean_interval(at(k));
      series.lo.push_back(interval.lo);
      series.hi.push_back(interval.hi);
    }
    return series;
  }
};

std::vector<double> final_success(const MethodRuns& m) {
  std::vector<double> values;
  for (const AttackResult& run : m.runs) values.push_back(success(run.rounds.back()));
  return values;
}

// From the back of the picture to the front: others by rising final success, then the main methods, banel
// last.
std::vector<MethodRuns> back_to_front(std::vector<MethodRuns> methods) {
  std::stable_sort(methods.begin(), methods.end(), [](const MethodRuns& a, const MethodRuns& b) {
    if (rank(a.name) != rank(b.name)) return rank(a.name) > rank(b.name);
    return mean(final_success(a)) < mean(final_success(b));
  });
  return methods;
}

const char* const evaluations =
    "reward evaluations (rounds of the same length for methods that evaluate nothing)";

}  // namespace

Colour method_colour(const std::string& name) {
  constexpr std::array<std::size_t, main_methods.size()> colours{0, 6, 1, 2, 3, 4, 5};
  return is_main(name) ? series_colour(colours[rank(name)]) : other_method;
}

Captions captions_of(const std::string& title, const std::string& subtitle, const Provenance& from) {
  return {(from.quick ? "QUICK RUN, not a result: " : "") + title, subtitle, from.note, {}};
}

DrawList success_figure(const std::vector<MethodRuns>& methods, const Rate& base, const Provenance& from) {
  check_runs(methods);
  LineChart chart{.width = 860, .height = 540};
  chart.x = {.label = evaluations, .lo = 0};
  chart.y = {.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  chart.reference = Reference{base.value(), "pre-trained"};
  const std::vector<MethodRuns> ordered = back_to_front(methods);
  std::string unlabelled;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const MethodRuns& m = ordered[i];
    const Curves curves(m, success, base.value());
    const bool labelled = ordered.size() - i <= most_labels;
    if (!labelled) unlabelled = m.name + (unlabelled.empty() ? "" : ", ") + unlabelled;
    Series series{.label = labelled ? m.name : "",
                  .x = curves.x,
                  .mean = curves.means(),
                  .colour = method_colour(m.name)};
    series.width = is_main(m.name) ? 1.8 : 1.2;
    if (rank(m.name) < detailed) {
      series = curves.with_band(m.name, method_colour(m.name));
      series.seeds = curves.seeds;
    }
    if (rank(m.name) == 0) series.width = 3.4;
    chart.series.push_back(std::move(series));
  }
  chart.captions = captions_of("Success rate against evaluations spent",
                               "mean over seeds; of the three banels also its 95 % bootstrap "
                               "interval (band) and every seed (faint)",
                               from);
  if (!unlabelled.empty())
    chart.captions.footer =
        "Grey without a label, from the best to the worst at the end: " + unlabelled + ". " + from.note;
  return draw(chart);
}

DrawList bars_figure(const std::vector<MethodRuns>& methods, const Rate& base,
                     const std::map<std::string, double>& paper, const Provenance& from) {
  check_runs(methods);
  BarChart chart{.width = 860,
                 .height = 170 + 27 * static_cast<double>(std::max<std::size_t>(methods.size(), 2))};
  chart.captions = captions_of("Success rate after the last round",
                               "bar: mean over seeds; line: its 95 % bootstrap interval; diamond: the "
                               "paper's figure, on its own target",
                               from);
  chart.x = {.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  chart.reference = Reference{base.value(), "pre-trained"};
  for (const MethodRuns& m : methods) {
    const std::vector<double> values = final_success(m);
    const Interval interval = mean_interval(values);
    Bar bar{m.name, mean(values), interval.lo, interval.hi, method_colour(m.name), {}};
    if (const auto found = paper.find(m.name); found != paper.end()) bar.mark = found->second;
    chart.bars.push_back(std::move(bar));
  }
  std::stable_sort(chart.bars.begin(), chart.bars.end(),
                   [](const Bar& a, const Bar& b) { return a.value > b.value; });
  return draw(chart);
}

DrawList collapse_figure(const std::vector<MethodRuns>& methods, const Provenance& from) {
  check_runs(methods);
  struct Panel {
    const char* heading;
    Axis y;
    Reading reading;
  };
  const Axis share{.ticks = Ticks::percent, .lo = 0, .hi = 1};
  const std::vector<Panel> panels{
      {"valid strings", share, [](const RoundRecord& r) { return r.valid.value(); }},
      {"different strings among the samples", share, [](const RoundRecord& r) { return r.distinct.value(); }},
      {"entropy, nats per string", {.lo = 0}, [](const RoundRecord& r) { return r.entropy; }},
      {"surprise to the pre-trained attacker, nats per string", {.lo = 0}, [](const RoundRecord& r) {
         return r.surprise;
       }}};
  std::vector<LineChart> charts;
  for (const Panel& panel : panels) {
    LineChart chart{.width = 860, .height = 210};
    chart.captions.heading = panel.heading;
    chart.x.lo = 0;
    chart.y = panel.y;
    for (const MethodRuns& m : back_to_front(methods))
      chart.series.push_back(Curves(m, panel.reading).with_band(m.name, method_colour(m.name)));
    charts.push_back(std::move(chart));
  }
  charts.back().x.label = evaluations;
  charts.back().height += 20;
  align(charts);
  std::vector<DrawList> drawn;
  for (const LineChart& chart : charts) drawn.push_back(draw(chart));
  return captioned(captions_of("What the attacker still writes",
                               "mean over seeds; band: its 95 % bootstrap interval", from),
                   grid(drawn, 1));
}

DrawList modes_figure(const std::vector<MethodRuns>& methods, const Provenance& from) {
  check_runs(methods);
  const std::vector<Reading> readings{[](const RoundRecord& r) { return r.success_leading_zero.value(); },
                                      [](const RoundRecord& r) { return r.success_carry.value(); },
                                      [](const RoundRecord& r) { return r.success_other.value(); }};
  const std::array colours{series_colour(5), series_colour(4), series_colour(6)};
  std::vector<DrawList> drawn;
  std::vector<MethodRuns> ordered = back_to_front(methods);
  std::reverse(ordered.begin(), ordered.end());
  for (const MethodRuns& m : ordered) {
    std::vector<std::vector<double>> parts;
    std::vector<std::string> labels{"leading zero ", "carry chain ", "other "};
    for (std::size_t i = 0; i < readings.size(); ++i) {
      parts.push_back(Curves(m, readings[i]).means());
      labels[i] += value_text(parts[i].back(), Ticks::percent, 2);
    }
    LineChart chart{.width = 500, .height = 340};
    chart.captions.heading = m.name;
    chart.x = {.label = "reward evaluations", .lo = 0};
    chart.y = {.label = "success rate", .ticks = Ticks::percent, .lo = 0};
    chart.series = stacked(Curves(m, success).x, labels, parts);
    for (std::size_t i = 0; i < colours.size(); ++i) chart.series[i].colour = colours[i];
    drawn.push_back(draw(chart));
  }
  return captioned(
      captions_of("Which failures the successes exploit",
                  "share of all samples, mean over seeds, with its last value; the scales differ", from),
      grid(drawn, std::min<std::size_t>(2, drawn.size())));
}

}  // namespace banel
