// TOML files written by people: a strict reader whose messages name the file, the line and the key.
//
//   const TomlValue study = read_toml("planted.toml");
//   study.allow({"task", "seeds", "variants"});             // another key is refused, with the nearest of these
//   const std::int64_t seeds = study["seeds"].integer(1, 1000);
//   for (const TomlValue& variant : study["variants"].items())
//     if (variant["f"].number(1, 1000) < 2) variant["f"].refuse("needs at least 2 with this task");
//
// The last line throws InputError("planted.toml: line 9: variants[0].f: needs at least 2 with this task").
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace banel {

class TomlValue {
 public:
  using Table = std::vector<std::pair<std::string, TomlValue>>;  // in alphabetical order of the keys
  using Array = std::vector<TomlValue>;

  // Every access states the type it needs; InputError if the value has another one or is out of range.
  const Table& entries() const;
  const Array& items() const;
  const std::string& text() const;
  bool flag() const;
  std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
  double number(double least, double most) const;  // an integer is one; NaN and infinity are not

  // Of a table: the value of a key, or null; with [], InputError if it is missing.
  const TomlValue* find(std::string_view key) const;
  const TomlValue& operator[](std::string_view key) const;
  // Of a table: InputError for the first key that is none of these.
  void allow(const std::vector<std::string>& keys) const;

  bool is_table() const { return std::holds_alternative<Table>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_text() const { return std::holds_alternative<std::string>(data_); }
  bool is_flag() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }

  std::string where() const;  // "planted.toml: line 9: variants[0].f"
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  friend class TomlBuilder;
  std::variant<Table, Array, std::string, bool, std::int64_t, double> data_;
  std::string file_, name_;
  std::size_t line_ = 1;
};

// The table of a text. `where` names it in messages. Errors: InputError "WHERE: line L: ..." for what is not TOML 1.0 in
// UTF-8, a key twice, a date or time, more than 8 levels, more than 100,000 bytes.
TomlValue parse_toml(std::string_view text, std::string_view where);
TomlValue read_toml(const std::filesystem::path&);  // IoError if it cannot be read

// The text as a TOML string: a "b" -> "a \"b\"". It must be UTF-8.
std::string toml_string(std::string_view text);
// A key as it stands before "=": quoted only if it must be.
std::string toml_key(std::string_view text);

}  // namespace banel
