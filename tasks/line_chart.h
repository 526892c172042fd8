// Lines over an axis, for slides and papers.
// A value is never dropped or clipped: axes grow to hold the data, a zero on a log axis gets a strip of its
// own (tick "0", a small arrow per value), and NaN, infinity or a negative value on a log axis is a
// UsageError that names the series.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/chart_frame.h"

namespace banel {

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

DrawList draw(const LineChart& chart);

}  // namespace banel
