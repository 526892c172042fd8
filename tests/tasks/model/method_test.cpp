#include "tasks/model/method.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/check.h"

namespace banel {
namespace {

bool in_range(const Setting& setting, const Value& value) {
  try {
    setting.check(value);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

TEST_CASE("every setting of a method changes a number of its own") {
  Method all;
  for (const Setting& s : method_settings())
    if (s.key != "screen") all.uses.push_back(s.key);
  const Values before = values_of(all);
  for (const std::string& key : all.uses) {
    CAPTURE(key);
    const Setting& setting = *std::ranges::find(method_settings(), key, &Setting::key);
    const Value other = in_range(setting, Value(3)) ? Value(3) : Value(0.5);
    Values expected = before;
    expected.insert_or_assign(key, other);
    CHECK(values_of(variant("other", all, {{key, other}})) == expected);
  }
}

}  // namespace
}  // namespace banel
