#include "tasks/plot/column_chart.h"

#include <algorithm>

#include "tensor/check.h"

namespace banel {

namespace {

constexpr double strip = 40;  // height of the dots

void check(const ColumnChart& chart) {
  const std::string name = "\"" + chart.captions.heading + "\"";
  const std::size_t n = chart.places.size();
  ENSURE(n >= 2, "chart", name << " has fewer than two places");
  check_values(name, "places", chart.x, chart.places);
  for (std::size_t i = 1; i < n; ++i)
    ENSURE(chart.places[i - 1] < chart.places[i], "chart",
           name << ": places[" << i << "] is not greater than the one before");
  const auto check_heights = [&](const std::vector<double>& heights) {
    check_values(name, "heights", chart.y, heights);
    ENSURE(heights.size() == n, "chart", name << ": " << n << " places but " << heights.size() << " heights");
  };
  for (const Columns& c : chart.columns) check_heights(c.heights);
  for (const Curve& c : chart.curves) check_heights(c.heights);
  for (const auto* indices : {&chart.dots, &chart.marks})
    for (std::size_t i : *indices)
      ENSURE(i < n, "chart", name << ": index " << i << " of " << n << " places");
}

std::vector<double> heights_of(const ColumnChart& chart) {
  std::vector<double> all{0};
  for (const Columns& c : chart.columns) all.insert(all.end(), c.heights.begin(), c.heights.end());
  for (const Curve& c : chart.curves) all.insert(all.end(), c.heights.begin(), c.heights.end());
  return all;
}

// Stacks dots from the lower edge upwards, as near to one another as the strip demands.
void draw_dots(DrawList& list, const ColumnChart& chart, const Ruler& x, double bottom) {
  std::vector<double> count(chart.places.size(), 0.0);
  for (std::size_t i : chart.dots) ++count[i];
  const double pitch = std::min(6.0, strip / (1 + *std::max_element(count.begin(), count.end())));
  std::fill(count.begin(), count.end(), 0.0);
  for (std::size_t i : chart.dots) {
    const bool marked = std::find(chart.marks.begin(), chart.marks.end(), i) != chart.marks.end();
    list.add(Circle{{x(chart.places[i]), bottom - 4 - pitch * count[i]++}, 2.6, marked ? chart.mark : black});
  }
}

void draw_heights(DrawList& list, const ColumnChart& chart, const Ruler& x, const Ruler& y) {
  const double step = x(chart.places[1]) - x(chart.places[0]);
  for (const Columns& c : chart.columns)
    for (std::size_t i = 0; i < c.heights.size(); ++i) {
      const double half = c.width * step / 2, top = y(c.heights[i]);
      if (c.heights[i] > 0)
        list.add(Polygon{rectangle(x(chart.places[i]) - half, top, 2 * half, y(0) - top), c.colour});
    }
  for (const Curve& c : chart.curves) {
    Polyline line{.colour = white, .width = 3.4, .alpha = 0.75};
    for (std::size_t i = 0; i < c.heights.size(); ++i)
      line.points.push_back({x(chart.places[i]), y(c.heights[i])});
    list.add(line);
    list.add(Polyline{line.points, c.colour, 1.8});
  }
}

}  // namespace

DrawList draw(const ColumnChart& chart) {
  check(chart);
  const double half = (chart.places[1] - chart.places[0]) / 2;
  const Span x_span = span_of(chart.x, {chart.places.front() - half, chart.places.back() + half});
  const Span y_span = span_of(chart.y, heights_of(chart));

  DrawList list{.width = chart.width, .height = chart.height};
  Area area = write_captions(list, chart.captions);
  area.left += room_for_ticks(chart.y, y_span);
  area.top += 8;
  area.bottom -= 9 + tick_size + 6 + (chart.x.label.empty() ? 0 : 20);
  Area upper = area;
  if (!chart.dots.empty()) upper.bottom -= strip;
  ENSURE(area.right - area.left >= 100 && upper.bottom - upper.top >= 50, "chart",
         "\"" << chart.captions.heading << "\": no room left for the columns; enlarge the picture");

  const Ruler x = horizontal_ruler(chart.x, x_span, area), y = vertical_ruler(chart.y, y_span, upper, 0);
  const AxisPainter x_axis{list, chart.x, x_span, x, area, false},
      y_axis{list, chart.y, y_span, y, upper, true};
  y_axis.grid();
  for (std::size_t i : chart.marks)
    add_line(list, {x(chart.places[i]), area.top}, {x(chart.places[i]), area.bottom}, chart.mark, 1.5, 4);
  draw_heights(list, chart, x, y);
  add_line(list, {area.left, upper.bottom}, {area.right, upper.bottom}, black, 1);
  draw_dots(list, chart, x, area.bottom);
  for (const auto& axis : {x_axis, y_axis}) {
    axis.frame();
    axis.name();
  }
  return list;
}

}  // namespace banel
