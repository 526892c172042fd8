#include "tasks/plot/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tensor/check.h"

namespace banel {

namespace {

void check_series(const LineChart& chart, const Series& series) {
  const std::string name = "series \"" + series.label + "\"";
  ENSURE(!series.x.empty(), "chart", name << " has no points");
  check_values(name, "x", chart.x, series.x);
  for (std::size_t i = 1; i < series.x.size(); ++i)
    ENSURE(series.x[i - 1] < series.x[i], "chart",
           name << ": x[" << i << "] is not greater than the one before");
  const auto check = [&](const char* part, const std::vector<double>& values) {
    check_values(name, part, chart.y, values);
    ENSURE(values.empty() || values.size() == series.x.size(), "chart",
           name << ": " << series.x.size() << " x but " << values.size() << " values of " << part);
  };
  check("mean", series.mean);
  check("lo", series.lo);
  check("hi", series.hi);
  ENSURE(series.lo.size() == series.hi.size(), "chart", name << ": a band needs both lo and hi");
  for (const auto& seed : series.seeds) {
    check_values(name, "seeds", chart.y, seed);
    ENSURE(seed.size() <= series.x.size(), "chart",
           name << ": " << series.x.size() << " x but a seed of " << seed.size() << " values");
  }
  for (const auto& at : series.dots) check_values(name, "dots", chart.y, at);
  ENSURE(series.dots.size() <= series.x.size(), "chart",
         name << ": " << series.x.size() << " x but dots for " << series.dots.size());
}

std::vector<double> y_values(const Series& series) {
  std::vector<double> out = series.mean;
  for (const auto* part : {&series.lo, &series.hi}) out.insert(out.end(), part->begin(), part->end());
  for (const auto* parts : {&series.seeds, &series.dots})
    for (const std::vector<double>& part : *parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

// Each series that has a zero gets a row of its own in the strip of zeros.
struct ZeroRows {
  std::vector<std::size_t> of_series;
  std::size_t count = 0;
};

ZeroRows zero_rows(const std::vector<Series>& series) {
  ZeroRows rows;
  for (const Series& s : series) {
    const std::vector<double> values = y_values(s);
    const bool any = std::find(values.begin(), values.end(), 0.0) != values.end();
    rows.of_series.push_back(any ? rows.count++ : 0);
  }
  return rows;
}

constexpr double beside = 8;  // from an error bar to its dots

// Draws one series. `row`: of the strip of zeros.
struct SeriesPainter {
  DrawList& list;
  const Series& series;
  const Ruler &x, &y;
  std::size_t row;
  Colour colour;
  double dash;

  std::vector<Point> path(const std::vector<double>& values) const {
    std::vector<Point> out;
    for (std::size_t i = 0; i < values.size(); ++i) out.push_back({x(series.x[i]), y(values[i], row)});
    return out;
  }

  // An arrow for each zero, except where it would touch the one before; there the line shows the zero.
  void arrows(const std::vector<double>& values, Colour ink, double alpha) const {
    double last = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const double place = x(series.x[i]); y.lies_in_strip(values[i]) && place - last > 8) {
        add_arrow(list, {place, y(0, row)}, true, ink, alpha);
        last = place;
      }
  }

  void error_bars() const {
    for (std::size_t i = 0; i < series.lo.size(); ++i) {
      const double place = x(series.x[i]), ends[] = {y(series.lo[i], row), y(series.hi[i], row)};
      add_line(list, {place, ends[0]}, {place, ends[1]}, colour, 1.6);
      for (double end : ends) add_line(list, {place - 4, end}, {place + 4, end}, colour, 1.6);
    }
  }

  void band() const {
    if (series.lo.empty() || series.points) return;
    std::vector<Point> outline = path(series.hi), lower = path(series.lo);
    outline.insert(outline.end(), lower.rbegin(), lower.rend());
    list.add(Polygon{outline, colour, series.fill});
  }

  void seeds() const {
    for (const auto& seed : series.seeds) {
      list.add(Polyline{path(seed), colour, 1, 0.3, dash});
      arrows(seed, colour, 0.3);
    }
    for (std::size_t i = 0; i < series.dots.size(); ++i)
      for (const double value : series.dots[i])
        list.add(Circle{{x(series.x[i]) + beside, y(value, row)}, 2.6, colour, 0.45});
  }

  void mean() const {
    if (series.mean.empty()) return;
    const std::vector<Point> line = path(series.mean);
    if (!series.points)
      list.add(Polyline{line, white, series.width + 1.8, 0.75});  // sets crossing lines apart
    list.add(Polyline{line, colour, series.width, 1, dash});
    arrows(series.mean, colour, 1);
    if (series.points) error_bars();
    const double radius = 1 + series.width;
    for (std::size_t i = series.points ? 0 : line.size() - 1; i < line.size(); ++i)
      if (!y.lies_in_strip(series.mean[i])) list.add(Circle{line[i], radius, colour});
  }

  // Where the label points: to the end of the strong line, else of the band's middle, else of the first seed.
  Point end() const {
    if (!series.mean.empty()) return path(series.mean).back();
    if (!series.hi.empty()) {
      const Point low = path(series.lo).back(), high = path(series.hi).back();
      return {low.x, (low.y + high.y) / 2};
    }
    if (!series.seeds.empty() && !series.seeds[0].empty()) return path(series.seeds[0]).back();
    return {x(series.x.back()), (y.from + y.to) / 2};
  }
};

double room_for_labels(const LineChart& chart) {
  double label_room = chart.reference ? text_width(chart.reference->label, label_size) : 0;
  for (const Series& series : chart.series)
    label_room = std::max(label_room, text_width(series.label, label_size));
  return label_room + 26;
}

// What captions, ticks, axis labels and end labels leave for the plot.
Area plot_area(DrawList& list, const LineChart& chart, const Span& y_span) {
  Area area = write_captions(list, chart.captions);
  area.left += std::max(chart.left_room, room_for_ticks(chart.y, y_span));
  area.right -= std::max(chart.right_room, room_for_labels(chart));
  if (chart.top) area.top += 9 + tick_size + 20;
  area.bottom -= 9 + tick_size + 6 + (chart.x.label.empty() ? 0 : 20);
  area.top += 8;
  ENSURE(area.right - area.left >= 100 && area.bottom - area.top >= 80, "chart",
         "\"" << chart.captions.title
              << "\": no room left for the plot; shorten the labels or enlarge the picture");
  return area;
}

// Draws all data from the back to the front (reference, bands, seeds, means) and the labels.
void draw_series(DrawList& list, const LineChart& chart, const Ruler& x, const Ruler& y, const ZeroRows& rows,
                 const Area& area) {
  std::vector<EndLabel> labels;
  if (chart.reference) {
    const double place = y(chart.reference->value);
    add_line(list, {area.left, place}, {area.right, place}, grey, 1.2, 5);
    if (!chart.reference->label.empty())
      labels.push_back({chart.reference->label, {area.right, place}, grey});
  }
  std::vector<SeriesPainter> painters;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const Colour colour = series.colour.value_or(series_colour(i));
    const bool repeated = !series.colour && i >= distinct_colours;
    painters.push_back({list, series, x, y, rows.of_series[i], colour, repeated ? 6.0 : series.dash});
    if (!series.label.empty()) labels.push_back({series.label, painters.back().end(), colour});
  }
  for (const SeriesPainter& painter : painters) painter.band();
  for (const SeriesPainter& painter : painters) painter.seeds();
  for (const SeriesPainter& painter : painters) painter.mean();
  write_labels(list, labels, area);
}

// The ranges of both axes; throws if the chart cannot be drawn.
std::pair<Span, Span> spans_of(const LineChart& chart) {
  ENSURE(!chart.series.empty(), "chart", "\"" << chart.captions.title << "\" has no series");
  std::vector<double> xs, ys;
  for (const Series& series : chart.series) {
    check_series(chart, series);
    const std::vector<double> values = y_values(series);
    xs.insert(xs.end(), series.x.begin(), series.x.end());
    ys.insert(ys.end(), values.begin(), values.end());
  }
  if (chart.reference) {
    check_values("reference \"" + chart.reference->label + "\"", "value", chart.y, {chart.reference->value});
    ys.push_back(chart.reference->value);
  }
  return {span_of(chart.x, xs), span_of(chart.y, ys)};
}

void draw_top_axis(DrawList& list, const TopAxis& top, const Ruler& x, const Area& area) {
  add_line(list, {area.left, area.top}, {area.right, area.top}, black, 1);
  double free_from = 0;
  for (const Tick& tick : top.ticks) {
    const double place = x(tick.value);
    add_line(list, {place, area.top}, {place, area.top - 5}, black, 1);
    const double half = text_width(tick.text, tick_size) / 2;
    if (place - half < free_from) continue;  // it would touch the one before
    list.add(Text{{place, area.top - 9}, tick.text, tick_size, black, Anchor::middle});
    free_from = place + half + 6;
  }
  list.add(Text{{(area.left + area.right) / 2, area.top - 9 - tick_size - 8},
                top.label,
                label_size,
                black,
                Anchor::middle});
}

}  // namespace

void align(std::vector<LineChart>& charts) {
  double left = 0, right = 0;
  for (const LineChart& chart : charts) {
    left = std::max(left, room_for_ticks(chart.y, spans_of(chart).second));
    right = std::max(right, room_for_labels(chart));
  }
  for (LineChart& chart : charts) {
    chart.left_room = left;
    chart.right_room = right;
  }
}

std::vector<Series> stacked(const std::vector<double>& x, const std::vector<std::string>& labels,
                            const std::vector<std::vector<double>>& parts) {
  ENSURE(labels.size() == parts.size(), "chart", labels.size() << " labels for " << parts.size() << " areas");
  std::vector<Series> areas;
  std::vector<double> below(x.size(), 0.0);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ENSURE(parts[i].size() == x.size(), "chart",
           "area \"" << labels[i] << "\": " << x.size() << " x but " << parts[i].size() << " values");
    Series area{.label = labels[i], .x = x, .lo = below, .fill = 0.75};
    for (std::size_t k = 0; k < x.size(); ++k) below[k] += parts[i][k];
    area.hi = below;
    areas.push_back(std::move(area));
  }
  return areas;
}

DrawList draw(const LineChart& chart) {
  const auto [x_span, y_span] = spans_of(chart);
  const ZeroRows rows = zero_rows(chart.series);

  DrawList list{.width = chart.width, .height = chart.height};
  const Area area = plot_area(list, chart, y_span);
  const Ruler x = horizontal_ruler(chart.x, x_span, area),
              y = vertical_ruler(chart.y, y_span, area, rows.count);
  const AxisPainter x_axis{list, chart.x, x_span, x, area, false},
      y_axis{list, chart.y, y_span, y, area, true};
  for (const auto& axis : {x_axis, y_axis}) axis.grid();
  draw_series(list, chart, x, y, rows, area);
  for (const auto& axis : {x_axis, y_axis}) {
    axis.frame();
    axis.name();
  }
  if (chart.top) draw_top_axis(list, *chart.top, x, area);
  return list;
}

}  // namespace banel
