// A picture is a list of shapes, written as PNG by our own rasteriser or as SVG.
//
//   DrawList list{.width = 100, .height = 50};
//   list.add(Circle{.centre = {50, 25}, .radius = 10, .colour = {0, 114, 178}});
//   write_png(list, "dot.png");  // 200 x 100 pixels
//
// Lengths are in points, the origin is the top left corner, y points down, and later shapes cover earlier
// ones. The same list gives the same bytes on every call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace banel {

struct Colour {
  std::uint8_t r = 0, g = 0, b = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

struct Point {
  double x = 0, y = 0;
};

// A line through all points with round ends and joins. dash > 0: dashes of this length and gaps as long.
struct Polyline {
  std::vector<Point> points = {};
  Colour colour = {};
  double width = 1, alpha = 1, dash = 0;
};

// A filled outline; the last point is joined to the first. Areas enclosed twice stay empty (even-odd rule).
struct Polygon {
  std::vector<Point> points = {};
  Colour colour = {};
  double alpha = 1;
};

struct Circle {
  Point centre = {};
  double radius = 1;
  Colour colour = {};
  double alpha = 1;
};

enum class Anchor { start, middle, end };

// One line of UTF-8 text in DejaVu Sans. `at` lies on the baseline; `upright` text reads from bottom to top.
// Invalid bytes and control characters show as U+FFFD.
struct Text {
  Point at = {};
  std::string text = {};
  double size = 12;
  Colour colour = {};
  Anchor anchor = Anchor::start;
  bool upright = false;
  double alpha = 1;
};

using Mark = std::variant<Polyline, Polygon, Circle, Text>;

struct DrawList {
  double width = 800, height = 500;
  Colour background = {255, 255, 255};
  std::vector<Mark> shapes = {};

  void add(Mark);
};

// Adds all shapes of `what` with its top left corner at `at`. Its background is not drawn.
void place(DrawList& onto, const DrawList& what, Point at);

// Pictures in rows of `columns`. A row is as high as its highest picture, a column as wide as its widest.
// Throws UsageError without pictures or columns.
DrawList grid(const std::vector<DrawList>& cells, std::size_t columns);

// The outline of a rectangle whose top left corner is (x, y).
std::vector<Point> rectangle(double x, double y, double width, double height);

// The length of a text in points, kerning included.
double text_width(std::string_view text, double size);

// Throws UsageError unless the picture has 1 to 20,000 pixels in each direction.
void check_size(const DrawList& list, double scale);

// The bytes of the file. A PNG has round(scale * width) x round(scale * height) pixels; 2 suits slides.
// Throws UsageError if a coordinate is not finite or beyond a million points.
std::string to_png(const DrawList& list, double scale = 2);
std::string to_svg(const DrawList& list);

// Write the file as one step (nn/io/file.h). Throw IoError if the system refuses.
void write_png(const DrawList& list, const std::filesystem::path& path);
void write_svg(const DrawList& list, const std::filesystem::path& path);

}  // namespace banel
