// Columns over equally spaced places, for distributions that are small enough to show whole. Values are
// treated as in line_chart.h.
#pragma once
#include <cstddef>
#include <vector>

#include "tasks/plot/chart_frame.h"

namespace banel {

struct Columns {
  std::vector<double> heights = {};  // >= 0, one for each place
  Colour colour = {};
  double width = 0.9;  // of the distance between places
};

struct Curve {
  std::vector<double> heights = {};  // one for each place
  Colour colour = {};
};

struct ColumnChart {
  Captions captions = {};
  Axis x = {}, y = {};
  std::vector<double> places = {};    // on the x axis, increasing, equally spaced, at least two
  std::vector<Columns> columns = {};  // from the back to the front
  std::vector<Curve> curves = {};     // before all columns
  std::vector<std::size_t> dots =
      {};  // a dot for each index of a place, stacked in a strip below the columns
  std::vector<std::size_t> marks =
      {};  // indices of places with a line behind them; dots there have its colour
  Colour mark = {};
  double width = 320, height = 240;
};

DrawList draw(const ColumnChart& chart);

}  // namespace banel
