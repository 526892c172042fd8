// What tests ask about a picture: its shapes by kind, the boxes of its texts, its pixels.
//
//   const DrawList list = draw(chart);
//   CHECK(text_of(list, "Title").at.y < 50);
//   check_texts_are_readable(list);
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tasks/plot/canvas.h"

namespace banel {

struct Image {
  int width = 0, height = 0;
  std::vector<unsigned char> rgb;

  int at(int x, int y, int channel = 0) const {
    return rgb[static_cast<std::size_t>(3 * (y * width + x) + channel)];
  }
  bool ink(int x, int y) const { return at(x, y, 0) + at(x, y, 1) + at(x, y, 2) < 3 * 255 - 20; }

  // The smallest box with all ink: left, top, right, bottom (half open).
  std::array<int, 4> ink_box() const {
    std::array<int, 4> box{width, height, 0, 0};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        if (ink(x, y))
          box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x + 1), std::max(box[3], y + 1)};
    return box;
  }
};

Image decode_png(const std::string& bytes);

template <class Kind>
std::vector<Kind> all(const DrawList& list) {
  std::vector<Kind> out;
  for (const Mark& shape : list.shapes)
    if (const Kind* found = std::get_if<Kind>(&shape)) out.push_back(*found);
  return out;
}

inline Text text_of(const DrawList& list, const std::string& words) {
  for (const Text& text : all<Text>(list))
    if (text.text == words) return text;
  FAIL("no text \"" << words << "\"");
  return {};
}

// Arrows are the only outlines of seven points.
inline std::vector<Polygon> arrows(const DrawList& list) {
  std::vector<Polygon> out = all<Polygon>(list);
  std::erase_if(out, [](const Polygon& p) { return p.points.size() != 7; });
  return out;
}

inline std::vector<Polyline> lines_of(const DrawList& list, Colour colour, double width) {
  std::vector<Polyline> out = all<Polyline>(list);
  std::erase_if(out, [&](const Polyline& l) { return l.colour != colour || l.width != width; });
  return out;
}

struct Rect {
  double left, top, right, bottom;
  bool overlaps(const Rect& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
};

inline Rect box_of(const Text& text) {
  const double width = text_width(text.text, text.size), up = 0.76 * text.size, down = 0.24 * text.size;
  const double before = text.anchor == Anchor::start ? 0 : text.anchor == Anchor::middle ? width / 2 : width;
  const auto [x, y] = text.at;
  if (text.upright) return {x - up, y + before - width, x + down, y + before};
  return {x - before, y - up, x - before + width, y + down};
}

inline void check_texts_are_readable(const DrawList& list) {
  const std::vector<Text> texts = all<Text>(list);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Rect box = box_of(texts[i]);
    CAPTURE(texts[i].text);
    CHECK((box.left >= 0 && box.top >= 0 && box.right <= list.width && box.bottom <= list.height));
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(texts[j].text);
      CHECK_FALSE(box.overlaps(box_of(texts[j])));
    }
  }
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

inline bool shows(const DrawList& list, const std::string& words) {
  const std::vector<Text> texts = all<Text>(list);
  return std::any_of(texts.begin(), texts.end(), [&](const Text& t) { return contains(t.text, words); });
}

}  // namespace banel
