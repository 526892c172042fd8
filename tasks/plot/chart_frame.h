// The parts that all charts share: captions, colours, drawn axes, labels at the ends of lines.
//
//   DrawList list{.width = 800, .height = 500};
//   const Area area = write_captions(list, {"Title", "Subtitle", "Footer"});  // what is left for the plot
//   const Span span = span_of(axis, values);
//   const Ruler x = horizontal_ruler(axis, span, area);
//   AxisPainter{list, axis, span, x, area, false}.frame();
#pragma once
#include <string>
#include <vector>

#include "tasks/plot/axis.h"
#include "tasks/plot/canvas.h"

namespace banel {

constexpr double title_size = 20, subtitle_size = 13, heading_size = 14, label_size = 13, tick_size = 12,
                 footer_size = 9.5;
constexpr double line_gap = 1.3 * label_size;  // from one label to the next below it
constexpr double margin = 24;                  // around the whole picture
constexpr Colour black{20, 20, 20}, grey{110, 110, 110}, light{228, 228, 228}, pale{246, 246, 246},
    white{255, 255, 255};

// Colours that colour-blind readers can tell apart (Okabe & Ito 2008, "Color Universal Design"). They repeat
// after the last.
constexpr std::size_t distinct_colours = 7;
Colour series_colour(std::size_t index);

struct Captions {
  std::string title = {}, subtitle = {};
  std::string footer = {};   // small and grey: where the data are from
  std::string heading = {};  // of one panel among several
};

// A dashed line across the chart, e.g. the success rate before the attack.
struct Reference {
  double value = 0;
  std::string label = {};  // empty: none
};

struct Area {
  double left, top, right, bottom;
};

// Writes the captions, in as many lines as they need, and returns the area between them.
Area write_captions(DrawList& list, const Captions& captions);

// The picture with captions above and below it.
DrawList captioned(const Captions& captions, const DrawList& body);

void add_line(DrawList& list, Point a, Point b, Colour colour, double width, double dash = 0,
              double alpha = 1);

// A small arrow through `at`, pointing down or to the left.
void add_arrow(DrawList& list, Point at, bool down, Colour colour, double alpha);

// The length of the longest tick label.
double widest(const std::vector<Tick>& ticks);

// The width that the tick labels and the label of a vertical axis take.
double room_for_ticks(const Axis& vertical, const Span& span);

// The rulers along the lower and the left edge of the plot. `rows`: how many the strip of zeros has.
Ruler horizontal_ruler(const Axis& axis, const Span& span, const Area& area);
Ruler vertical_ruler(const Axis& axis, const Span& span, const Area& area, std::size_t rows);

// Draws one axis. Points are given by where they lie along the axis and across it, so that x and y share the
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
  double base() const { return vertical ? area.left : area.bottom; }  // of the axis, in the other direction
  double out() const { return vertical ? -1 : 1; }                    // the direction away from the plot

  void grid() const;                 // faint lines at the labelled ticks, and the strip of zeros
  void frame() const;                // the line of the axis, its ticks and their labels
  void name() const;                 // the label of the axis
  std::size_t label_stride() const;  // labels of a horizontal axis that would touch: only every n-th is shown
  void tick_label(double along, const std::string& text) const;
};

// Moves positions so that they lie in lo..hi and at least `gap` apart, in the same order and as near to the
// wanted ones as possible (least squares). If they do not fit, the gap shrinks.
//   spread({50, 50}, 10, 0, 100)  // {45, 55}
std::vector<double> spread(const std::vector<double>& wanted, double gap, double lo, double hi);

struct EndLabel {
  std::string text;
  Point line_end;
  Colour colour;
};

// Writes the labels in a column right of the plot, apart from one another, each joined to its line's end.
void write_labels(DrawList& list, std::vector<EndLabel> labels, const Area& area);

}  // namespace banel
