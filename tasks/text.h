// Numbers as text for tables: what std::snprintf makes of them.
#pragma once
#include <cstdio>
#include <string>

namespace banel {

// At most 63 characters.
template <class... Parts>
std::string formatted(const char* format, Parts... parts) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, parts...);
  return buffer;
}

}  // namespace banel
