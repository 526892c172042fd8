// A picture as a list of shapes, and two ways to write it: PNG (rasterised here) and SVG.
// Units are points, the origin is the top left corner, y grows downwards; later shapes cover earlier ones.
// The same list gives the same bytes on every call.
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

// A line through all points, with round ends and joints; dash > 0 draws and skips this length in turn.
struct Polyline {
  std::vector<Point> points = {};
  Colour colour = {};
  double width = 1, alpha = 1, dash = 0;
};

// A filled outline, closed by itself; what is enclosed twice stays empty (even-odd rule).
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

// One line of UTF-8 text in DejaVu Sans; `at` lies on the base line, `upright` text is turned and reads from
// bottom to top. Bytes that are not UTF-8 and control characters show as U+FFFD.
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

// Adds all shapes of `what`, moved so that its top left corner lies at `at`; its background is left out.
void place(DrawList& onto, const DrawList& what, Point at);

// Pictures side by side, `columns` in a row; a row is as high as its highest, a column as wide as its widest
// picture. One column stacks them. At least one picture and one column.
DrawList grid(const std::vector<DrawList>& cells, std::size_t columns);

// The outline of a rectangle from its top left corner.
std::vector<Point> rectangle(double x, double y, double width, double height);

// Length of the text at this size, kerning included.
double text_width(std::string_view text, double size);

// UsageError unless the picture has 1 to 20,000 pixels each way.
void check_size(const DrawList& list, double scale);

// The picture as bytes of a file. UsageError for a coordinate that is not finite or beyond a million points.
// A PNG has round(scale * width) x round(scale * height) pixels; 2 suits slides.
std::string to_png(const DrawList& list, double scale = 2);
std::string to_svg(const DrawList& list);

// The same, into a file that is replaced as a whole; IoError if the system refuses.
void write_png(const DrawList& list, const std::filesystem::path& path);
void write_svg(const DrawList& list, const std::filesystem::path& path);
// FOLDER/NAME.png and FOLDER/NAME.svg; the folder is made if it is missing.
void write_picture(const DrawList& list, const std::filesystem::path& folder, const std::string& name);

}  // namespace banel
