// Numbers as text for tables and people.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

namespace banel {

// What std::snprintf makes of them; at most 63 characters.
template <class... Parts>
std::string formatted(const char* format, Parts... parts) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, parts...);
  return buffer;
}

// 0.98765, 2 -> "0.99"
inline std::string fixed(double number, int digits) { return formatted("%.*f", digits, number); }

// 4250 -> "4,250"
inline std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t digits_begin = number < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > digits_begin + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

}  // namespace banel
