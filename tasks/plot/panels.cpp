#include "tasks/plot/panels.h"

#include <algorithm>
#include <cmath>

#include "tensor/check.h"

namespace banel {

namespace {

constexpr double heading_room = 26, gap_between = 18;  // above a plot, and right of its labels
constexpr double side_room = 14;                 // for series that stand left and right of the outermost x
constexpr double tick_room = 9 + tick_size + 8;  // below a plot

// ---- checks ----

void check_point(const std::string& owner, const Panels& picture, const PanelPoint& point) {
  check_values(owner, "x", picture.x, {point.x});
  ENSURE(picture.x.scale == Scale::linear || point.x > 0, "chart", owner << ": x is 0 on a logarithmic axis");
  check_values(owner, "estimate", picture.y, {point.estimate});
  check_values(owner, "runs", picture.y, point.runs);
  if (!point.interval) return;
  const auto [lo, hi] = *point.interval;
  check_values(owner, "interval", picture.y, {lo, hi});
  ENSURE(lo <= hi, "chart", owner << ": the interval " << lo << ".." << hi << " is empty; give lo <= hi");
}

void check_series(const std::string& panel, const Panels& picture, const PanelSeries& series) {
  const std::string owner = panel + ", series \"" + series.label + "\"";
  ENSURE(!series.points.empty(), "chart", owner << " has no points");
  std::vector<double> xs;
  for (const PanelPoint& point : series.points) {
    check_point(owner, picture, point);
    ENSURE(std::ranges::find(xs, point.x) == xs.end(), "chart",
           owner << ": x = " << point.x << " stands twice");
    xs.push_back(point.x);
  }
}

void check(const Panels& picture) {
  ENSURE(!picture.panels.empty(), "chart", "\"" << picture.captions.title << "\" has no panels");
  for (const PanelPlot& panel : picture.panels) {
    const std::string owner = "panel \"" + panel.heading + "\"";
    ENSURE(!panel.series.empty() && panel.series.size() <= most_series, "chart",
           owner << " has " << panel.series.size() << " series; it can show 1 to " << most_series);
    for (const PanelSeries& series : panel.series) check_series(owner, picture, series);
  }
}

// ---- layout ----

struct Layout {
  Span x, y;
  Area body;  // all plots with their labels
  std::size_t columns, rows;
  double label_room;

  Area plot(std::size_t panel) const {
    const double width = (body.right - body.left + gap_between) / static_cast<double>(columns);
    const double height = (body.bottom - body.top) / static_cast<double>(rows);
    const double left = body.left + width * static_cast<double>(panel % columns);
    const double top = body.top + height * static_cast<double>(panel / columns);
    return {left, top + heading_room, left + width - gap_between - label_room, top + height - tick_room};
  }
};

Layout layout_of(const Panels& picture, const Area& free) {
  std::vector<double> xs, ys;
  double label_width = 0;
  std::size_t most = 0;
  for (const PanelPlot& panel : picture.panels) {
    most = std::max(most, panel.series.size());
    for (const PanelSeries& series : panel.series) {
      label_width = std::max(label_width, text_width(series.label, label_size));
      for (const PanelPoint& point : series.points) {
        xs.push_back(point.x);
        ys.push_back(point.estimate);
        ys.insert(ys.end(), point.runs.begin(), point.runs.end());
        if (point.interval) ys.insert(ys.end(), {point.interval->lo, point.interval->hi});
      }
    }
  }
  const std::size_t panels = picture.panels.size();
  const std::size_t columns = picture.columns == 0 ? panels : std::min(picture.columns, panels);
  Layout layout{span_of(picture.x, xs),           span_of(picture.y, ys), free, columns,
                (panels + columns - 1) / columns, label_width + 26};
  layout.body.left += room_for_ticks(picture.y, layout.y);
  layout.body.bottom -= picture.x.label.empty() ? 0 : 18;
  const Area plot = layout.plot(0);
  ENSURE(plot.right - plot.left >= 100 &&
             plot.bottom - plot.top >= std::max(80.0, line_gap * static_cast<double>(most)),
         "chart",
         "\"" << picture.captions.title
              << "\": no room left for the panels; shorten the labels, take fewer columns or enlarge the "
                 "picture");
  return layout;
}

// ---- one panel ----

// From one series to the next around their common x, so that all of them fit between two neighbours.
double dodge_of(const PanelPlot& panel, const Ruler& x) {
  std::vector<double> places;
  for (const PanelSeries& series : panel.series)
    for (const PanelPoint& point : series.points) places.push_back(x(point.x));
  std::ranges::sort(places);
  double nearest = 100;
  for (std::size_t i = 1; i < places.size(); ++i)
    if (const double distance = places[i] - places[i - 1]; distance > 0.5)
      nearest = std::min(nearest, distance);
  return std::min({4.5, 0.6 * nearest / static_cast<double>(panel.series.size()),
                   2 * side_room / static_cast<double>(panel.series.size())});
}

struct PanelSeriesPainter {
  DrawList& list;
  const Ruler& y;
  Colour colour;
  double dash;
  std::vector<PanelPoint> points = {};  // x: on the canvas, from left to right

  void runs() const {
    for (const PanelPoint& point : points) {
      if (point.interval)
        add_line(list, {point.x, y(point.interval->lo)}, {point.x, y(point.interval->hi)}, colour, 1.2, 0,
                 0.55);
      for (double value : point.runs) list.add(Circle{{point.x, y(value)}, 1.9, colour, 0.4});
    }
  }

  void estimates() const {
    Polyline line{.colour = white, .width = 3.4, .alpha = 0.75};  // sets crossing lines apart
    for (const PanelPoint& point : points) line.points.push_back({point.x, y(point.estimate)});
    list.add(line);
    list.add(Polyline{line.points, colour, 1.8, 1, dash});
    for (const Point& place : line.points) list.add(Circle{place, 2.8, colour});
  }

  Point end() const { return {points.back().x, y(points.back().estimate)}; }
};

void draw_series(DrawList& list, const PanelPlot& panel, const Ruler& x, const Ruler& y, const Area& area) {
  const double dodge = dodge_of(panel, x), middle = (static_cast<double>(panel.series.size()) - 1) / 2;
  std::vector<PanelSeriesPainter> painters;
  std::vector<EndLabel> labels;
  for (std::size_t i = 0; i < panel.series.size(); ++i) {
    const PanelSeries& series = panel.series[i];
    const bool repeated = !series.colour && i >= distinct_colours;
    PanelSeriesPainter painter{list, y, series.colour.value_or(series_colour(i)), repeated ? 6.0 : 0.0,
                               series.points};
    for (PanelPoint& point : painter.points) point.x = x(point.x) + dodge * (static_cast<double>(i) - middle);
    std::ranges::sort(painter.points, {}, &PanelPoint::x);
    if (!series.label.empty()) labels.push_back({series.label, painter.end(), painter.colour});
    painters.push_back(std::move(painter));
  }
  for (const PanelSeriesPainter& painter : painters) painter.runs();
  for (const PanelSeriesPainter& painter : painters) painter.estimates();
  write_labels(list, labels, area);
}

void draw_panel(DrawList& list, const Panels& picture, const Layout& layout, std::size_t index) {
  const PanelPlot& panel = picture.panels[index];
  const Area area = layout.plot(index);
  const Area inner{area.left + side_room, area.top, area.right - side_room, area.bottom};
  const Ruler x = horizontal_ruler(picture.x, layout.x, inner),
              y = vertical_ruler(picture.y, layout.y, area, 1);
  const AxisPainter x_axis{list, picture.x, layout.x, x, area, false};
  const AxisPainter y_axis{list, picture.y, layout.y, y, area, true, index % layout.columns == 0};
  x_axis.grid();
  y_axis.grid();
  if (layout.y.zeros) add_line(list, {area.left, y(0)}, {area.right, y(0)}, grey, 1);
  draw_series(list, panel, x, y, area);
  add_line(list, {area.left, area.bottom}, {area.right, area.bottom}, black, 1);
  x_axis.frame();
  y_axis.frame();
  list.add(Text{{area.left, area.top - 11}, panel.heading, heading_size, black});
}

}  // namespace

DrawList draw(const Panels& picture) {
  check(picture);
  DrawList list{.width = picture.width, .height = picture.height};
  const Layout layout = layout_of(picture, write_captions(list, picture.captions));
  for (std::size_t i = 0; i < picture.panels.size(); ++i) draw_panel(list, picture, layout, i);
  const Area& body = layout.body;
  const double middle = (body.top + heading_room + body.bottom - tick_room) / 2;
  list.add(Text{
      {(body.left + body.right) / 2, body.bottom + 12}, picture.x.label, label_size, black, Anchor::middle});
  list.add(Text{{body.left - room_for_ticks(picture.y, layout.y) + label_size, middle},
                picture.y.label,
                label_size,
                black,
                Anchor::middle,
                true});
  return list;
}

}  // namespace banel
