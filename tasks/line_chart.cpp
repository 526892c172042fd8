#include "tasks/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/check.h"

namespace banel {

namespace {

void check_series(const LineChart& chart, const Series& series) {
  const std::string name = "series \"" + series.label + "\"";
  ENSURE(!series.x.empty(), "chart", name << " has no points");
  check_values(name, "x", chart.x, series.x);
  for (std::size_t i = 1; i < series.x.size(); ++i)
    ENSURE(series.x[i - 1] < series.x[i], "chart", name << ": x[" << i << "] is not beyond the one before");
  const auto check = [&](const char* part, const std::vector<double>& values) {
    check_values(name, part, chart.y, values);
    ENSURE(values.empty() || values.size() == series.x.size(), "chart",
           name << ": " << series.x.size() << " x, but " << values.size() << " values of " << part);
  };
  check("mean", series.mean);
  check("lo", series.lo);
  check("hi", series.hi);
  ENSURE(series.lo.size() == series.hi.size(), "chart", name << ": a band needs both lo and hi");
  for (const auto& seed : series.seeds) {
    check_values(name, "seeds", chart.y, seed);
    ENSURE(seed.size() <= series.x.size(), "chart",
           name << ": " << series.x.size() << " x, but a seed of " << seed.size() << " values");
  }
}

std::vector<double> y_values(const Series& series) {
  std::vector<double> out = series.mean;
  for (const auto* part : {&series.lo, &series.hi}) out.insert(out.end(), part->begin(), part->end());
  for (const auto& seed : series.seeds) out.insert(out.end(), seed.begin(), seed.end());
  return out;
}

// One row of the strip of zeros for each series that has a zero.
struct Lanes {
  std::vector<std::size_t> of;
  std::size_t count = 0;
};

Lanes lanes_of(const std::vector<Series>& series) {
  Lanes lanes;
  for (const Series& s : series) {
    const std::vector<double> values = y_values(s);
    const bool any = std::find(values.begin(), values.end(), 0.0) != values.end();
    lanes.of.push_back(any ? lanes.count++ : 0);
  }
  return lanes;
}

// Draws the parts of one series.
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

  // Arrows that would touch the one before are left to the line that runs through them.
  void arrows(const std::vector<double>& values, Colour ink, double alpha) const {
    double last = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (const double place = x(series.x[i]); y.lies_in_strip(values[i]) && place - last > 8) {
        add_arrow(list, {place, y(0, row)}, true, ink, alpha);
        last = place;
      }
  }

  void band() const {
    if (series.lo.empty()) return;
    std::vector<Point> outline = path(series.hi), lower = path(series.lo);
    outline.insert(outline.end(), lower.rbegin(), lower.rend());
    list.add(Polygon{outline, colour, 0.18});
  }

  void seeds() const {
    for (const auto& seed : series.seeds) {
      list.add(Polyline{path(seed), colour, 1, 0.3, dash});
      arrows(seed, colour, 0.3);
    }
  }

  void mean() const {
    if (series.mean.empty()) return;
    list.add(Polyline{path(series.mean), white, 4.2, 0.75});  // keeps crossing lines apart
    list.add(Polyline{path(series.mean), colour, 2.4, 1, dash});
    arrows(series.mean, colour, 1);
    if (!y.lies_in_strip(series.mean.back())) list.add(Circle{path(series.mean).back(), 3.4, colour});
  }

  // Where the label belongs: the end of the strong line, else of the band, else of the first seed.
  Point end() const {
    if (!series.mean.empty()) return path(series.mean).back();
    if (!series.hi.empty()) return path(series.hi).back();
    if (!series.seeds.empty() && !series.seeds[0].empty()) return path(series.seeds[0]).back();
    return {x(series.x.back()), (y.from + y.to) / 2};
  }
};

// Writes the captions and leaves room for ticks, names and end labels.
Area plot_area(DrawList& list, const LineChart& chart, const Span& y_span) {
  double label_room = chart.reference ? text_width(chart.reference->label, label_size) : 0;
  for (const Series& series : chart.series)
    label_room = std::max(label_room, text_width(series.label, label_size));
  Area area = write_captions(list, chart.captions);
  area.left += widest(y_span.ticks) + 9 + (chart.y.label.empty() ? 0 : 22);
  area.right -= label_room + 26;
  area.bottom -= 9 + tick_size + 6 + (chart.x.label.empty() ? 0 : 20);
  area.top += 8;
  ENSURE(area.right - area.left >= 100 && area.bottom - area.top >= 80, "chart",
         "\"" << chart.captions.title
              << "\": no room left for the plot; shorten the labels or enlarge the picture");
  return area;
}

// Everything that stands for data, from the back to the front: reference, bands, seeds, means; and the
// labels.
void draw_series(DrawList& list, const LineChart& chart, const Ruler& x, const Ruler& y, const Lanes& lanes,
                 const Area& area) {
  std::vector<EndLabel> labels;
  if (chart.reference) {
    const double place = y(chart.reference->value);
    add_line(list, {area.left, place}, {area.right, place}, grey, 1.2, 5);
    labels.push_back({chart.reference->label, {area.right, place}, grey});
  }
  std::vector<SeriesPainter> painters;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Colour colour = chart.series[i].colour.value_or(series_colour(i));
    painters.push_back({list, chart.series[i], x, y, lanes.of[i], colour, i < distinct_colours ? 0.0 : 6.0});
    labels.push_back({chart.series[i].label, painters.back().end(), colour});
  }
  for (const SeriesPainter& painter : painters) painter.band();
  for (const SeriesPainter& painter : painters) painter.seeds();
  for (const SeriesPainter& painter : painters) painter.mean();
  write_labels(list, labels, area);
}

}  // namespace

DrawList draw(const LineChart& chart) {
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
  const Span x_span = span_of(chart.x, xs), y_span = span_of(chart.y, ys);
  const Lanes lanes = lanes_of(chart.series);

  DrawList list{.width = chart.width, .height = chart.height};
  const Area area = plot_area(list, chart, y_span);
  const Ruler x = horizontal_ruler(chart.x, x_span, area),
              y = vertical_ruler(chart.y, y_span, area, lanes.count);
  const AxisPainter x_axis{list, chart.x, x_span, x, area, false},
      y_axis{list, chart.y, y_span, y, area, true};
  for (const auto& axis : {x_axis, y_axis}) axis.grid();
  draw_series(list, chart, x, y, lanes, area);
  for (const auto& axis : {x_axis, y_axis}) {
    axis.frame();
    axis.name();
  }
  return list;
}

}  // namespace banel
