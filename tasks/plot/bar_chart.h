// Horizontal bars with intervals, one for each row of a table, with the numbers written beside them.
//
//   BarChart chart{.captions = {"Success rate"}, .x = {.scale = Scale::log, .ticks = Ticks::percent}};
//   chart.bars = {{"banel", 0.12, 0.08, 0.17}, {"prior", 0.0004, 0.0002, 0.0007}};
//   write_png(draw(chart), "bars.png");
//
// No value is dropped or clipped; line_chart.h says how zeros are drawn and what is refused.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/plot/chart_frame.h"

namespace banel {

// An estimate and its interval, lo <= value <= hi.
struct Bar {
  std::string label = {};
  double value = 0, lo = 0, hi = 0;
  std::optional<Colour> colour = {};
  std::optional<double> mark = {};  // a diamond at this value, e.g. the result of a paper
};

struct BarChart {
  Captions captions = {};
  Axis x = {};
  std::vector<Bar> bars = {};               // from top to bottom
  std::optional<Reference> reference = {};  // at this x
  double width = 800, height = 500;
};

// Throws UsageError if there are no bars, a value lies outside its interval, or the labels leave no room.
DrawList draw(const BarChart& chart);

}  // namespace banel
