// JSON files that may be damaged or forged: a strict reader, and fields that are refused by their full name.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banel {

using Json = nlohmann::ordered_json;

// Text from a file in quotation marks, fit for a one-line message: short and without control characters.
std::string in_quotes(std::string_view text);

// The value of one JSON text (RFC 8259). Errors: InputError "WHERE: line L: ..." if it is not JSON or not
// UTF-8, and for what a reader could take in two ways or choke on: a key twice in one object, a zero byte, a
// number beyond a double, more than 64 levels, 256 keys in one object or a million values. `line` is the
// number of its first line.
Json parse_json(std::string_view text, std::string_view where, std::size_t line = 1);
Json read_json(const std::filesystem::path&);

// A value of such a file that knows its place. Every access is checked: what is missing, of another type or
// out of range is an InputError "FILE: line 3: measured.success.k is ...".
class Field {
 public:
  // Both must outlive the field and what is taken from it; `place` as parse_json has it, e.g. "FILE: line 3".
  Field(const Json& value, std::string place) : value_(value), place_(std::move(place)) {}

  Field operator[](const char* key) const;  // of an object that has it
  bool has(const char* key) const;          // whether an object has it
  std::vector<Field> items() const;         // of an array
  std::vector<std::pair<std::string, Field>> members() const;  // of an object, in the order of the file
  std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
  std::int64_t count(std::int64_t lowest = 0) const;  // up to 2^53, what every JSON reader takes exactly
  double number() const;                              // finite, or the file could not hold it
  bool boolean() const;
  const std::string& text() const;
  const Json& value() const { return value_; }

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  Field at(const std::string& step, const Json& value) const;

  const Json& value_;
  std::string place_, name_;
};

// Calls visit(field) with the value of each line of a JSON-lines text. Errors: those of parse_json;
// InputError if the last line has no end.
void for_each_line(std::string_view lines, std::string_view where,
                   const std::function<void(const Field&)>& visit);

}  // namespace banel
