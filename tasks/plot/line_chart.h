// Lines over an axis, for slides and papers.
// A value is never dropped or clipped: axes grow to hold the data, a zero on a log axis gets a strip of its
// own (tick "0", a small arrow per value), and NaN, infinity or a negative value on a log axis is a
// UsageError that names the series.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/plot/chart_frame.h"

namespace banel {

// One method: curves over common x. Every part may be left empty; seeds may be shorter than x, the others
// not.
struct Series {
  std::string label = {};                       // written at the end of the line; empty: none
  std::vector<double> x = {};                   // strictly increasing, at least one
  std::vector<double> mean = {};                // the strong line
  std::vector<std::vector<double>> seeds = {};  // faint lines
  std::vector<double> lo = {}, hi = {};         // a band between the two
  std::optional<Colour> colour = {};            // unset: series_colour of its position
  double width = 2.4, dash = 0;                 // of the strong line
  double fill = 0.18;                           // opacity of the band
  bool points = false;  // x is a choice, not time: values and seeds are dots, lo and hi an error bar
};

// A second scale above the plot: other numbers for the same x.
struct TopAxis {
  std::string label = {};
  std::vector<Tick> ticks = {};  // value: on the x axis below
};

struct LineChart {
  Captions captions = {};
  Axis x = {}, y = {};
  std::vector<Series> series = {};
  std::optional<Reference> reference = {};  // at this y
  std::optional<TopAxis> top = {};
  double width = 800, height = 500;
  double left_room = 0, right_room = 0;  // at least this much beside the plot; it takes more if it must
};

// Gives all charts the same room beside the plot, so that they line up below each other.
void align(std::vector<LineChart>& charts);

// Areas on top of one another for parts of a whole: parts[i][k] >= 0 at x[k].
std::vector<Series> stacked(const std::vector<double>& x, const std::vector<std::string>& labels,
                            const std::vector<std::vector<double>>& parts);

DrawList draw(const LineChart& chart);

}  // namespace banel
