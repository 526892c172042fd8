// Small multiples: one panel for each problem, in rows, all with the same two axes. Every run is a dot, an
// estimate over the runs is a line, and the interval of the estimate is a thin bar.
//
//   Panels picture{.captions = {"Success by difficulty"}, .x = {.scale = Scale::log, .reversed = true}};
//   picture.y.scale = Scale::log;
//   const PanelSeries banel{"banel", {{30, 0.5, {0.4, 0.6}, Interval{0.4, 0.6}}, {3, 0, {0, 0.01}}}};
//   picture.panels = {{"addition", {banel}}};
//   write_png(draw(picture), "panels.png");
//
// A zero on a logarithmic y axis lies on a line of its own, marked "0", below the lowest decade.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tasks/base/stats.h"
#include "tasks/plot/chart_frame.h"

namespace banel {

// The runs at one x. The caller chooses the estimate, for example the interquartile mean.
struct PanelPoint {
  double x = 0, estimate = 0;
  std::vector<double> runs = {};
  std::optional<Interval> interval = {};  // lo <= hi; it need not contain the estimate
};

struct PanelSeries {
  std::string label = {};               // written at the right end of the line
  std::vector<PanelPoint> points = {};  // in any order, no x twice, at least one
  std::optional<Colour> colour = {};    // unset: series_colour of its position
};

constexpr std::size_t most_series = 8;

struct PanelPlot {
  std::string heading = {};
  std::vector<PanelSeries> series = {};  // 1 to most_series
};

struct Panels {
  Captions captions = {};  // of the whole picture
  Axis x = {}, y = {};     // each label is written once
  std::vector<PanelPlot> panels = {};
  std::size_t columns = 0;  // panels in a row; 0: all in one row
  double width = 1200, height = 440;
};

// Series stand a few points apart, in their order, around the x they share, so that their dots do not cover
// one another. Throws UsageError for a value that has no place on its axis, for a series without points or
// with one x twice, and for a picture too small for its labels; the message names the panel and the series.
DrawList draw(const Panels& picture);

}  // namespace banel
