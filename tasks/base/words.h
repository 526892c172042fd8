// Words that people type: whether they are text, which known word was meant, and how a refused value reads.
//
//   is_utf8("caf\xe9")                               -> false
//   did_you_mean("bnael", {"banel", "grpo"})         -> "; did you mean banel?"
//   outside("2", 0.0, 1.0)                           -> "2 is outside 0..1"
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace banel {

struct Character {
  char32_t code;
  std::size_t bytes;
};
// The first character of UTF-8 in a text that is not empty; nothing if it is malformed.
std::optional<Character> first_character(std::string_view text);
bool is_utf8(std::string_view text);
bool has_control_characters(std::string_view text);  // bytes 0 to 31 and 127, newline and tab among them
std::size_t columns_of(std::string_view text);       // its characters, each a column of a terminal
std::string first_columns(std::string_view text, std::size_t columns);  // of a longer text the beginning
std::string one_line(std::string_view text);  // control characters and what is not UTF-8 become '?'

// Empty if no candidate is near: at most a third of its letters are inserted, deleted, replaced or swapped.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates);

std::string shortest(double);  // the fewest digits that read back as the same number: 0.001, 1e-08, 7500
std::string outside(const std::string& value, std::int64_t lowest, std::int64_t highest);
std::string outside(const std::string& value, double least, double most);

}  // namespace banel
