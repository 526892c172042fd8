// JSON values in tests: read from a text that must be right, and changed deep within.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "nn/io/json.h"

namespace banel {

inline Json json_of(std::string_view text) { return parse_json(text, "the text of a test"); }

// The value that a path such as "/search/grown/0" leads to; it is made if only its last step is missing.
inline Json& at_path(Json& json, std::string_view path) {
  if (path.empty()) return json;
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string step(path.substr(1, end - 1));
  return at_path(json.is_array() ? json[std::stoul(step)] : json[step], path.substr(end));
}

}  // namespace banel
