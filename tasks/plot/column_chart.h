// Columns over equally spaced places, for a distribution small enough to show every value of it.
//
//   ColumnChart chart{.places = {-1, 0, 1}, .columns = {{{0.2, 0.5, 0.3}, series_colour(0)}}};
//   chart.dots = {1, 1, 2};  // three samples: two at 0 and one at 1
//   write_png(draw(chart), "columns.png");
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
  std::vector<double> places = {};      // on the x axis, increasing, equally spaced, at least two
  std::vector<Columns> columns = {};    // from the back to the front
  std::vector<Curve> curves = {};       // in front of all columns
  std::vector<std::size_t> dots = {};   // each the index of a place; dots are stacked below the columns
  std::vector<std::size_t> marks = {};  // indices of places with a line behind them; its colour is the dots'
  Colour mark = {};
  double width = 320, height = 240;
};

// Throws UsageError for values that cannot be drawn, lists of unequal length, and indices of no place.
DrawList draw(const ColumnChart& chart);

}  // namespace banel
