#include "tasks/plot/chart_frame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace banel {

namespace {

constexpr double zero_row = 10;  // height of a row in the strip of zeros

// Blue, vermilion, green, purple, orange, sky blue, and grey; the palette's yellow is too pale on white.
constexpr std::array<Colour, distinct_colours> colours{{{0, 114, 178},
                                                        {213, 94, 0},
                                                        {0, 158, 115},
                                                        {204, 121, 167},
                                                        {230, 159, 0},
                                                        {86, 180, 233},
                                                        {90, 90, 90}}};

Colour mix(Colour a, Colour b, double share) {
  const auto one = [&](int from, int to) {
    return static_cast<std::uint8_t>(std::lround(from + share * (to - from)));
  };
  return {one(a.r, b.r), one(a.g, b.g), one(a.b, b.b)};
}

// Writes words in lines of at most `width`, the first on baseline y, and returns the next free baseline.
double write_lines(DrawList& list, const std::string& words, double x, double y, double width, double size,
                   Colour colour) {
  std::string line;
  const auto flush = [&] {
    list.add(Text{.at = {x, y}, .text = line, .size = size, .colour = colour});
    y += 1.35 * size;
    line.clear();
  };
  for (std::size_t i = 0; i < words.size();) {
    const std::size_t end = std::min(words.find(' ', i), words.size());
    const std::string word = words.substr(i, end - i);
    if (!line.empty() && text_width(line + " " + word, size) > width) flush();
    line += (line.empty() ? "" : " ") + word;
    i = end + 1;
  }
  if (!line.empty()) flush();
  return y;
}

}  // namespace

Colour series_colour(std::size_t index) { return colours[index % colours.size()]; }

Area write_captions(DrawList& list, const Captions& captions) {
  const double width = list.width - 2 * margin;
  double top = !captions.title.empty() ? margin + 14 : !captions.heading.empty() ? 22 : 6;
  top = write_lines(list, captions.title, margin, top, width, title_size, black) - 4;
  top = write_lines(list, captions.subtitle, margin, top, width, subtitle_size, grey);
  if (!captions.heading.empty())
    top = write_lines(list, captions.heading, margin, top, width, heading_size, black) - 8;
  DrawList trial = list;  // the footer grows upwards, so its height comes first
  const double footer = write_lines(trial, captions.footer, margin, 0, width, footer_size, grey);
  const double bottom = list.height - 14 - footer + 1.35 * footer_size;
  write_lines(list, captions.footer, margin, bottom, width, footer_size, grey);
  return {margin, top + 2, list.width - margin,
          captions.footer.empty() ? list.height - margin + 6 : bottom - 20};
}

DrawList captioned(const Captions& captions, const DrawList& body) {
  DrawList list{.width = body.width, .height = 0};
  const Area trial = write_captions(list, captions);
  list = {.width = body.width, .height = trial.top + body.height - trial.bottom};
  const Area area = write_captions(list, captions);
  place(list, body, {0, area.top});
  return list;
}

void add_line(DrawList& list, Point a, Point b, Colour colour, double width, double dash, double alpha) {
  list.add(Polyline{.points = {a, b}, .colour = colour, .width = width, .alpha = alpha, .dash = dash});
}

void add_arrow(DrawList& list, Point at, bool down, Colour colour, double alpha) {
  constexpr std::array<Point, 7> outline{
      {{5, 0}, {-1, -3.8}, {-1, -1}, {-4, -1}, {-4, 1}, {-1, 1}, {-1, 3.8}}};
  Polygon arrow{.colour = colour, .alpha = alpha};
  for (const auto& [along, across] : outline)
    arrow.points.push_back(down ? Point{at.x + across, at.y + along} : Point{at.x - along, at.y + across});
  list.add(arrow);
}

double widest(const std::vector<Tick>& ticks) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, text_width(tick.text, tick_size));
  return width;
}

double room_for_ticks(const Axis& vertical, const Span& span) {
  return widest(span.ticks) + 9 + (vertical.label.empty() ? 0 : 22);
}

Ruler horizontal_ruler(const Axis& axis, const Span& span, const Area& area) {
  const double zeros = span.zeros ? widest(span.ticks) + 16 : 0;  // room for the label of the first decade
  const double from = axis.reversed ? area.right : area.left, to = axis.reversed ? area.left : area.right;
  return {axis.scale, span.lo, span.hi, from, to, zeros, zeros};
}

Ruler vertical_ruler(const Axis& axis, const Span& span, const Area& area, std::size_t rows) {
  const double zeros = span.zeros ? std::max(zero_row * static_cast<double>(rows), 14.0) : 0;
  return {axis.scale,
          span.lo,
          span.hi,
          area.bottom,
          area.top,
          zeros,
          zeros / static_cast<double>(std::max<std::size_t>(rows, 1))};
}

void AxisPainter::grid() const {
  const double far = vertical ? area.right : area.top;
  if (span.zeros) {
    const double end = ruler.from + ruler.direction() * (ruler.zeros + 5);
    list.add(Polygon{{at(ruler.from, base()), at(ruler.from, far), at(end, far), at(end, base())}, pale});
  }
  for (const Tick& tick : span.ticks)
    if (!tick.text.empty())
      add_line(list, at(ruler(tick.value), base()), at(ruler(tick.value), far), light, 1);
}

void AxisPainter::tick_label(double along, const std::string& text) const {
  if (!labelled) return;
  if (vertical)
    list.add(Text{{area.left - 9, along + 0.36 * tick_size}, text, tick_size, black, Anchor::end});
  else
    list.add(Text{{along, area.bottom + 9 + tick_size}, text, tick_size, black, Anchor::middle});
}

std::size_t AxisPainter::label_stride() const {
  std::vector<const Tick*> shown;
  for (const Tick& tick : span.ticks)
    if (!tick.text.empty()) shown.push_back(&tick);
  const auto touch = [&](const Tick& a, const Tick& b) {
    const double widths = text_width(a.text, tick_size) + text_width(b.text, tick_size);
    return std::abs(ruler(a.value) - ruler(b.value)) < widths / 2 + 6;
  };
  std::size_t stride = 1;
  const auto any_touch = [&] {
    for (std::size_t i = stride; i < shown.size(); i += stride)
      if (touch(*shown[i - stride], *shown[i])) return true;
    return false;
  };
  while (any_touch()) ++stride;
  return stride;
}

void AxisPainter::frame() const {
  add_line(list, at(ruler.from, base()), at(ruler.to, base()), black, 1);
  const std::size_t stride = vertical ? 1 : label_stride();
  std::size_t shown = 0;
  for (const Tick& tick : span.ticks) {
    const double length = tick.text.empty() ? 2.5 : 5, along = ruler(tick.value);
    add_line(list, at(along, base()), at(along, base() + out() * length), black,
             tick.text.empty() ? 0.75 : 1);
    if (!tick.text.empty() && shown++ % stride == 0) tick_label(along, tick.text);
  }
  if (!span.zeros) return;
  const double end =
      ruler.from + ruler.direction() * (ruler.zeros + 6);  // the break between zeros and the lowest decade
  add_line(list, at(end - 2, base()), at(end + 2, base()), white, 3);
  for (double side : {-2.0, 2.0})
    add_line(list, at(end + side + 1.5, base() - 4), at(end + side - 1.5, base() + 4), black, 1);
  tick_label(ruler.from + ruler.direction() * ruler.zeros / 2, "0");
}

void AxisPainter::name() const {
  const double middle = (ruler.from + ruler.to) / 2;
  const double across = vertical ? area.left - 9 - widest(span.ticks) - 12 : area.bottom + 9 + tick_size + 20;
  list.add(Text{at(middle, across), axis.label, label_size, black, Anchor::middle, vertical});
}

std::vector<double> spread(const std::vector<double>& wanted, double gap, double lo, double hi) {
  const std::size_t n = wanted.size();
  if (n > 1) gap = std::min(gap, (hi - lo) / static_cast<double>(n - 1));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // Without rank * gap, "at least gap apart" becomes "not decreasing". Neighbours that decrease are pooled at
  // their mean (pool adjacent violators: Ayer et al. 1955), which is nearest in least squares.
  struct Pool {
    double sum;
    std::size_t count;
    double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<Pool> pools;
  for (std::size_t rank = 0; rank < n; ++rank) {
    pools.push_back({wanted[order[rank]] - gap * static_cast<double>(rank), 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back() = {pools.back().sum + last.sum, pools.back().count + last.count};
    }
  }
  std::vector<double> out(n);
  std::size_t rank = 0;
  const double highest = n > 0 ? hi - gap * static_cast<double>(n - 1) : hi;
  for (const Pool& pool : pools)
    for (std::size_t i = 0; i < pool.count; ++i, ++rank)
      out[order[rank]] =
          std::min(std::max(pool.mean(), lo), std::max(lo, highest)) + gap * static_cast<double>(rank);
  return out;
}

void write_labels(DrawList& list, std::vector<EndLabel> labels, const Area& area) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& a, const auto& b) { return a.line_end.y < b.line_end.y; });
  std::vector<double> wanted;
  for (const EndLabel& label : labels) wanted.push_back(label.line_end.y);
  const std::vector<double> places = spread(wanted, line_gap, area.top + 2, area.bottom - 4);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto& [text, end, colour] = labels[i];
    add_line(list, {end.x + 5, end.y}, {area.right + 21, places[i]}, colour, 0.8, 0, 0.7);
    list.add(
        Text{{area.right + 24, places[i] + 0.36 * label_size}, text, label_size, mix(colour, black, 0.3)});
  }
}

}  // namespace banel
