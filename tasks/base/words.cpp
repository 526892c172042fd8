#include "tasks/base/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace banel {

namespace {

// Length in bytes of the first UTF-8 character; 0 if it is malformed. Unicode standard, table 3-7.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90, beyond = first == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

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

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
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
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    line += length == 0 || has_control_characters(character) ? "?" : character;
    text.remove_prefix(character.size());
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
