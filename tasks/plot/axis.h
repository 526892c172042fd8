// The axis of a chart: its span, its ticks, numbers as text, and the way from values to places.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace banel {

enum class Scale { linear, log };
enum class Ticks { number, percent, power };  // 0.01, 1 %, 10⁻²

struct Axis {
  std::string label = {};
  Scale scale = Scale::linear;
  Ticks ticks = Ticks::number;
  std::optional<double> lo = {}, hi = {};  // the axis reaches at least this far; unset: as far as the data
  std::vector<double> at =
      {};  // ticks here and nowhere else, with some room at the ends; empty: round numbers
};

struct Tick {
  double value;
  std::string text;  // empty: a small mark without label
};

// The span of an axis: whole decades or whole steps around the values, and its ticks. Zeros on a log axis are
// left out and reported.
struct Span {
  double lo, hi;
  bool zeros;
  std::vector<Tick> ticks;
};
Span span_of(const Axis& axis, const std::vector<double>& values);

// A value for people: "0", "7,500", "0.03", "3.2·10⁻⁹", with " %" of 100 times the value for Ticks::percent.
// `digits` > 0 keeps that many significant digits.
std::string value_text(double value, Ticks ticks, int digits = 0);

// One axis on the canvas: `from` is the end at the corner. Zeros of a log axis lie next to it in a strip of
// rows, one for each series that has zeros.
struct Ruler {
  Scale scale;
  double lo, hi, from, to;
  double zeros = 0, row_size = 0;  // length of the strip, and of one of its rows

  double direction() const { return to > from ? 1 : -1; }
  double gap() const { return zeros > 0 ? 12 : 0; }  // between the strip and the first decade
  bool lies_in_strip(double value) const { return scale == Scale::log && value == 0; }

  double operator()(double value, std::size_t row = 0) const;  // `row`: of the strip, for a zero
};

// UsageError for a value that is not finite, or negative on a logarithmic axis; `owner` is for example:
// series "BaNEL".
void check_values(const std::string& owner, const char* part, const Axis& axis,
                  const std::vector<double>& values);

}  // namespace banel
