// Bars with intervals, one row each. Values are treated as in line_chart.h.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/plot/chart_frame.h"

namespace banel {

// One row of a table: an estimate and its interval, lo <= value <= hi.
struct Bar {
  std::string label = {};
  double value = 0, lo = 0, hi = 0;
  std::optional<Colour> colour = {};
  std::optional<double> mark = {};  // a diamond at this value, e.g. a figure of others
};

struct BarChart {
  Captions captions = {};
  Axis x = {};
  std::vector<Bar> bars = {};               // from top to bottom
  std::optional<Reference> reference = {};  // at this x
  double width = 800, height = 500;
};

DrawList draw(const BarChart& chart);

}  // namespace banel
