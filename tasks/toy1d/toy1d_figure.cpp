#include "tasks/toy1d/toy1d_figure.h"

#include <algorithm>
#include <cmath>

#include "tasks/plot/column_chart.h"
#include "tensor/check.h"

namespace banel::toy1d {

namespace {

// A row of swatches with words.
DrawList key(const std::vector<std::pair<std::string, Colour>>& entries) {
  DrawList list{.width = margin, .height = 22};
  for (const auto& [words, colour] : entries) {
    list.add(Polygon{rectangle(list.width, 4, 14, 10), colour});
    list.add(Text{{list.width + 19, 14}, words, label_size, black});
    list.width += 19 + text_width(words, label_size) + margin;
  }
  return list;
}

}  // namespace

DrawList figure(const Illustration& run, const Provenance& from) {
  const std::vector<double>& places = run.grid;
  const std::vector<Step>& steps = run.steps;
  ENSURE(!steps.empty() && !places.empty(), "figure", "the illustration has no steps or no places");
  const Colour pale_grey{205, 205, 205}, blue = series_colour(0), vermilion = series_colour(1),
                                         green = series_colour(2);
  std::vector<std::size_t> rewarded;
  for (double success : run.successes)
    rewarded.push_back(static_cast<std::size_t>(
        std::min_element(places.begin(), places.end(),
                         [&](double a, double b) { return std::abs(a - success) < std::abs(b - success); }) -
        places.begin()));
  std::vector<double> whole_numbers;
  for (double x = std::ceil(places.front()); x <= places.back(); ++x) whole_numbers.push_back(x);
  std::vector<DrawList> drawn;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    ColumnChart chart{.width = 330, .height = 250};
    chart.captions.heading = "step " + std::to_string(i + 1);
    chart.x.at = whole_numbers;
    chart.y = {.lo = 0};
    chart.places = places;
    chart.columns = {{step.theta, pale_grey, 0.9}, {step.posterior, blue, 0.5}};
    chart.curves = {{step.phi, vermilion}};
    for (int place : step.samples) chart.dots.push_back(static_cast<std::size_t>(place));
    chart.marks = rewarded;
    chart.mark = green;
    if (i + 3 >= steps.size()) chart.x.label = "x";
    drawn.push_back(draw(chart));
  }
  const DrawList words = key({{"sampled generator", pale_grey},
                              {"failure model", vermilion},
                              {"posterior", blue},
                              {"samples", black},
                              {"rewarded", green}});
  return captioned(captions_of("One dimension, one step after another",
                               "probability of each x; dots: what was sampled; the scales differ", from),
                   grid({words, grid(drawn, 3)}, 1));
}

}  // namespace banel::toy1d
