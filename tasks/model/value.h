// Settings of tasks and methods: what they are called, what they may be, and how text becomes a value.
//   const Setting depth("depth", 1, 20, 6, "longest program", "operations");
//   depth.parse("7").number() == 7;      depth.parse("21") throws UsageError "depth = 21 is outside 1..20"
#pragma once
#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nn/io/json.h"

namespace banel {

class Value {
 public:
  // NOLINTBEGIN(google-explicit-constructor): values are written as {{"m", 50}, {"to", "tail"}}
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number> Value(Number number)
      : value_(static_cast<double>(number)) {}
  Value(std::string text) : value_(std::move(text)) {}
  Value(const char* text) : value_(std::string(text)) {}
  // NOLINTEND(google-explicit-constructor)

  double number() const;            // errors: UsageError if it is a text
  const std::string& text() const;  // errors: UsageError if it is a number
  bool is_number() const { return std::holds_alternative<double>(value_); }
  std::string shown() const;  // for people: 0.001, 7500, tail
  bool operator==(const Value&) const = default;

 private:
  std::variant<double, std::string> value_;
};
using Values = std::map<std::string, Value>;  // by key
Json to_json(const Value&);
Value value_from(const Field&);  // a number, a text, or true and false as 1 and 0; InputError otherwise

// One setting: a number in lowest..highest, whole if all three numbers are integers, or one of some words.
struct Setting {
  template <class Lowest, class Highest, class Default>
  requires std::is_arithmetic_v<Default> Setting(std::string key_, Lowest lowest_, Highest highest_,
                                                 Default value_, std::string sentence_ = {},
                                                 std::string unit_ = {})
      : key(std::move(key_)),
        value(value_),
        sentence(std::move(sentence_)),
        unit(std::move(unit_)),
        lowest(static_cast<double>(lowest_)),
        highest(static_cast<double>(highest_)),
        whole(std::integral<Lowest> && std::integral<Highest> && std::integral<Default>) {}
  Setting(std::string key_, std::vector<std::string> choices_, std::string value_, std::string sentence_ = {})
      : key(std::move(key_)),
        value(std::move(value_)),
        sentence(std::move(sentence_)),
        choices(std::move(choices_)) {}

  std::string range() const;  // "1..20" or "tail, bulk"
  // Errors: UsageError "KEY = VALUE is outside 1..20" (or "is not a number", "is none of tail, bulk").
  Value parse(std::string_view text) const;
  void check(const Value&) const;

  std::string key;
  Value value;  // the default
  std::string sentence, unit;
  double lowest = 0, highest = 0;
  bool whole = false;
  std::vector<std::string> choices = {};  // empty: a number
};

// The values of all settings: those given, defaults for the others. Errors: UsageError naming a key that is
// no setting (with the nearest one that is), or a value that is out of range; `of` says whose settings.
Values completed(const std::vector<Setting>&, const Values& given, std::string_view of);

// "KEY=VALUE" -> {KEY, VALUE}. Errors: UsageError if there is no '=' or the key is empty.
std::pair<std::string, std::string> key_and_value(std::string_view text);

}  // namespace banel
