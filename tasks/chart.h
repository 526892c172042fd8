// Charts for slides and papers, made of the shapes of canvas.h: lines over an axis, bars with intervals.
// A value is never dropped or clipped: axes grow to hold the data, a zero on a log axis gets a strip of its
// own (tick "0", a small arrow per value), and NaN, infinity or a negative value on a log axis is a
// UsageError that names the series.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tasks/canvas.h"

namespace banel {

// Colour-blind safe colours (Okabe and Ito) in a fixed order, repeating after the seventh.
Colour series_colour(std::size_t index);

struct Captions {
  std::string title = {}, subtitle = {};
  std::string footer = {};  // provenance: seeds, intervals, run; small and grey
};

enum class Scale { linear, log };
enum class Ticks { number, percent, power };  // 0.01, 1 %, 10⁻²

struct Axis {
  std::string label = {};
  Scale scale = Scale::linear;
  Ticks ticks = Ticks::number;
  std::optional<double> lo = {}, hi = {};  // the axis reaches at least this far; unset: as far as the data
};

// A dashed line across the chart, e.g. the success rate before the attack.
struct Reference {
  double value = 0;
  std::string label = {};
};

// One method: curves over common x. Every part may be left empty; seeds may be shorter than x, the others
// not.
struct Series {
  std::string label = {};                       // written at the end of the line
  std::vector<double> x = {};                   // strictly increasing, at least one
  std::vector<double> mean = {};                // the strong line
  std::vector<std::vector<double>> seeds = {};  // faint lines
  std::vector<double> lo = {}, hi = {};         // a band between the two
  std::optional<Colour> colour = {};            // unset: series_colour of its position
};

struct LineChart {
  Captions captions = {};
  Axis x = {}, y = {};
  std::vector<Series> series = {};
  std::optional<Reference> reference = {};  // at this y
  double width = 800, height = 500;
};

// One row of a table: an estimate and its interval, lo <= value <= hi.
struct Bar {
  std::string label = {};
  double value = 0, lo = 0, hi = 0;
  std::optional<Colour> colour = {};
};

struct BarChart {
  Captions captions = {};
  Axis x = {};
  std::vector<Bar> bars = {};               // from top to bottom
  std::optional<Reference> reference = {};  // at this x
  double width = 800, height = 500;
};

DrawList draw(const LineChart& chart);
DrawList draw(const BarChart& chart);

// The parts below are public for the tests.

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

// Moves positions apart to at least `gap` inside lo..hi, keeping their order and moving them as little as
// possible; a smaller gap if they do not fit.
std::vector<double> spread(const std::vector<double>& wanted, double gap, double lo, double hi);

}  // namespace banel
