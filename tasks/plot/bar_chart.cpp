#include "tasks/plot/bar_chart.h"

#include <algorithm>
#include <utility>

#include "tensor/check.h"

namespace banel {

namespace {

std::string bar_text(const Bar& bar, Ticks ticks) {
  const Ticks inside = ticks == Ticks::percent ? Ticks::number : ticks;
  const double unit = ticks == Ticks::percent ? 100 : 1;
  return value_text(bar.value, ticks, 3) + "  (" + value_text(unit * bar.lo, inside, 3) + "–" +
         value_text(unit * bar.hi, inside, 3) + ")";
}

void add_diamond(DrawList& list, Point at) {
  for (const auto& [radius, colour] : {std::pair{7.0, white}, {5.0, black}})
    list.add(
        Polygon{{{at.x - radius, at.y}, {at.x, at.y - radius}, {at.x + radius, at.y}, {at.x, at.y + radius}},
                colour});
}

void draw_bar(DrawList& list, const Bar& bar, const Ruler& x, double middle, double row, Colour colour) {
  const double half = std::min(0.3 * row, 11.0), value = x(bar.value), lo = x(bar.lo), hi = x(bar.hi);
  if (bar.value != 0)
    list.add(Polygon{rectangle(x.from, middle - half, value - x.from, 2 * half), colour, 0.3});
  add_line(list, {lo, middle}, {hi, middle}, colour, 2);
  for (double v : {bar.lo, bar.hi})
    if (!x.lies_in_strip(v)) add_line(list, {x(v), middle - 5}, {x(v), middle + 5}, colour, 2);
  if (x.lies_in_strip(bar.lo)) add_arrow(list, {lo, middle}, false, colour, 1);
  if (!x.lies_in_strip(bar.value)) list.add(Circle{{value, middle}, 4.2, colour});
  if (bar.mark) add_diamond(list, {x(*bar.mark), middle});
}

}  // namespace

DrawList draw(const BarChart& chart) {
  ENSURE(!chart.bars.empty(), "chart", "\"" << chart.captions.title << "\" has no bars");
  std::vector<double> values;
  double label_room = 0, text_room = 0;
  for (const Bar& bar : chart.bars) {
    check_values("series \"" + bar.label + "\"", "value, lo, hi", chart.x, {bar.value, bar.lo, bar.hi});
    ENSURE(bar.lo <= bar.value && bar.value <= bar.hi, "chart",
           "series \"" << bar.label << "\": " << bar.value << " lies outside its interval " << bar.lo << ".."
                       << bar.hi);
    values.insert(values.end(), {bar.value, bar.lo, bar.hi});
    if (bar.mark) {
      check_values("series \"" + bar.label + "\"", "mark", chart.x, {*bar.mark});
      values.push_back(*bar.mark);
    }
    label_room = std::max(label_room, text_width(bar.label, label_size));
    text_room = std::max(text_room, text_width(bar_text(bar, chart.x.ticks), tick_size));
  }
  if (chart.reference) values.push_back(chart.reference->value);
  if (chart.x.scale == Scale::linear) values.push_back(0);  // a bar starts at zero
  const Span span = span_of(chart.x, values);

  DrawList list{.width = chart.width, .height = chart.height};
  Area area = write_captions(list, chart.captions);
  area.left += label_room + 12;
  area.right -= text_room + 18;
  area.top += chart.reference ? 24 : 8;
  area.bottom -= 9 + tick_size + 6 + (chart.x.label.empty() ? 0 : 20);
  const double row = (area.bottom - area.top) / static_cast<double>(chart.bars.size());
  ENSURE(area.right - area.left >= 100 && row >= 1.2 * label_size, "chart",
         "\"" << chart.captions.title
              << "\": no room left for the bars; shorten the labels or enlarge the picture");

  const Ruler x = horizontal_ruler(chart.x, span, area);
  const AxisPainter axis{list, chart.x, span, x, area, false};
  axis.grid();
  if (chart.reference) {
    const double place = x(chart.reference->value);
    add_line(list, {place, area.top}, {place, area.bottom}, grey, 1.2, 5);
    list.add(Text{{place, area.top - 7}, chart.reference->label, tick_size, grey, Anchor::middle});
  }
  axis.frame();
  axis.name();
  add_line(list, {area.left, area.top}, {area.left, area.bottom}, black, 1);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const Bar& bar = chart.bars[i];
    const double middle = area.top + row * (static_cast<double>(i) + 0.5), base = middle + 0.36 * label_size;
    draw_bar(list, bar, x, middle, row, bar.colour.value_or(series_colour(i)));
    list.add(Text{{area.left - 9, base}, bar.label, label_size, black, Anchor::end});
    list.add(Text{{area.right + 16, base}, bar_text(bar, chart.x.ticks), tick_size, black});
  }
  return list;
}

}  // namespace banel
