#include "tasks/plot/canvas.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "nn/io/file.h"
#include "tasks/plot/font.h"
#include "tensor/check.h"

namespace banel {

namespace {

// ---- SVG: plain ASCII, numbers with two decimals ----

std::string number(double value) {
  ENSURE(std::abs(value) < 1e6, "svg", "coordinate " << value << " is not within a million points");
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 2);
  return {text.data(), end.ptr};
}

std::string hex(Colour c) {
  std::string out = "#";
  for (unsigned value : {c.r, c.g, c.b})
    for (unsigned digit : {value / 16, value % 16}) out += "0123456789abcdef"[digit];
  return out;
}

// Text for XML: special characters and everything beyond ASCII become character references.
std::string escaped(std::string_view text) {
  std::string out;
  for (char32_t code : code_points(text)) {
    const bool plain =
        code < 0x80 && std::string_view("<>&\"'").find(static_cast<char>(code)) == std::string_view::npos;
    if (plain)
      out += static_cast<char>(code);
    else
      out += "&#" + std::to_string(static_cast<unsigned long>(code)) + ";";
  }
  return out;
}

std::string svg_points(const std::vector<Point>& points) {
  std::string out;
  for (const Point& p : points) {
    if (!out.empty()) out += ' ';
    out += number(p.x) + "," + number(p.y);
  }
  return out;
}

// `name` is "fill" or "stroke".
std::string paint(const std::string& name, Colour colour, double alpha) {
  std::string out = " " + name + "=\"" + hex(colour) + "\"";
  if (alpha < 1) out += " " + name + "-opacity=\"" + number(alpha) + "\"";
  return out;
}

struct SvgWriter {
  std::string& out;

  void operator()(const Polyline& line) {
    out += "<polyline points=\"" + svg_points(line.points) + "\" fill=\"none\" stroke-linecap=\"round\"" +
           " stroke-linejoin=\"round\"" + paint("stroke", line.colour, line.alpha) + " stroke-width=\"" +
           number(line.width) + "\"" +
           (line.dash > 0 ? " stroke-dasharray=\"" + number(line.dash) + "\"" : "") + "/>\n";
  }
  void operator()(const Polygon& area) {
    out += "<polygon points=\"" + svg_points(area.points) + "\" fill-rule=\"evenodd\"" +
           paint("fill", area.colour, area.alpha) + "/>\n";
  }
  void operator()(const Circle& dot) {
    out += "<circle cx=\"" + number(dot.centre.x) + "\" cy=\"" + number(dot.centre.y) + "\" r=\"" +
           number(dot.radius) + "\"" + paint("fill", dot.colour, dot.alpha) + "/>\n";
  }
  void operator()(const Text& text) {
    const char* anchor = text.anchor == Anchor::start    ? "start"
                         : text.anchor == Anchor::middle ? "middle"
                                                         : "end";
    const std::string x = number(text.at.x), y = number(text.at.y);
    out += "<text x=\"" + x + "\" y=\"" + y + "\" font-size=\"" + number(text.size) + "\" text-anchor=\"" +
           anchor + "\"" + paint("fill", text.colour, text.alpha) +
           (text.upright ? " transform=\"rotate(-90 " + x + " " + y + ")\"" : "") + ">" + escaped(text.text) +
           "</text>\n";
  }
};

struct Shift {
  Point by;
  void operator()(Point& p) const { p = {p.x + by.x, p.y + by.y}; }
  void operator()(Polyline& line) const { std::for_each(line.points.begin(), line.points.end(), *this); }
  void operator()(Polygon& area) const { std::for_each(area.points.begin(), area.points.end(), *this); }
  void operator()(Circle& dot) const { (*this)(dot.centre); }
  void operator()(Text& text) const { (*this)(text.at); }
};

}  // namespace

void check_size(const DrawList& list, double scale) {
  const auto fits = [&](double length) { return length * scale >= 1 && length * scale <= 20000; };
  ENSURE(fits(list.width) && fits(list.height), "canvas",
         "size " << list.width << " x " << list.height << " at scale " << scale
                 << " is not within 1..20000 pixels");
}

void DrawList::add(Mark mark) { shapes.push_back(std::move(mark)); }

void place(DrawList& onto, const DrawList& what, Point at) {
  for (Mark mark : what.shapes) {
    std::visit(Shift{at}, mark);
    onto.add(std::move(mark));
  }
}

DrawList grid(const std::vector<DrawList>& cells, std::size_t columns) {
  ENSURE(!cells.empty() && columns > 0, "grid", cells.size() << " pictures in " << columns << " columns");
  std::vector<double> widths(std::min(columns, cells.size())),
      heights((cells.size() + columns - 1) / columns);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    double &width = widths[i % columns], &height = heights[i / columns];
    width = std::max(width, cells[i].width);
    height = std::max(height, cells[i].height);
  }
  DrawList list{.width = std::accumulate(widths.begin(), widths.end(), 0.0),
                .height = std::accumulate(heights.begin(), heights.end(), 0.0)};
  Point corner;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    place(list, cells[i], corner);
    corner.x += widths[i % columns];
    if ((i + 1) % columns == 0) corner = {0, corner.y + heights[i / columns]};
  }
  return list;
}

std::vector<Point> rectangle(double x, double y, double width, double height) {
  return {{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}};
}

double text_width(std::string_view text, double size) { return lay_out(text, size).width; }

std::string to_svg(const DrawList& list) {
  check_size(list, 1);
  const std::string width = number(list.width), height = number(list.height);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height +
                    "\" viewBox=\"0 0 " + width + " " + height +
                    "\" font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n<rect width=\"" + width +
                    "\" height=\"" + height + "\"" + paint("fill", list.background, 1) + "/>\n";
  SvgWriter writer{out};
  for (const Mark& shape : list.shapes) std::visit(writer, shape);
  return out + "</svg>\n";
}

void write_png(const DrawList& list, const std::filesystem::path& path) { write_file(path, to_png(list)); }

void write_svg(const DrawList& list, const std::filesystem::path& path) { write_file(path, to_svg(list)); }

}  // namespace banel
