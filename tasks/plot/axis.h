// The axis of a chart: which range it covers, where its ticks are, and where on the canvas a value lies.
//
//   const Axis axis{.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent};
//   const Span span = span_of(axis, {0.0003, 0.2, 0});  // 1e-4 to 1 with zeros; 0.01 %, 0.1 %, ... 100 %
//   const Ruler y{axis.scale, span.lo, span.hi, 400, 50};
//   y(0.01);  // 225: half of the way from 400 up to 50
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
  std::optional<double> lo = {}, hi = {};  // the axis covers at least lo..hi, and always all values
  std::vector<double> at = {};             // puts ticks at exactly these values; empty: at round numbers
  bool reversed = false;                   // a horizontal axis that starts with its largest value
};

struct Tick {
  double value;
  std::string text;  // empty: a short mark without a label
};

// The range lo..hi of an axis. A logarithmic axis has no place for zeros: `zeros` says that there are some,
// and the chart draws them in a strip of their own.
struct Span {
  double lo, hi;
  bool zeros;
  std::vector<Tick> ticks;
};

// The range of an axis and its ticks. A linear axis covers 4 to 8 round steps (1, 1.5, 2, 2.5 or 5 times a
// power of ten), a logarithmic one whole decades; with `axis.at` the range ends 4 % beyond the values. Every
// finite value gets an axis, no value lies outside it, and no two ticks have the same text. Values that
// differ by less than one part in 1e10 count as equal; the axis then reaches half of the value to either
// side. Throws UsageError as check_values does.
Span span_of(const Axis& axis, const std::vector<double>& values);

// A number for readers: "0", "7,500", "0.03", "3.2·10⁻⁹"; Ticks::percent shows 100 times the value and " %".
// With digits > 0 it has that many significant digits, and otherwise up to 10, or 3 before a power of ten.
std::string value_text(double value, Ticks ticks, int digits = 0);

// Where on the canvas a value lies. For a value v in lo..hi the place is from + s (to - from) with
//   s = (v - lo) / (hi - lo)   or, on a logarithmic axis,   s = (log v - log lo) / (log hi - log lo)
// Zeros of a logarithmic axis lie in a strip between `from` and the axis proper. The strip has rows, so that
// series with zeros do not cover one another.
struct Ruler {
  Scale scale;
  double lo, hi, from, to;
  double zeros = 0, row_size = 0;  // length of the strip and of one of its rows; 0: there is no strip

  double direction() const { return to > from ? 1 : -1; }
  double gap() const { return zeros > 0 ? 12 : 0; }  // between the strip and the smallest positive value
  bool lies_in_strip(double value) const { return scale == Scale::log && value == 0; }

  double operator()(double value, std::size_t row = 0) const;  // only zeros use the row
};

// Throws UsageError if a value is not finite, or if it is negative on a logarithmic axis. The message names
// the owner and the part: with owner `series "BaNEL"` and part `mean` it reads
// "chart: series "BaNEL": mean[1] is -1, but the axis is logarithmic".
void check_values(const std::string& owner, const char* part, const Axis& axis,
                  const std::vector<double>& values);

}  // namespace banel
