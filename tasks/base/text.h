// Numbers and lists as text for tables and messages. The text never depends on the locale: after
// setlocale(LC_ALL, "de_DE.UTF-8") a decimal point is still a point.
//
//   formatted("%.1f %%", 12.34)  // "12.3 %"
//   grouped(4250)                // "4,250"
//   listed(names)                // "banel, grpo, tail"
#pragma once
#include <locale.h>  // uselocale is POSIX; NOLINT(modernize-deprecated-headers)

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

namespace banel {

// While it lives, the C functions of this thread use the "C" locale. Other threads keep theirs.
class CLocale {
 public:
  CLocale() : previous_(::uselocale(c_locale())) {}
  ~CLocale() { ::uselocale(previous_); }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  static locale_t c_locale() {
    static const locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  const locale_t previous_;
};

// What std::snprintf writes in the "C" locale, at any length. The format must be valid for the parts.
template <class... Parts>
std::string formatted(const char* format, Parts... parts) {
  const CLocale locale;
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, format, parts...)), '\0');
  std::snprintf(text.data(), text.size() + 1, format, parts...);
  return text;
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

// The text of each item, separated by commas.
template <class Items, class Text = std::identity>
std::string listed(const Items& items, const Text& text = {}) {
  std::string list;
  for (const auto& item : items) list += (list.empty() ? "" : ", ") + text(item);
  return list;
}

// {5, 6} -> "5, 6"
template <class Numbers>
std::string listed_numbers(const Numbers& numbers) {
  return listed(numbers, [](const auto& x) { return std::to_string(x); });
}

}  // namespace banel
