#include "tasks/plot/font.h"

#include "tasks/base/embedded.h"
#include "tensor/check.h"

#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb/stb_truetype.h>

namespace banel {

extern const std::span<const EmbeddedFile> font_files;  // DejaVu Sans, made by embed.cmake

namespace {

struct Decoded {
  char32_t code;
  std::size_t bytes;
};

// The first character of a text that is not empty, or U+FFFD for one byte that UTF-8 or XML does not allow.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Decoded invalid{0xFFFD, 1};
  const unsigned char first = byte(0);
  if (first < 0x80) return first < 0x20 || first == 0x7F ? invalid : Decoded{first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return invalid;
  char32_t code = first & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return invalid;
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (overlong || surrogate || code > 0x10FFFF || (code & 0xFFFE) == 0xFFFE) return invalid;
  return {code, size};
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
    const Decoded next = decode(text);
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
