// Values that study files are made of.
//   numbers(file["seeds"], 100)               // 3 -> {1, 2, 3};  [4, 7] -> {4, 7}
//   checked(file["task"], [&] { return registry.task(name); });          // its UsageError names the line
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "tasks/base/toml.h"
#include "tasks/study/study.h"
#include "tensor/check.h"

namespace banel {

constexpr double most_double = std::numeric_limits<double>::max();

// What check() returns. Errors: InputError at this place of the file for its UsageError.
template <class Check>
auto checked(const TomlValue& place, const Check& check) {
  try {
    return check();
  } catch (const UsageError& error) {
    place.refuse(error);
  }
}

Value setting_value(const TomlValue&);  // a number or a text; true and false as 1 and 0
Range range_of(const TomlValue&);       // {low, high, log} or a list of choices

// A list of different numbers in 1..highest, or n for 1..n.
std::vector<std::uint64_t> numbers(const TomlValue&, std::int64_t highest);

}  // namespace banel
