// A strict reader of JSON files that may be damaged or forged. Errors name the file, the line and the field.
//
//   const Json json = read_json("run/progress.json");
//   const Field top(json, "run/progress.json");
//   const std::int64_t round = top["state"]["round"].count();
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/io/json_value.h"

namespace banel {

// A text from a file for a message of one line: in quotation marks, at most 60 bytes, "?" for control
// characters. Of a longer text the part that holds byte `at`.
std::string in_quotes(std::string_view text, std::size_t at = 0);

// The length of the longest text, number or run of white space: the JSON library holds such a piece several
// times over before anyone can refuse it, so readers refuse more than most_json_token first.
std::size_t longest_token(std::string_view json);
constexpr std::size_t most_json_token = 1 << 20;

// The value of one JSON text (RFC 8259), whose first line is line number `line` of WHERE. Errors: InputError
// "WHERE: line L: ..." if it is not JSON in UTF-8, has a key twice in one object, a zero byte or a number
// beyond a double, or has more than 64 levels or 256 keys in one object. Memory stays within the size of the
// text and 16 MB: what would take more is refused, too, such as hundreds of thousands of small values. It is
// a few times the size of the text if that is trusted to have tokens longer than most_json_token.
Json parse_json(std::string_view text, std::string_view where, std::size_t line = 1,
                std::size_t most_token = most_json_token);
Json read_json(const std::filesystem::path&);

// A value of such a file, with its name. Every access is checked: a value that is missing, has another type
// or is out of range gives an InputError "FILE: line 3: measured.success.k is ...".
class Field {
 public:
  // The value must outlive the field and all fields taken from it. `place` begins messages, e.g. "FILE: line
  // 3".
  Field(const Json& value, std::string place) : value_(value), place_(std::move(place)) {}

  Field operator[](std::string_view key) const;                // of an object that has it
  bool has(std::string_view key) const;                        // whether an object has it
  std::vector<Field> items() const;                            // of an array
  std::vector<std::pair<std::string, Field>> members() const;  // of an object, in the order of the file
  std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
  std::int64_t count(std::int64_t lowest = 0) const;  // lowest..2^53, which every JSON reader takes exactly
  double number() const;                              // finite
  bool boolean() const;
  const std::string& text() const;
  const Json& value() const { return value_; }

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  Field at(const std::string& step, const Json& value) const;

  const Json& value_;
  std::string place_, name_;
};

// Any bytes in JSON: a text if they are UTF-8, otherwise {"hex": "ff37"}.
Json json_of_bytes(const std::string& bytes);
std::string bytes_from(const Field&);  // errors: InputError if it is neither

// Calls visit(field) for each line of a text in JSON lines. Errors: as parse_json; InputError if the last
// line does not end with a newline.
void for_each_line(std::string_view lines, std::string_view where,
                   const std::function<void(const Field&)>& visit);

}  // namespace banel
