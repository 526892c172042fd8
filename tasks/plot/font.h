// Text in the embedded DejaVu Sans: characters, their places on a line, their pixels.
#pragma once
#include <string_view>
#include <vector>

namespace banel {

// The characters of a UTF-8 text; U+FFFD for each byte that XML or UTF-8 does not allow.
std::vector<char32_t> characters(std::string_view text);

struct Glyph {
  int index;
  double x;  // left of the glyph's origin, from the start of the text
};

struct Line {
  std::vector<Glyph> glyphs;
  double width = 0;
};

// Text on one line, kerned; lengths in the unit of `size`, the height of the em square.
Line set_line(std::string_view text, double size);

// The pixels of a glyph whose origin lies `shift` (0 to 1) right of a pixel border, at `size` pixels per em.
struct GlyphBitmap {
  int left = 0, top = 0, width = 0, height = 0;  // pixels from the origin, y downwards; a blank has no size
  std::vector<unsigned char> coverage;           // row by row, 255: covered
};
GlyphBitmap draw_glyph(int glyph, double size, double shift);

}  // namespace banel
