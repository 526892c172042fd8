// Lines over time or another quantity: a strong line for the mean, faint lines for single seeds, a band.
//
//   LineChart chart{.captions = {"Success rate"}, .x = {.label = "evaluations"}, .y = {.scale = Scale::log}};
//   chart.series = {{.label = "banel", .x = {0, 1000}, .mean = {0.001, 0.2}}};
//   write_png(draw(chart), "lines.png");
//
// No value is dropped or clipped. Axes grow to hold the data. Zeros on a logarithmic axis lie in a strip with
// the tick "0", each marked by a small arrow. NaN, infinity, and negative values on a logarithmic axis are a
// UsageError that names the series.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/plot/chart_frame.h"

namespace banel {

// Curves over the same x. Every part but x may be empty; seeds may end early, the other parts may not.
struct Series {
  std::string label = {};                       // written at the end of the line; empty: none
  std::vector<double> x = {};                   // strictly increasing, at least one value
  std::vector<double> mean = {};                // the strong line
  std::vector<std::vector<double>> seeds = {};  // faint lines
  std::vector<std::vector<double>> dots = {};   // of each x, any number of them: faint
  std::vector<double> lo = {}, hi = {};         // a band between the two
  std::optional<Colour> colour = {};            // unset: series_colour of its position
  double width = 2.4, dash = 0;                 // of the strong line
  double fill = 0.18;                           // opacity of the band
  bool points = false;  // x is a setting, not time: means are dots, lo and hi an error bar
};

// A second scale above the plot, for example FLOPs over evaluations.
struct TopAxis {
  std::string label = {};
  std::vector<Tick> ticks = {};  // value: of the x axis below; text: on the second scale
};

struct LineChart {
  Captions captions = {};
  Axis x = {}, y = {};
  std::vector<Series> series = {};
  std::optional<Reference> reference = {};  // at this y
  std::optional<TopAxis> top = {};
  double width = 800, height = 500;
  double left_room = 0, right_room = 0;  // at least this much beside the plot; more if the labels need it
};

// Gives all charts the same room beside their plots, so that plots below one another line up.
void align(std::vector<LineChart>& charts);

// Parts of a whole as areas on top of one another. parts[i][k] >= 0 is part i at x[k]; its area reaches from
//   parts[0][k] + ... + parts[i-1][k]   to   parts[0][k] + ... + parts[i][k]
std::vector<Series> stacked(const std::vector<double>& x, const std::vector<std::string>& labels,
                            const std::vector<std::vector<double>>& parts);

// Throws UsageError if there are no series, a series is not as described above, or the labels leave no room.
DrawList draw(const LineChart& chart);

}  // namespace banel
