#include "tasks/model/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

double Value::number() const {
  ENSURE(is_number(), "setting", in_quotes(std::get<std::string>(value_)) << " is not a number");
  return std::get<double>(value_);
}

const std::string& Value::text() const {
  ENSURE(!is_number(), "setting", shown() << " is a number; a word is expected");
  return std::get<std::string>(value_);
}

std::string Value::shown() const {
  return is_number() ? shortest(std::get<double>(value_)) : std::get<std::string>(value_);
}

Json to_json(const Value& value) {
  if (!value.is_number()) return value.text();
  const double x = value.number();
  constexpr double exact = 9007199254740992.0;  // 2^53: whole numbers up to here are written as such
  return x == std::floor(x) && std::abs(x) <= exact ? Json(static_cast<std::int64_t>(x)) : Json(x);
}

Value value_from(const Field& field) {
  const Json& json = field.value();
  if (json.is_text()) return field.text();
  if (json.is_boolean()) return json.boolean() ? 1 : 0;
  return field.number();
}

std::string Setting::range() const {
  if (value.is_number()) return shortest(lowest) + ".." + shortest(highest);
  return choices.empty() ? "a word" : "one of " + listed(choices);
}

void Setting::check(const Value& given) const {
  if (!value.is_number()) {
    const bool known =
        choices.empty() || std::find(choices.begin(), choices.end(), given.shown()) != choices.end();
    ENSURE(!given.is_number() && known, key, in_quotes(given.shown()) << " is not " << range());
    return;
  }
  ENSURE(given.is_number(), key, in_quotes(given.shown()) << " is not a number; expected " << range());
  const double x = given.number();
  ENSURE(x >= lowest && x <= highest, key, given.shown() << " is outside " << range());
  ENSURE(!whole || x == std::floor(x), key, given.shown() << " is not a whole number in " << range());
}

Value Setting::parse(std::string_view text) const {
  if (!value.is_number()) {
    check(Value(std::string(text)));
    return std::string(text);
  }
  double x = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  const bool out_of_range = error == std::errc::result_out_of_range;  // of a double
  const bool number = (error == std::errc() || out_of_range) && end == text.data() + text.size();
  ENSURE(number && !std::isnan(x), key, in_quotes(text) << " is not a number; expected " << range());
  ENSURE(!out_of_range, key, text << " is outside " << range());
  check(x);
  return x;
}

Values completed(const std::vector<Setting>& settings, const Values& given, std::string_view of) {
  Values values;
  std::vector<std::string> keys;
  for (const Setting& s : settings) {
    keys.push_back(s.key);
    values.emplace(s.key, s.value);
  }
  for (const auto& [key, value] : given) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    const std::string meant = did_you_mean(key, keys);
    ENSURE(found != keys.end(), of,
           in_quotes(key) << " is no setting of it"
                          << (keys.empty()    ? "; it has none"
                              : meant.empty() ? "; it has " + listed(keys)
                                              : meant));
    settings[static_cast<std::size_t>(found - keys.begin())].check(value);
    values.insert_or_assign(key, value);
  }
  return values;
}

std::pair<std::string, std::string> key_and_value(std::string_view text) {
  const std::size_t equals = text.find('=');
  ENSURE(equals != text.npos && equals > 0, "setting", in_quotes(text) << " is not of the form KEY=VALUE");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace banel
