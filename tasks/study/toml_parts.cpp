#include "tasks/study/toml_parts.h"

#include <algorithm>

namespace banel {

Value setting_value(const TomlValue& toml) {
  if (toml.is_text()) return toml.name();
  if (toml.is_flag()) return toml.flag() ? 1 : 0;
  if (toml.is_number()) return toml.any_number();  // who checks the setting names its own range
  toml.refuse("must be a number, a text, true or false");
}

// A number n stands for 1..n.
std::vector<std::uint64_t> numbers(const TomlValue& toml, std::int64_t highest) {
  std::vector<std::uint64_t> result;
  if (!toml.is_array())
    for (std::int64_t i = 1; i <= toml.integer(1, 1000); ++i) result.push_back(static_cast<std::uint64_t>(i));
  else
    for (const TomlValue& item : toml.items()) {
      const auto number = static_cast<std::uint64_t>(item.integer(0, highest));
      if (std::find(result.begin(), result.end(), number) != result.end()) item.refuse("is given twice");
      result.push_back(number);
    }
  if (result.empty()) toml.refuse("is empty");
  return result;
}

Range range_of(const TomlValue& toml) {
  Range range;
  if (toml.is_array()) {
    for (const TomlValue& choice : toml.items()) range.choices.push_back(setting_value(choice));
    if (range.choices.empty()) toml.refuse("is empty");
    return range;
  }
  toml.allow({"low", "high", "log"});
  range.low = toml["low"].number(-most_double, most_double);
  range.high = toml["high"].number(range.low, most_double);
  if (const TomlValue* log = toml.find("log")) range.log = log->flag();
  if (range.log && range.low <= 0) toml["low"].refuse("must be above 0 if log is true");
  return range;
}

}  // namespace banel
