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
  std::array<char, 400> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format, precision);
  return {text.data(), end.ptr};
}

std::string superscript(int exponent) {
  static constexpr std::array<const char*, 10> raised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out;
  for (char c : std::to_string(exponent)) out += c == '-' ? "⁻" : raised[static_cast<std::size_t>(c - '0')];
  return out;
}

// The exponent of a positive value: 3 for 1000 and for 9999. The small constant makes up for a rounded log10.
int decade(double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); }

// "1.50" -> "1.5", "2.00" -> "2"
void drop_zeros(std::string& text) {
  if (text.find('.') == text.npos) return;
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
}

// 3.2·10⁻⁹ for value · 10^shift, value > 0; a mantissa of one is left out.
std::string power_text(double value, int digits, int shift) {
  std::string mantissa = digits_of(value, std::chars_format::scientific, digits - 1);
  const std::size_t e = mantissa.find('e');
  const int exponent = std::stoi(mantissa.substr(e + 1)) + shift;
  mantissa.resize(e);
  drop_zeros(mantissa);
  return (mantissa == "1" ? "" : mantissa + "·") + "10" + superscript(exponent);
}

// 7,500 or 0.03 for value > 0; zeros at the end may be significant digits.
std::string plain_text(double value, int digits, bool keep_zeros) {
  std::string text = digits_of(value, std::chars_format::fixed, std::max(0, digits - 1 - decade(value)));
  if (!keep_zeros) drop_zeros(text);
  for (std::size_t i = std::min(text.find('.'), text.size()); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

struct Precision {
  int plain = 10, power = 3;  // significant digits of 7,500 and of 3.2·10⁻⁹
  bool keep_zeros = false;
};

std::string text_of(double value, Ticks ticks, const Precision& precision) {
  const bool percent = ticks == Ticks::percent;
  const double size = std::abs(percent ? 100 * value : value);
  if (size == 0) return percent ? "0 %" : "0";
  const bool power = ticks == Ticks::power || size < 0.99e-5 || size >= 1e7;
  const std::string text = power ? power_text(std::abs(value), precision.power, percent ? 2 : 0)
                                 : plain_text(size, precision.plain, precision.keep_zeros);
  return (value < 0 ? "−" : "") + text + (percent ? " %" : "");
}

// ---- ticks ----

constexpr int all_digits = 17;  // tell any two doubles apart

// Labels the chosen ticks, given in increasing order, with as many digits as tell each from its neighbours.
void label_ticks(std::vector<Tick>& ticks, const std::vector<std::size_t>& chosen, Ticks format) {
  const auto value = [&](std::size_t i) { return ticks[chosen[i]].value; };
  std::string last;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    double gap = std::numeric_limits<double>::infinity();
    if (i > 0) gap = value(i) - value(i - 1);
    if (i + 1 < chosen.size()) gap = std::min(gap, value(i + 1) - value(i));
    const double size = std::abs(value(i));
    const bool comparable = size > 0 && std::isfinite(gap);
    const int digits = comparable ? std::min(decade(size) - decade(gap) + 2, all_digits) : 1;
    std::string text = text_of(value(i), format, {std::max(digits, 10), std::max(digits, 3), false});
    if (text == last) continue;  // 100 times two neighbouring numbers may be one number: the mark stays bare
    ticks[chosen[i]].text = last = std::move(text);
  }
}

// ---- the span of an axis ----

constexpr int most_steps = 8;
constexpr double largest = std::numeric_limits<double>::max();

// The round step of which 4 to 8 cover lo..hi with the least overhang; rounder mantissas win near ties.
double round_step(double lo, double hi) {
  struct Choice {
    double mantissa, penalty;
  };
  double best = 0, least = std::numeric_limits<double>::infinity();
  for (int power : {-2, -1, 0, 1})
    for (const Choice& choice : {Choice{1, 0}, {2, 0.01}, {5, 0.01}, {2.5, 0.02}, {1.5, 0.04}}) {
      const double step = choice.mantissa * std::pow(10, decade(hi - lo) + power);
      const double steps = std::ceil(hi / step - 1e-9) - std::floor(lo / step + 1e-9);
      if (steps < 4 || steps > most_steps) continue;
      const double cost = steps * step / (hi - lo) - 1 + choice.penalty;
      if (cost < least) {
        least = cost;
        best = step;
      }
    }
  return best;
}

// A range without length, or too short for its ticks to differ, becomes one around it.
void widen(double& lo, double& hi) {
  constexpr double tiny = 1e-300;  // steps below this would leave the normal numbers
  const double size = std::max(std::abs(lo), std::abs(hi));
  if (hi - lo > std::max(1e-10 * size, tiny)) return;
  const double half = size == 0 ? 1 : std::max(size / 2, tiny);
  lo = std::max(lo - half, -largest);
  hi = std::min(hi + half, largest);
}

Span linear_span(double lo, double hi, Ticks format) {
  widen(lo, hi);
  // Near the largest number the length hi - lo would overflow, so steps are counted in a large unit there.
  const double unit = std::max(std::abs(lo), std::abs(hi)) > 1e300 ? 1e10 : 1;
  const double step = round_step(lo / unit, hi / unit);
  const double first = std::floor(lo / unit / step + 1e-9), last = std::ceil(hi / unit / step - 1e-9);
  Span span{lo, hi, false, {}};
  std::vector<std::size_t> all;
  for (double k = first; k <= last; ++k) {
    const double value = k * step * unit;
    if (!std::isfinite(value)) continue;
    all.push_back(span.ticks.size());
    span.ticks.push_back({value, ""});
  }
  span.lo = std::min(lo, span.ticks.front().value);
  span.hi = std::max(hi, span.ticks.back().value);
  label_ticks(span.ticks, all, format);
  return span;
}

// Every decade has a tick; up to 8 decades have all labels and short marks between them. A single decade has
// labels at 2 and 5, too. Decades end where doubles lose precision, and the span then ends at the data.
Span log_span(double lo, double hi, bool zeros, Ticks format) {
  const int first = std::clamp(decade(lo), -307, 307);
  const int last = std::clamp(static_cast<int>(std::ceil(std::log10(hi) - 1e-9)), first + 1, 308);
  Span span{std::min(lo, std::pow(10, first)), std::max(hi, std::pow(10, last)), zeros, {}};
  const int decades = last - first, every = 1 + (decades - 1) / most_steps;
  std::vector<std::size_t> labelled;
  for (int d = first; d <= last; ++d) {
    const double base = std::pow(10, d);
    if ((d - first) % every == 0) labelled.push_back(span.ticks.size());
    span.ticks.push_back({base, ""});
    for (int k = 2; k <= 9 && d < last && decades <= most_steps; ++k) {
      if (decades == 1 && (k == 2 || k == 5)) labelled.push_back(span.ticks.size());
      span.ticks.push_back({k * base, ""});
    }
  }
  label_ticks(span.ticks, labelled, format);
  return span;
}

// The axis with ticks chosen by its owner.
Span chosen_span(const Axis& axis, const std::vector<double>& values, bool zeros) {
  auto [lo, hi] = std::ranges::minmax(values);
  constexpr double room = 0.04;
  Span span{lo, hi, zeros, {}};
  if (axis.scale == Scale::log) {
    const double stretch = lo < hi ? std::exp(room * (std::log(hi) - std::log(lo))) : 2;
    span.lo = std::max(lo / stretch, std::numeric_limits<double>::denorm_min());
    span.hi = std::min(hi * stretch, largest);
  } else {
    widen(lo, hi);
    span.lo = std::max(lo - room * (hi - lo), -largest);
    span.hi = std::min(hi + room * (hi - lo), largest);
  }
  std::vector<double> at = axis.at;
  if (axis.scale == Scale::log) std::erase(at, 0.0);  // the strip of zeros has a label of its own
  std::ranges::sort(at);
  at.erase(std::unique(at.begin(), at.end()), at.end());
  std::vector<std::size_t> all;
  for (double value : at) {
    all.push_back(span.ticks.size());
    span.ticks.push_back({value, ""});
  }
  label_ticks(span.ticks, all, axis.ticks);
  return span;
}

}  // namespace

std::string value_text(double value, Ticks ticks, int digits) {
  return text_of(value, ticks, digits > 0 ? Precision{digits, digits, true} : Precision{});
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
  const auto [lo, hi] = std::ranges::minmax(all);
  return axis.scale == Scale::log ? log_span(lo, hi, zeros, axis.ticks) : linear_span(lo, hi, axis.ticks);
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
  const double share = scale == Scale::log
                           ? (std::log(value) - std::log(lo)) / (std::log(hi) - std::log(lo))
                           : (value / 2 - lo / 2) / (hi / 2 - lo / 2);  // halves, since hi - lo may overflow
  return start + share * (to - start);
}

}  // namespace banel
