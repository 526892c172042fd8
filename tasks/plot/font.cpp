#include "tasks/plot/font.h"

#include "tasks/base/embedded.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb/stb_truetype.h>

namespace banel {

extern const std::span<const EmbeddedFile> font_files;  // DejaVu Sans, made by embed.cmake

namespace {

// The first character of a text that is not empty, or U+FFFD for one byte that UTF-8 or XML does not allow.
Character shown(std::string_view text) {
  const Character invalid{0xFFFD, 1};
  const Character c = first_character(text).value_or(invalid);
  const bool control = c.code < 0x20 || c.code == 0x7F, no_character = (c.code & 0xFFFE) == 0xFFFE;
  return control || no_character ? invalid : c;
}

const stbtt_fontinfo& font() {
  static const stbtt_fontinfo info = [] {
    stbtt_fontinfo loaded;
    const std::string_view bytes = font_files[0].bytes;
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    ENSURE_AS(!bytes.empty() && stbtt_InitFont(&loaded, data, 0), InputError, "font",
              "the embedded bytes are no TrueType font; check the file given to embed.cmake");
    return loaded;
  }();
  return info;
}

float scale_of(double size) { return stbtt_ScaleForMappingEmToPixels(&font(), static_cast<float>(size)); }

}  // namespace

std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> out;
  while (!text.empty()) {
    const Character next = shown(text);
    out.push_back(next.code);
    text.remove_prefix(next.bytes);
  }
  return out;
}

TextLine lay_out(std::string_view text, double size) {
  const double scale = scale_of(size);
  TextLine line;
  int previous = 0;
  for (char32_t code : code_points(text)) {
    const int glyph = stbtt_FindGlyphIndex(&font(), static_cast<int>(code));
    if (previous != 0) line.width += scale * stbtt_GetGlyphKernAdvance(&font(), previous, glyph);
    line.glyphs.push_back({glyph, line.width});
    int advance = 0, bearing = 0;
    stbtt_GetGlyphHMetrics(&font(), glyph, &advance, &bearing);
    line.width += scale * advance;
    previous = glyph;
  }
  return line;
}

GlyphBitmap draw_glyph(int glyph, double size, double shift) {
  const float scale = scale_of(size), right_by = static_cast<float>(shift);
  GlyphBitmap out;
  int right = 0, bottom = 0;
  stbtt_GetGlyphBitmapBoxSubpixel(&font(), glyph, scale, scale, right_by, 0, &out.left, &out.top, &right,
                                  &bottom);
  out.width = right - out.left;
  out.height = bottom - out.top;
  if (out.width <= 0 || out.height <= 0) return {};  // a blank
  out.coverage.resize(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height));
  stbtt_MakeGlyphBitmapSubpixel(&font(), out.coverage.data(), out.width, out.height, out.width, scale, scale,
                                right_by, 0, glyph);
  return out;
}

}  // namespace banel
