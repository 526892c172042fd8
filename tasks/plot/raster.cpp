// The rasteriser behind to_png. A shape becomes a mask: how far each pixel's centre lies from it, and from
// that how much of the pixel it covers. The whole mask is blended at once, so that a translucent shape does
// not darken where it meets itself.
#include <algorithm>
#include <array>
#include <cmath>

#include "tasks/plot/canvas.h"
#include "tasks/plot/font.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

namespace banel {

namespace {

// The share of the text that lies before its anchor.
double share_before(Anchor anchor) {
  return anchor == Anchor::start ? 0 : anchor == Anchor::middle ? 0.5 : 1;
}

// A window of the canvas with one number for each pixel.
struct Mask {
  int x0 = 0, y0 = 0, width = 0, height = 0;
  std::vector<float> values;

  Mask(int left, int top, int right, int bottom, float fill)
      : x0(left), y0(top), width(std::max(0, right - left)), height(std::max(0, bottom - top)) {
    values.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), fill);
  }
  float& at(int x, int y) {  // in pixels of the canvas
    return values[static_cast<std::size_t>(y - y0) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x - x0)];
  }
};

struct Box {
  int left, top, right, bottom;  // half open
};

// The box of all pixels within `reach` of the points, cut to the limits.
Box box_around(const std::vector<Point>& points, double reach, const Box& limits) {
  Point low = points.front(), high = points.front();
  for (const Point& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const auto cut = [](double v, int from, int to) {
    return static_cast<int>(std::clamp<double>(v, from, to));
  };
  return {cut(std::floor(low.x - reach), limits.left, limits.right),
          cut(std::floor(low.y - reach), limits.top, limits.bottom),
          cut(std::ceil(high.x + reach), limits.left, limits.right),
          cut(std::ceil(high.y + reach), limits.top, limits.bottom)};
}

// Sets each pixel to the distance of its centre from the segment a-b, where that is below its value.
void stamp_segment(Mask& mask, Point a, Point b, double reach) {
  const Box box = box_around({a, b}, reach, {mask.x0, mask.y0, mask.x0 + mask.width, mask.y0 + mask.height});
  const double dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
  for (int y = box.top; y < box.bottom; ++y) {
    for (int x = box.left; x < box.right; ++x) {
      const double px = x + 0.5 - a.x, py = y + 0.5 - a.y;
      const double along = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0;
      const double ex = px - along * dx, ey = py - along * dy;
      float& value = mask.at(x, y);
      value = std::min(value, static_cast<float>(std::sqrt(ex * ex + ey * ey)));
    }
  }
}

// Sets each pixel whose centre lies inside the outline to 1 (even-odd rule).
void fill_inside(Mask& mask, const std::vector<Point>& points) {
  std::vector<double> crossings;
  for (int y = mask.y0; y < mask.y0 + mask.height; ++y) {
    crossings.clear();
    const double middle = y + 0.5;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point a = points[i], b = points[(i + 1) % points.size()];
      if ((a.y <= middle) != (b.y <= middle))
        crossings.push_back(a.x + (middle - a.y) * (b.x - a.x) / (b.y - a.y));
    }
    std::sort(crossings.begin(), crossings.end());
    for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const auto first_centre = [&](double v) {
        return static_cast<int>(std::clamp<double>(std::ceil(v - 0.5), mask.x0, mask.x0 + mask.width));
      };
      for (int x = first_centre(crossings[i]); x < first_centre(crossings[i + 1]); ++x) mask.at(x, y) = 1;
    }
  }
}

// The pieces of a dashed line: each, and each gap, has length `dash`. 0 leaves the line whole.
std::vector<std::vector<Point>> dashes(const std::vector<Point>& points, double dash) {
  if (dash <= 0) return {points};
  std::vector<std::vector<Point>> pieces(1, {points.front()});
  double left = dash;
  bool on = true;
  for (std::size_t i = 1; i < points.size(); ++i) {
    Point from = points[i - 1];
    const Point to = points[i];
    double length = std::hypot(to.x - from.x, to.y - from.y);
    while (length > left) {
      from = {from.x + (to.x - from.x) * left / length, from.y + (to.y - from.y) * left / length};
      if (on)
        pieces.back().push_back(from);
      else
        pieces.push_back({from});
      length -= left;
      left = dash;
      on = !on;
    }
    if (on) pieces.back().push_back(to);
    left -= length;
  }
  return pieces;
}

class Raster {
 public:
  Raster(const DrawList& list, double scale)
      : scale_(scale),
        limits_{0, 0, static_cast<int>(std::lround(list.width * scale)),
                static_cast<int>(std::lround(list.height * scale))} {
    const auto c = list.background;
    const auto pixels = static_cast<std::size_t>(limits_.right) * static_cast<std::size_t>(limits_.bottom);
    pixels_.assign(pixels, {static_cast<float>(c.r), static_cast<float>(c.g), static_cast<float>(c.b)});
  }

  void operator()(const Polyline& line) {
    stroke(scaled(line.points), line.width, line.dash, line.colour, line.alpha);
  }

  void operator()(const Circle& dot) {
    stroke({scaled(dot.centre)}, 2 * dot.radius, 0, dot.colour, dot.alpha);
  }

  void operator()(const Polygon& area) {
    if (area.points.empty()) return;
    const std::vector<Point> points = scaled(area.points);
    Mask mask = mask_around(points, 1, 0), edge = mask_around(points, 1, 0.5f);
    fill_inside(mask, points);
    for (std::size_t i = 0; i < points.size(); ++i)
      stamp_segment(edge, points[i], points[(i + 1) % points.size()], 1);
    for (std::size_t i = 0; i < mask.values.size(); ++i)
      mask.values[i] = mask.values[i] > 0 ? 0.5f + edge.values[i] : 0.5f - edge.values[i];
    blend(mask, area.colour, area.alpha);
  }

  // Draws the glyphs along the baseline into one mask, and turns the mask for upright text.
  void operator()(const Text& text) {
    const TextLine line = lay_out(text.text, text.size * scale_);
    const Point at = scaled(text.at);
    const double start = (text.upright ? -at.y : at.x) - share_before(text.anchor) * line.width;
    const int height = static_cast<int>(std::ceil(2 * text.size * scale_));
    const int from = static_cast<int>(std::floor(start)) - height;
    Mask mask(from, -height, from + 2 * height + static_cast<int>(std::ceil(line.width)), height, 0);
    for (const Glyph& glyph : line.glyphs)
      stamp_glyph(mask, glyph.index, start + glyph.x, text.size * scale_);
    const int across = static_cast<int>(std::lround(text.upright ? at.x : at.y));
    for (int v = -height; v < height; ++v)
      for (int u = mask.x0; u < mask.x0 + mask.width; ++u)
        if (const float coverage = mask.at(u, v); coverage > 0) {
          if (text.upright)
            blend_pixel(across + v, -u - 1, coverage, text.colour, text.alpha);
          else
            blend_pixel(u, across + v, coverage, text.colour, text.alpha);
        }
  }

  std::string png() const {
    std::vector<unsigned char> bytes;
    bytes.reserve(pixels_.size() * 3);
    for (const auto& pixel : pixels_)
      for (float channel : pixel) bytes.push_back(static_cast<unsigned char>(std::lround(channel)));
    std::string out;
    const auto append = [](void* target, void* data, int size) {
      static_cast<std::string*>(target)->append(static_cast<const char*>(data),
                                                static_cast<std::size_t>(size));
    };
    const int done = stbi_write_png_to_func(append, &out, limits_.right, limits_.bottom, 3, bytes.data(),
                                            3 * limits_.right);
    ENSURE_AS(done, IoError, "png",
              "out of memory while packing " << limits_.right << "x" << limits_.bottom << " pixels");
    return out;
  }

 private:
  Point scaled(Point p) const {
    ENSURE(std::abs(p.x) < 1e6 && std::abs(p.y) < 1e6, "png",
           "coordinates " << p.x << ", " << p.y << " are not within a million points");
    return {scale_ * p.x, scale_ * p.y};
  }

  std::vector<Point> scaled(const std::vector<Point>& points) const {
    std::vector<Point> out;
    for (const Point& p : points) out.push_back(scaled(p));
    return out;
  }

  Mask mask_around(const std::vector<Point>& points, double reach, float fill) const {
    const Box box = box_around(points, reach, limits_);
    return Mask(box.left, box.top, box.right, box.bottom, fill);
  }

  // A line covers all pixels nearer than half its width; a single point makes a disc.
  void stroke(const std::vector<Point>& points, double width, double dash, Colour colour, double alpha) {
    if (points.empty()) return;
    const double radius = width * scale_ / 2, reach = radius + 1;
    Mask mask = mask_around(points, reach, static_cast<float>(reach));
    for (const auto& piece : dashes(points, dash * scale_))
      for (std::size_t i = 0; i < piece.size(); ++i)
        if (i > 0 || piece.size() == 1) stamp_segment(mask, piece[i > 0 ? i - 1 : 0], piece[i], reach);
    for (float& value : mask.values) value = static_cast<float>(std::clamp(radius + 0.5 - value, 0.0, 1.0));
    blend(mask, colour, alpha);
  }

  // Adds one glyph at a fraction of a pixel. Boxes of neighbours may overlap; the darker value stays.
  static void stamp_glyph(Mask& mask, int glyph, double x, double size) {
    const double whole = std::floor(x);
    const GlyphBitmap bitmap = draw_glyph(glyph, size, x - whole);
    for (int i = 0; i < bitmap.width * bitmap.height; ++i) {
      const int u = static_cast<int>(whole) + bitmap.left + i % bitmap.width,
                v = bitmap.top + i / bitmap.width;
      const bool inside =
          u >= mask.x0 && u < mask.x0 + mask.width && v >= mask.y0 && v < mask.y0 + mask.height;
      if (inside)
        mask.at(u, v) =
            std::max(mask.at(u, v), static_cast<float>(bitmap.coverage[static_cast<std::size_t>(i)]) / 255);
    }
  }

  void blend(Mask& mask, Colour colour, double alpha) {
    for (int y = mask.y0; y < mask.y0 + mask.height; ++y)
      for (int x = mask.x0; x < mask.x0 + mask.width; ++x) blend_pixel(x, y, mask.at(x, y), colour, alpha);
  }

  void blend_pixel(int x, int y, float coverage, Colour colour, double alpha) {
    if (coverage <= 0 || x < 0 || y < 0 || x >= limits_.right || y >= limits_.bottom) return;
    auto& pixel = pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(limits_.right) +
                          static_cast<std::size_t>(x)];
    const float weight = coverage * static_cast<float>(alpha);
    const std::array<float, 3> ink{static_cast<float>(colour.r), static_cast<float>(colour.g),
                                   static_cast<float>(colour.b)};
    for (std::size_t i = 0; i < 3; ++i) pixel[i] += weight * (ink[i] - pixel[i]);
  }

  double scale_;
  Box limits_;
  std::vector<std::array<float, 3>> pixels_;
};

}  // namespace

std::string to_png(const DrawList& list, double scale) {
  check_size(list, scale);
  Raster raster(list, scale);
  for (const Mark& shape : list.shapes) {
    check_stop();
    std::visit(raster, shape);
  }
  return raster.png();
}

}  // namespace banel
