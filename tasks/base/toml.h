// TOML files that people write: a strict reader whose messages name the file, the line and the key.
//
//   const TomlValue study = read_toml("planted.toml");
//   study.allow({"task", "seeds", "variants"});  // another key is refused; the nearest is suggested
//   const std::int64_t seeds = study["seeds"].integer(1, 1000);
//   for (const TomlValue& variant : study["variants"].items())
//     if (variant["f"].number(1, 1000) < 2) variant["f"].refuse("this task needs at least 2");
//
// The last line throws InputError("planted.toml: line 9: variants[0].f: this task needs at least 2").
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tensor/check.h"

namespace banel {

class TomlValue {
 public:
  using Table = std::vector<std::pair<std::string, TomlValue>>;  // in alphabetical order of the keys
  using Array = std::vector<TomlValue>;

  // Every access says which type it needs; InputError if the value has another one or is out of range.
  const Table& entries() const;
  const Array& items() const;
  const std::string& text() const;
  const std::string& name() const;  // a text that is not empty and has no control characters
  bool flag() const;
  std::int64_t integer(std::int64_t lowest, std::int64_t highest) const;
  double number(double least, double most) const;  // integers are accepted, NaN and infinity are not
  double any_number() const;                       // NaN and infinity, too

  // The value of a key of a table. find: null if the key is missing; []: InputError.
  const TomlValue* find(std::string_view key) const;
  const TomlValue& operator[](std::string_view key) const;
  // InputError for the first key of the table that is none of these.
  void allow(const std::vector<std::string>& keys) const;

  bool is_table() const { return std::holds_alternative<Table>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_text() const { return std::holds_alternative<std::string>(data_); }
  bool is_flag() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }

  std::string where() const;  // "planted.toml: line 9: variants[0].f"
  [[noreturn]] void refuse(const std::string& why) const;
  // For what judged the value; if it names the place by this key, the key is not named twice.
  [[noreturn]] void refuse(const UsageError&) const;

 private:
  friend class TomlBuilder;
  struct Place {  // shared by the values below it, so that long keys are stored once
    std::shared_ptr<const Place> parent;
    std::string step;  // a key, "[0]", or at the top the name of the file
    std::size_t line;
    bool is_index = false;
  };

  template <class T>
  const T& as(const char* type) const;

  std::variant<Table, Array, std::string, bool, std::int64_t, double> data_;
  std::shared_ptr<const Place> place_;
};

// The table that a text describes; `where` names the text in messages. Errors: InputError "WHERE: line L:
// ..." for what is not TOML 1.0 in UTF-8, and for what TOML has but no file of ours needs: dates and times,
// strings of several lines, zero bytes, more than 8 levels of values, keys of more than 8 parts, more than
// 100,000 bytes.
TomlValue parse_toml(std::string_view text, std::string_view where);
TomlValue read_toml(const std::filesystem::path&);  // errors: as read_file, too

// A text as a TOML string: say "hi" -> "say \"hi\"". The text must be UTF-8.
std::string toml_string(std::string_view text);

}  // namespace banel
