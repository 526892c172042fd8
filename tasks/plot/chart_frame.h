// What all charts share: captions, colours, axes drawn around a plot, labels at the ends of lines.
#pragma once
#include <string>
#include <vector>

#include "tasks/plot/axis.h"
#include "tasks/plot/canvas.h"

namespace banel {

constexpr double title_size = 20, subtitle_size = 13, heading_size = 14, label_size = 13, tick_size = 12,
                 footer_size = 9.5;
constexpr double line_gap = 1.3 * label_size;  // from one label to the next below it
constexpr double margin = 24;                  // empty border of the picture
constexpr Colour black{20, 20, 20}, grey{110, 110, 110}, light{228, 228, 228}, pale{246, 246, 246},
    white{255, 255, 255};

// Colour-blind safe colours (Okabe and Ito) in a fixed order, repeating after the last.
constexpr std::size_t distinct_colours = 7;
Colour series_colour(std::size_t index);

struct Captions {
  std::string title = {}, subtitle = {};
  std::string footer = {};   // provenance: seeds, intervals, run; small and grey
  std::string heading = {};  // of one panel among several
};

// A dashed line across the chart, e.g. the success rate before the attack.
struct Reference {
  double value = 0;
  std::string label = {};
};

struct Area {
  double left, top, right, bottom;
};

// Writes the captions; returns what is left between them.
Area write_captions(DrawList& list, const Captions& captions);

// A picture with captions around it.
DrawList captioned(const Captions& captions, const DrawList& body);

void add_line(DrawList& list, Point a, Point b, Colour colour, double width, double dash = 0,
              double alpha = 1);

// A small arrow through `at`, pointing down or to the left.
void add_arrow(DrawList& list, Point at, bool down, Colour colour, double alpha);

// Length of the longest tick label.
double widest(const std::vector<Tick>& ticks);

// Width of the tick labels and the name of a vertical axis.
double room_for_ticks(const Axis& vertical, const Span& span);

// The rulers along the lower and the left edge of the plot; `rows` of the strip of zeros.
Ruler horizontal_ruler(const Axis& axis, const Span& span, const Area& area);
Ruler vertical_ruler(const Axis& axis, const Span& span, const Area& area, std::size_t rows);

// Grid, ticks and name of one axis, drawn from a point along it and one across it, so that x and y share the
// code.
struct AxisPainter {
  DrawList& list;
  const Axis& axis;
  const Span& span;
  const Ruler& ruler;
  const Area& area;
  bool vertical;
  bool labelled = true;  // false: marks only, beside a panel that has the labels

  Point at(double along, double across) const {
    return vertical ? Point{across, along} : Point{along, across};
  }
  double base() const { return vertical ? area.left : area.bottom; }  // where the other coordinate starts
  double out() const { return vertical ? -1 : 1; }                    // away from the plot

  void grid() const;
  void frame() const;
  void name() const;
  std::size_t label_stride() const;  // labels of a horizontal axis that would touch: only every n-th is shown
  void tick_label(double along, const std::string& text) const;
};

// Moves positions apart to at least `gap` inside lo..hi, keeping their order and moving them as little as
// possible; a smaller gap if they do not fit.
std::vector<double> spread(const std::vector<double>& wanted, double gap, double lo, double hi);

struct EndLabel {
  std::string text;
  Point line_end;
  Colour colour;
};

// Labels in a column right of the plot, pushed apart, each joined to its line's end.
void write_labels(DrawList& list, std::vector<EndLabel> labels, const Area& area);

}  // namespace banel
