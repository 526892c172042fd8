#include "tasks/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>

#include "tasks/bar_chart.h"
#include "tasks/column_chart.h"
#include "tasks/line_chart.h"
#include "tasks/stats.h"
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

Colour method_colour(const std::string& name) {
  constexpr std::array<std::size_t, main_methods.size()> colours{0, 6, 1, 2, 3, 4, 5};
  return is_main(name) ? series_colour(colours[rank(name)]) : other_method;
}

Captions captions_of(const std::string& title, const std::string& subtitle, const Provenance& from) {
  return {(from.quick ? "QUICK RUN, not a result: " : "") + title, subtitle, from.note, {}};
}

Interval mean_interval(const std::vector<double>& values) {
  Rng rng(0, "bootstrap");
  return bootstrap(
      values, [](std::span<const double> v) { return mean(v); }, rng);
}

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
      {"surprise to the pre-trained attacker, nats per string",
       {.lo = 0},
       [](const RoundRecord& r) { return r.surprise; }}};
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

namespace {

// A row of swatches with words.
DrawList key(const std::vector<std::pair<std::string, Colour>>& entries) {
  DrawList list{.width = margin, .height = 22};
  for (const auto& [words, colour] : entries) {
    list.add(Polygon{rectangle(list.width, 4, 14, 10), colour});
    list.add(Text{{list.width + 19, 14}, words, label_size, black});
    list.width += 19 + text_width(words, label_size) + margin;
  }
  return list;
}

}  // namespace

DrawList toy1d_figure(const std::vector<double>& places, const std::vector<double>& successes,
                      const std::vector<Toy1dStep>& steps, const Provenance& from) {
  ENSURE(!steps.empty() && !places.empty(), "figure", "the illustration has no steps or no places");
  const Colour pale_grey{205, 205, 205}, blue = series_colour(0), vermilion = series_colour(1),
                                         green = series_colour(2);
  std::vector<std::size_t> rewarded;
  for (double success : successes)
    rewarded.push_back(static_cast<std::size_t>(
        std::min_element(places.begin(), places.end(),
                         [&](double a, double b) { return std::abs(a - success) < std::abs(b - success); }) -
        places.begin()));
  std::vector<double> whole_numbers;
  for (double x = std::ceil(places.front()); x <= places.back(); ++x) whole_numbers.push_back(x);
  std::vector<DrawList> drawn;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Toy1dStep& step = steps[i];
    ColumnChart chart{.width = 330, .height = 250};
    chart.captions.heading = "step " + std::to_string(i + 1);
    chart.x.at = whole_numbers;
    chart.y = {.lo = 0};
    chart.places = places;
    chart.columns = {{step.theta, pale_grey, 0.9}, {step.posterior, blue, 0.5}};
    chart.curves = {{step.phi, vermilion}};
    for (int place : step.samples) chart.dots.push_back(static_cast<std::size_t>(place));
    chart.marks = rewarded;
    chart.mark = green;
    if (i + 3 >= steps.size()) chart.x.label = "x";
    drawn.push_back(draw(chart));
  }
  const DrawList words = key({{"sampled generator", pale_grey},
                              {"failure model", vermilion},
                              {"posterior", blue},
                              {"samples", black},
                              {"rewarded", green}});
  return captioned(captions_of("One dimension, one step after another",
                               "probability of each x; dots: what was sampled; the scales differ", from),
                   grid({words, grid(drawn, 3)}, 1));
}

}  // namespace banel
