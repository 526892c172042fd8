// The readings of a group's runs as lines over the evaluations spent.
//   const Curves curves(group, success, true);
//   chart.series.push_back(curves.with_band("banel", variant_colour(0)));
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tasks/plot/line_chart.h"
#include "tasks/report/results.h"

namespace banel {

using Reading = std::function<std::optional<double>(const Measurement&)>;
using RunReading =
    std::function<std::optional<double>(const Run&, const RoundRecord&)>;  // of a round measured
std::optional<double> success(const Measurement&);                         // the success rate

// A line for each run of a group, all on the evaluations of the run with most readings and the last ones of
// any. With `with_start` they begin at 0 evaluations, and a run that ended without a round stays there.
struct Curves {
  std::vector<double> x;
  std::vector<std::vector<double>> lines;
  std::vector<std::uint64_t> instances;  // of each line; lines are sorted by it

  Curves(const Group&, const Reading&, bool with_start);
  Curves(const Group&, const RunReading&, bool with_start);

  std::vector<double> means() const;                         // over instances, then seeds
  std::vector<double> sums() const;                          // over the lines
  Series with_band(const std::string& label, Colour) const;  // the 95 % bootstrap interval of the means

 private:
  std::vector<std::vector<double>> at(std::size_t k) const;  // by instance
};

// The success rate of runs on one instance: the mean over them, and what the readings leave uncertain. That
// is the 95 % interval of Clopper and Pearson for the samples of all runs together. Where the task has an
// estimate of its own it is two standard errors of the mean, as if the runs' estimates were independent.
Series success_with_sampling_band(const Group&, const std::string& label, Colour);
bool has_estimates(const Group&);  // of the task's own

}  // namespace banel
