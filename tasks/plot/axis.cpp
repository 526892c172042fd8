#include "tasks/plot/axis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "tensor/check.h"

namespace banel {

namespace {

// ---- numbers as text ----

std::string digits_of(double value, std::chars_format format, int precision) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  return {text.data(), end.ptr};
}

std::string superscript(int exponent) {
  static constexpr std::array<const char*, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out;
  for (char c : std::to_string(exponent)) out += c == '-' ? "⁻" : raised[static_cast<std::size_t>(c - '0')];
  return out;
}

int decade(double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); }

// 3.2·10⁻⁹ for a positive value; a mantissa of one is left out.
std::string power_text(double value, int digits) {
  const int exponent = decade(value);
  const std::string mantissa =
      digits_of(value / std::pow(10, exponent), std::chars_format::general, digits > 0 ? digits : 3);
  return (mantissa == "1" ? "" : mantissa + "·") + "10" + superscript(exponent);
}

// 7,500 or 0.03 for a positive value.
std::string plain_text(double value, int digits) {
  std::string text = digits > 0
                         ? digits_of(value, std::chars_format::fixed, std::max(0, digits - 1 - decade(value)))
                         : digits_of(value, std::chars_format::general, 10);
  for (std::size_t i = std::min(text.find('.'), text.size()); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

// ---- the span of an axis ----

constexpr int most_steps = 8;

// The whole number of round steps, 4 to 8 of them, that fits the range most tightly.
double round_step(double lo, double hi) {
  struct Choice {
    double mantissa, dislike;
  };
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (int power : {-2, -1, 0, 1})
    for (const Choice& choice : {Choice{1, 0}, {2, 0.01}, {5, 0.01}, {2.5, 0.02}, {1.5, 0.04}}) {
      const double step = choice.mantissa * std::pow(10, decade(hi - lo) + power);
      const double steps = std::ceil(hi / step - 1e-9) - std::floor(lo / step + 1e-9);
      if (steps < 4 || steps > most_steps) continue;
      const double cost = steps * step / (hi - lo) - 1 + choice.dislike;
      if (cost < least) {
        least = cost;
        best = step;
      }
    }
  return best;
}

Span linear_span(double lo, double hi, Ticks ticks) {
  if (hi - lo <= 1e-12 * std::max(std::abs(lo), std::abs(hi))) {
    const double half = lo == 0 ? 1 : std::abs(lo) / 2;
    lo -= half;
    hi += half;
  }
  const double step = round_step(lo, hi), first = std::floor(lo / step + 1e-9),
               last = std::ceil(hi / step - 1e-9);
  Span span{first * step, last * step, false, {}};
  for (double k = first; k <= last; ++k) span.ticks.push_back({k * step, value_text(k * step, ticks)});
  return span;
}

Span log_span(double lo, double hi, bool zeros, Ticks ticks) {
  int first = decade(lo), last = static_cast<int>(std::ceil(std::log10(hi) - 1e-9));
  if (first == last) ++last;
  Span span{std::pow(10, first), std::pow(10, last), zeros, {}};
  const int decades = last - first, every = 1 + (decades - 1) / most_steps;
  for (int d = first; d <= last; ++d) {
    const double base = std::pow(10, d);
    span.ticks.push_back({base, (d - first) % every == 0 ? value_text(base, ticks) : ""});
    for (int k = 2; k <= 9 && d < last && decades <= most_steps; ++k) {
      const bool label = decades == 1 && (k == 2 || k == 5);
      span.ticks.push_back({k * base, label ? value_text(k * base, ticks) : ""});
    }
  }
  return span;
}

Span chosen_span(const Axis& axis, const std::vector<double>& values, bool zeros) {
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  constexpr double room = 0.04;
  Span span{*lo - room * (*hi - *lo), *hi + room * (*hi - *lo), zeros, {}};
  if (axis.scale == Scale::log) {
    const double stretch = std::pow(*hi / *lo, room);
    span.lo = *lo / stretch;
    span.hi = *hi * stretch;
  }
  for (double value : axis.at) span.ticks.push_back({value, value_text(value, axis.ticks)});
  return span;
}

}  // namespace

std::string value_text(double value, Ticks ticks, int digits) {
  const std::string unit = ticks == Ticks::percent ? " %" : "";
  const double shown = ticks == Ticks::percent ? 100 * value : value, size = std::abs(shown);
  if (size == 0) return "0" + unit;
  const bool power = ticks == Ticks::power || size < 0.99e-5 || size >= 1e7;
  return (shown < 0 ? "−" : "") + (power ? power_text(size, digits) : plain_text(size, digits)) + unit;
}

Span span_of(const Axis& axis, const std::vector<double>& values) {
  std::vector<double> all = values;
  for (const auto& bound : {axis.lo, axis.hi})
    if (bound) all.push_back(*bound);
  all.insert(all.end(), axis.at.begin(), axis.at.end());
  check_values("axis \"" + axis.label + "\"", "value", axis, all);
  if (axis.scale == Scale::log) std::erase(all, 0.0);
  const bool zeros = axis.scale == Scale::log && std::find(values.begin(), values.end(), 0.0) != values.end();
  if (all.empty()) all = {0.1, 1};
  if (!axis.at.empty()) return chosen_span(axis, all, zeros);
  const auto [lo, hi] = std::minmax_element(all.begin(), all.end());
  return axis.scale == Scale::log ? log_span(*lo, *hi, zeros, axis.ticks) : linear_span(*lo, *hi, axis.ticks);
}

void check_values(const std::string& owner, const char* part, const Axis& axis,
                  const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    ENSURE(std::isfinite(values[i]), "chart", owner << ": " << part << "[" << i << "] is " << values[i]);
    ENSURE(axis.scale == Scale::linear || values[i] >= 0, "chart",
           owner << ": " << part << "[" << i << "] is " << values[i] << ", but the axis is logarithmic");
  }
}

double Ruler::operator()(double value, std::size_t row) const {
  if (lies_in_strip(value)) return from + direction() * row_size * (static_cast<double>(row) + 0.5);
  const double start = from + direction() * (zeros + gap());
  const double share =
      scale == Scale::log ? std::log(value / lo) / std::log(hi / lo) : (value - lo) / (hi - lo);
  return start + share * (to - start);
}

}  // namespace banel
