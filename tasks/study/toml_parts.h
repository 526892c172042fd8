// Values that study files are made of.
//   numbers(file["seeds"], 100)               // 3 -> {1, 2, 3};  [4, 7] -> {4, 7}
//   checked(file["task"], [&] { return registry.task(name); });          // its UsageError names the line
#pragma once
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "nn/io/json.h"
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

// Panels or variants, whose folders have their names: no two share one. Errors: UsageError naming the kind.
template <class Parts>
void check_folders(const char* kind, const Parts& parts) {
  std::set<std::string> folders;
  for (const auto& part : parts) {
    const std::string folder = path_name(part.name);
    ENSURE(parts.size() == 1 || !folder.empty(), kind,
           in_quotes(part.name) << " has no letter or digit that its folder could be named by");
    ENSURE(folder.size() <= 100, kind,
           in_quotes(part.name) << " has " << folder.size() << " letters; at most 100 can name its folder");
    ENSURE(folders.insert(folder).second, kind,
           in_quotes(part.name) << " has the name, or the folder, of another one; give it a name of its own");
  }
}

}  // namespace banel
