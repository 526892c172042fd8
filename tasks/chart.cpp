#include "tasks/chart.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "tensor/check.h"

namespace banel {

namespace {

constexpr double title_size = 20, subtitle_size = 13, label_size = 13, tick_size = 12, footer_size = 9.5;
constexpr double margin = 24;  // empty border of the picture
constexpr double lane = 10;    // height of one series' row in the strip of zeros
constexpr Colour black{20, 20, 20}, grey{110, 110, 110}, light{228, 228, 228}, pale{246, 246, 246},
    white{255, 255, 255};

// Blue, vermilion, green, purple, orange, sky blue, and grey; the palette's yellow is too pale on white.
constexpr std::array<Colour, 7> colours{{{0, 114, 178},
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

// ---- numbers as text ----

std::string digits_of(double value, std::chars_format format, int precision) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  return {text.data(), end.ptr};
}

std::string superscript(int exponent) {
  static constexpr std::array<const char*, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out;
  for (char c : std::to_string(exponent)) out += c == '-' ? "⁻" : raised[static_cast<std::size_t>(c - '0')];
  return out;
}

int decade(double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); }

// 3.2·10⁻⁹ for a positive value; a mantissa of one is left out.
std::string power_text(double value, int digits) {
  const int exponent = decade(value);
  const std::string mantissa =
      digits_of(value / std::pow(10, exponent), std::chars_format::general, digits > 0 ? digits : 3);
  return (mantissa == "1" ? "" : mantissa + "·") + "10" + superscript(exponent);
}

// 7,500 or 0.03 for a positive value.
std::string plain_text(double value, int digits) {
  std::string text = digits > 0
                         ? digits_of(value, std::chars_format::fixed, std::max(0, digits - 1 - decade(value)))
                         : digits_of(value, std::chars_format::general, 10);
  for (std::size_t i = std::min(text.find('.'), text.size()); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

// ---- the span of an axis ----

constexpr int most_steps = 8;

// The whole number of round steps, 4 to 8 of them, that fits the range most tightly.
double round_step(double lo, double hi) {
  struct Choice {
    double mantissa, dislike;
  };
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (int power : {-2, -1, 0, 1})
    for (const Choice& choice : {Choice{1, 0}, {2, 0.01}, {5, 0.01}, {2.5, 0.02}, {1.5, 0.04}}) {
      const double step = choice.mantissa * std::pow(10, decade(hi - lo) + power);
      const double steps = std::ceil(hi / step - 1e-9) - std::floor(lo / step + 1e-9);
      if (steps < 4 || steps > most_steps) continue;
      const double cost = steps * step / (hi - lo) - 1 + choice.dislike;
      if (cost < least) {
        least = cost;
        best = step;
      }
    }
  return best;
}

Span linear_span(double lo, double hi, Ticks ticks) {
  if (hi - lo <= 1e-12 * std::max(std::abs(lo), std::abs(hi))) {
    const double half = lo == 0 ? 1 : std::abs(lo) / 2;
    lo -= half;
    hi += half;
  }
  const double step = round_step(lo, hi), first = std::floor(lo / step + 1e-9),
               last = std::ceil(hi / step - 1e-9);
  Span span{first * step, last * step, false, {}};
  for (double k = first; k <= last; ++k) span.ticks.push_back({k * step, value_text(k * step, ticks)});
  return span;
}

Span log_span(double lo, double hi, bool zeros, Ticks ticks) {
  int first = decade(lo), last = static_cast<int>(std::ceil(std::log10(hi) - 1e-9));
  if (first == last) ++last;
  Span span{std::pow(10, first), std::pow(10, last), zeros, {}};
  const int decades = last - first, every = 1 + (decades - 1) / most_steps;
  for (int d = first; d <= last; ++d) {
    const double base = std::pow(10, d);
    span.ticks.push_back({base, (d - first) % every == 0 ? value_text(base, ticks) : ""});
    for (int k = 2; k <= 9 && d < last && decades <= most_steps; ++k) {
      const bool label = decades == 1 && (k == 2 || k == 5);
      span.ticks.push_back({k * base, label ? value_text(k * base, ticks) : ""});
    }
  }
  return span;
}

// ---- from values to places ----

// One axis on the canvas: `from` is the end at the corner. Zeros of a log axis lie next to it in a strip of
// rows, one for each series that has zeros.
struct Ruler {
  Scale scale;
  double lo, hi, from, to;
  double zeros = 0, row_size = 0;  // length of the strip, and of one of its rows

  double direction() const { return to > from ? 1 : -1; }
  double gap() const { return zeros > 0 ? 12 : 0; }  // between the strip and the first decade
  bool lies_in_strip(double value) const { return scale == Scale::log && value == 0; }

  double operator()(double value, std::size_t row = 0) const {
    if (lies_in_strip(value)) return from + direction() * row_size * (static_cast<double>(row) + 0.5);
    const double start = from + direction() * (zeros + gap());
    const double share =
        scale == Scale::log ? std::log(value / lo) / std::log(hi / lo) : (value - lo) / (hi - lo);
    return start + share * (to - start);
  }
};

struct Area {
  double left, top, right, bottom;
};

// ---- pieces that all charts share ----

// Words in as many lines as the width asks for, the first on base line y; returns the next free base line.
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

// Writes title, subtitle and footer; returns what is left between them.
Area write_captions(DrawList& list, const Captions& captions) {
  const double width = list.width - 2 * margin;
  double top = write_lines(list, captions.title, margin, margin + 14, width, title_size, black);
  top = write_lines(list, captions.subtitle, margin, top - 4, width, subtitle_size, grey);
  DrawList trial = list;  // the footer grows upwards: its height first
  const double footer = write_lines(trial, captions.footer, margin, 0, width, footer_size, grey);
  const double bottom = list.height - 14 - footer + 1.35 * footer_size;
  write_lines(list, captions.footer, margin, bottom, width, footer_size, grey);
  return {margin, top + 2, list.width - margin,
          captions.footer.empty() ? list.height - margin + 6 : bottom - 20};
}

void add_line(DrawList& list, Point a, Point b, Colour colour, double width, double dash = 0,
              double alpha = 1) {
  list.add(Polyline{.points = {a, b}, .colour = colour, .width = width, .alpha = alpha, .dash = dash});
}

double widest(const std::vector<Tick>& ticks) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, text_width(tick.text, tick_size));
  return width;
}

Ruler horizontal_ruler(const Axis& axis, const Span& span, const Area& area) {
  const double zeros = span.zeros ? widest(span.ticks) + 16 : 0;  // room for the label of the first decade
  return {axis.scale, span.lo, span.hi, area.left, area.right, zeros, zeros};
}

Ruler vertical_ruler(const Axis& axis, const Span& span, const Area& area, std::size_t rows) {
  const double zeros = span.zeros ? std::max(lane * static_cast<double>(rows), 14.0) : 0;
  return {axis.scale,
          span.lo,
          span.hi,
          area.bottom,
          area.top,
          zeros,
          zeros / static_cast<double>(std::max<std::size_t>(rows, 1))};
}

// Grid, ticks and name of one axis, drawn from a point along it and one across it, so that x and y share the
// code.
struct AxisPainter {
  DrawList& list;
  const Axis& axis;
  const Span& span;
  const Ruler& ruler;
  const Area& area;
  bool vertical;

  Point at(double along, double across) const {
    return vertical ? Point{across, along} : Point{along, across};
  }
  double base() const { return vertical ? area.left : area.bottom; }  // where the other coordinate starts
  double out() const { return vertical ? -1 : 1; }                    // away from the plot

  void grid() const {
    const double far = vertical ? area.right : area.top;
    if (span.zeros) {
      const double end = ruler.from + ruler.direction() * (ruler.zeros + 5);
      list.add(Polygon{{at(ruler.from, base()), at(ruler.from, far), at(end, far), at(end, base())}, pale});
    }
    for (const Tick& tick : span.ticks)
      if (!tick.text.empty())
        add_line(list, at(ruler(tick.value), base()), at(ruler(tick.value), far), light, 1);
  }

  void tick_label(double along, const std::string& text) const {
    if (vertical)
      list.add(Text{{area.left - 9, along + 0.36 * tick_size}, text, tick_size, black, Anchor::end});
    else
      list.add(Text{{along, area.bottom + 9 + tick_size}, text, tick_size, black, Anchor::middle});
  }

  void frame() const {
    add_line(list, at(ruler.from, base()), at(ruler.to, base()), black, 1);
    for (const Tick& tick : span.ticks) {
      const double length = tick.text.empty() ? 2.5 : 5, along = ruler(tick.value);
      add_line(list, at(along, base()), at(along, base() + out() * length), black,
               tick.text.empty() ? 0.75 : 1);
      if (!tick.text.empty()) tick_label(along, tick.text);
    }
    if (!span.zeros) return;
    const double end = ruler.from + ruler.direction() * (ruler.zeros + 6);  // the break above the zeros
    add_line(list, at(end - 2, base()), at(end + 2, base()), white, 3);
    for (double side : {-2.0, 2.0})
      add_line(list, at(end + side + 1.5, base() - 4), at(end + side - 1.5, base() + 4), black, 1);
    tick_label(ruler.from + ruler.direction() * ruler.zeros / 2, "0");
  }

  void name() const {
    const double middle = (ruler.from + ruler.to) / 2;
    const double across =
        vertical ? area.left - 9 - widest(span.ticks) - 12 : area.bottom + 9 + tick_size + 20;
    list.add(Text{at(middle, across), axis.label, label_size, black, Anchor::middle, vertical});
  }
};

// A small arrow through `at`, pointing down or to the left.
void add_arrow(DrawList& list, Point at, bool down, Colour colour, double alpha) {
  constexpr std::array<Point, 7> outline{
      {{5, 0}, {-1, -3.8}, {-1, -1}, {-4, -1}, {-4, 1}, {-1, 1}, {-1, 3.8}}};
  Polygon arrow{.colour = colour, .alpha = alpha};
  for (const auto& [along, across] : outline)
    arrow.points.push_back(down ? Point{at.x + across, at.y + along} : Point{at.x - along, at.y + across});
  list.add(arrow);
}

// ---- the line chart ----

// Refuses what cannot be drawn; `owner` is for example: series "BaNEL".
void check_values(const std::string& owner, const char* part, const Axis& axis,
                  const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ENSURE(std::isfinite(values[i]), "chart", owner << ": " << part << "[" << i << "] is " << values[i]);
    ENSURE(axis.scale == Scale::linear || values[i] >= 0, "chart",
           owner << ": " << part << "[" << i << "] is " << values[i] << ", but the axis is logarithmic");
  }
}

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

struct EndLabel {
  std::string text;
  Point line_end;
  Colour colour;
};

// Labels in a column right of the plot, pushed apart, each joined to its line's end.
void write_labels(DrawList& list, std::vector<EndLabel> labels, const Area& area) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& a, const auto& b) { return a.line_end.y < b.line_end.y; });
  std::vector<double> wanted;
  for (const EndLabel& label : labels) wanted.push_back(label.line_end.y);
  const std::vector<double> places = spread(wanted, 1.3 * label_size, area.top + 2, area.bottom - 4);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto& [text, end, colour] = labels[i];
    const bool straight = std::abs(places[i] - end.y) < 1.5 && area.right - end.x < 1;
    if (!straight) add_line(list, {end.x + 5, end.y}, {area.right + 21, places[i]}, colour, 0.8, 0, 0.7);
    list.add(Text{{area.right + (straight ? 10 : 24), places[i] + 0.36 * label_size},
                  text,
                  label_size,
                  mix(colour, black, 0.3)});
  }
}

}  // namespace

Colour series_colour(std::size_t index) { return colours[index % colours.size()]; }

std::string value_text(double value, Ticks ticks, int digits) {
  const std::string unit = ticks == Ticks::percent ? " %" : "";
  const double shown = ticks == Ticks::percent ? 100 * value : value, size = std::abs(shown);
  if (size == 0) return "0" + unit;
  const bool power = ticks == Ticks::power || size < 0.99e-5 || size >= 1e7;
  return (shown < 0 ? "−" : "") + (power ? power_text(size, digits) : plain_text(size, digits)) + unit;
}

Span span_of(const Axis& axis, const std::vector<double>& values) {
  std::vector<double> all = values;
  for (const auto& bound : {axis.lo, axis.hi})
    if (bound) all.push_back(*bound);
  check_values("axis \"" + axis.label + "\"", "value", axis, all);
  if (axis.scale == Scale::log) std::erase(all, 0.0);
  const bool zeros = axis.scale == Scale::log && std::find(values.begin(), values.end(), 0.0) != values.end();
  if (all.empty()) all = {0.1, 1};
  const auto [lo, hi] = std::minmax_element(all.begin(), all.end());
  return axis.scale == Scale::log ? log_span(*lo, *hi, zeros, axis.ticks) : linear_span(*lo, *hi, axis.ticks);
}

std::vector<double> spread(const std::vector<double>& wanted, double gap, double lo, double hi) {
  const std::size_t n = wanted.size();
  if (n > 1) gap = std::min(gap, (hi - lo) / static_cast<double>(n - 1));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // Subtracting rank * gap turns "at least gap apart" into "not decreasing": pool neighbours that violate it.
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

namespace {

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
    painters.push_back({list, chart.series[i], x, y, lanes.of[i], colour, i < colours.size() ? 0.0 : 6.0});
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

// ---- the bar chart ----

namespace {

std::string bar_text(const Bar& bar, Ticks ticks) {
  const Ticks inside = ticks == Ticks::percent ? Ticks::number : ticks;
  const double unit = ticks == Ticks::percent ? 100 : 1;
  return value_text(bar.value, ticks, 3) + "  (" + value_text(unit * bar.lo, inside, 3) + "–" +
         value_text(unit * bar.hi, inside, 3) + ")";
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
