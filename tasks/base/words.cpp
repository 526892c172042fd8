#include "tasks/base/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace banel {

namespace {

// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, previous(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = previous;
    previous = row;
  }
  return previous[b.size()];
}

}  // namespace

// Unicode standard, table 3-7.
std::optional<Character> first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const char32_t first = byte(0);
  if (first < 0x80) return Character{first, 1};
  if (first < 0xC2 || first > 0xF4) return {};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  char32_t code = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return Character{code, bytes};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::optional<Character> character = first_character(text);
    if (!character) return false;
    text.remove_prefix(character->bytes);
  }
  return true;
}

namespace {
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string first_columns(std::string_view text, std::size_t columns) {
  std::size_t characters = 0, end = 0;
  while (end < text.size() && (!begins_character(text[end]) || characters++ < columns)) ++end;
  return std::string(text.substr(0, end));
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::string one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::optional<Character> character = first_character(text);
    const std::string_view bytes = text.substr(0, character ? character->bytes : 1);
    line += !character || has_control_characters(bytes) ? "?" : bytes;
    text.remove_prefix(bytes.size());
  }
  return line;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest = 64;  // a longer word is no slip of the keyboard
  if (typed.size() > longest) return "";
  std::string nearest;
  std::size_t least = longest;
  for (const std::string& candidate : candidates) {
    const std::size_t letters =
        candidate.size() - std::min(candidate.find_first_not_of('-'), candidate.size());
    const std::size_t d = distance(typed, candidate);
    if (d < least && 3 * d <= std::max<std::size_t>(letters, 3)) {
      least = d;
      nearest = candidate;
    }
  }
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

std::string shortest(double number) {
  std::array<char, 32> text{};
  char* const end = text.data() + text.size();
  const bool whole = number == std::floor(number) && std::abs(number) < 1e15;
  return {text.data(), whole ? std::to_chars(text.data(), end, static_cast<std::int64_t>(number)).ptr
                             : std::to_chars(text.data(), end, number).ptr};
}

std::string outside(const std::string& value, std::int64_t lowest, std::int64_t highest) {
  return value + " is outside " + std::to_string(lowest) + ".." + std::to_string(highest);
}

std::string outside(const std::string& value, double least, double most) {
  return value + " is outside " + shortest(least) + ".." + shortest(most);
}

}  // namespace banel
