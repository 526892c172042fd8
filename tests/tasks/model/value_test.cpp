#include "tasks/model/value.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/check.h"

namespace banel {
namespace {

const Setting depth("depth", 1, 20, 6, "longest program", "operations");
const Setting rate("rate", 1e-8, 1.0, 1e-3);
const Setting set("set", {"tail", "bulk"}, "tail");

std::string refusal(const Setting& setting, std::string_view text) {
  try {
    setting.parse(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("the text of a value in range becomes that value") {
  CHECK(depth.parse("7").number() == 7);
  CHECK(depth.parse("1").number() == 1);
  CHECK(depth.parse("20").number() == 20);
  CHECK(depth.parse("2e1").number() == 20);
  CHECK(rate.parse("1e-3").number() == 1e-3);
  CHECK(rate.parse("1").number() == 1);
  CHECK(set.parse("bulk").text() == "bulk");
  CHECK(depth.value.number() == 6);
  CHECK(depth.whole);
  CHECK_FALSE(rate.whole);
}

TEST_CASE("what is out of range or no number or not whole or no choice is refused with what is expected") {
  CHECK(refusal(depth, "21") == "depth: 21 is outside 1..20");
  CHECK(refusal(depth, "0") == "depth: 0 is outside 1..20");
  CHECK(refusal(depth, "2.5").starts_with("depth: 2.5 is not a whole number"));
  for (const char* text :
       {"", " 7", "7 ", "+7", "0x7", "seven", "nan", "inf", "-inf", "1e999", "7,5", "7\n"}) {
    CAPTURE(text);
    const std::string message = refusal(depth, text);
    CHECK(message.starts_with("depth: "));
    CHECK(message.find("1..20") != message.npos);
    CHECK(message.find('\n') == message.npos);
  }
  CHECK(refusal(rate, "1e308") == "rate: 1e+308 is outside 1e-08..1");
  for (const char* text : {"1e999", "-1e999", "1e-400", "inf"})
    CHECK(refusal(rate, text) == "rate: " + std::string(text) + " is outside 1e-08..1");
  CHECK(refusal(set, "head") == "set: \"head\" is not one of tail, bulk");
  CHECK(refusal(set, "") == "set: \"\" is not one of tail, bulk");
}

TEST_CASE("a value that was never text is checked as well") {
  CHECK_NOTHROW(depth.check(7));
  for (const Value& value :
       {Value(0), Value(2.5), Value("7"), Value(std::numeric_limits<double>::quiet_NaN()),
        Value(std::numeric_limits<double>::infinity()), Value(1e300)})
    CHECK_THROWS_AS(depth.check(value), UsageError);
  CHECK_THROWS_AS(rate.check(std::numeric_limits<double>::quiet_NaN()), UsageError);
  CHECK_THROWS_AS(set.check(1), UsageError);
  CHECK_THROWS_AS(Value("tail").number(), UsageError);
  CHECK_THROWS_AS(Value(1).text(), UsageError);
}

TEST_CASE("values are shown as people write them") {
  CHECK(Value(0.001).shown() == "0.001");
  CHECK(Value(7500).shown() == "7500");
  CHECK(Value("tail").shown() == "tail");
  CHECK(depth.range() == "1..20");
  CHECK(set.range() == "one of tail, bulk");
}

TEST_CASE("values survive JSON and whole numbers stay whole there") {
  const Values values{{"a", 7500}, {"b", 0.1}, {"c", "tail"}, {"d", -3}, {"e", 1e300}};
  for (const auto& [key, value] : values) {
    const Json json = to_json(value);
    CHECK(value_from(Field(json, "memory")) == value);
  }
  CHECK(to_json(Value(7500)).dump() == "7500");
  CHECK(to_json(Value(0.1)).dump() == "0.1");
  const Json yes = true, none = nullptr;
  CHECK(value_from(Field(yes, "memory")).number() == 1);
  CHECK_THROWS_AS(value_from(Field(none, "memory")), InputError);
}

TEST_CASE("settings are completed by their defaults and foreign keys are refused with the nearest one") {
  const Values values = completed({depth, rate, set}, {{"depth", 9}}, "mine");
  CHECK(values.size() == 3);
  CHECK(values.at("depth").number() == 9);
  CHECK(values.at("rate").number() == 1e-3);
  CHECK(values.at("set").text() == "tail");
  CHECK_THROWS_WITH_AS(completed({depth, rate}, {{"dept", 9}}, "mine"),
                       doctest::Contains("mine: \"dept\" is no setting of it; did you mean depth?"),
                       UsageError);
  CHECK_THROWS_WITH_AS(completed({depth, rate}, {{"colour", 9}}, "mine"),
                       doctest::Contains("it has depth, rate"), UsageError);
  CHECK_THROWS_AS(completed({depth}, {{"depth", 21}}, "mine"), UsageError);
  CHECK_THROWS_AS(completed({}, {{"depth", 2}}, "mine"), UsageError);
}

TEST_CASE("a key and its value are what stands around the first equals sign") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(key_and_value("f=8") == Pair{"f", "8"});
  CHECK(key_and_value("a=b=c") == Pair{"a", "b=c"});
  CHECK(key_and_value("a=") == Pair{"a", ""});
  for (const char* text : {"", "f", "=8", "="}) CHECK_THROWS_AS(key_and_value(text), UsageError);
}

}  // namespace
}  // namespace banel
