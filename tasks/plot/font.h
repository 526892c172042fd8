// The embedded font, DejaVu Sans: from UTF-8 text to glyphs on a line, and from glyphs to pixels.
//
//   const TextLine line = lay_out("10⁻³", 12);  // four glyphs and the length of the line
//   draw_glyph(line.glyphs[0].index, 12, 0);    // how much of each pixel the "1" covers
#pragma once
#include <string_view>
#include <vector>

namespace banel {

// The characters of a UTF-8 text, with U+FFFD for each byte that UTF-8 or XML does not allow.
std::vector<char32_t> code_points(std::string_view text);

struct Glyph {
  int index;
  double x;  // of the glyph's origin, from the start of the line
};

struct TextLine {
  std::vector<Glyph> glyphs;
  double width = 0;
};

// The glyphs of a text on one line, kerned. `size` is the height of the em square; lengths have its unit.
TextLine lay_out(std::string_view text, double size);

struct GlyphBitmap {
  int left = 0, top = 0, width = 0, height = 0;  // in pixels from the origin, y down; a blank has no size
  std::vector<unsigned char> coverage;           // row by row; 255: wholly covered
};

// The pixels of a glyph at `size` pixels per em, with its origin `shift` (0 to 1) right of a pixel's edge.
GlyphBitmap draw_glyph(int glyph, double size, double shift);

}  // namespace banel
