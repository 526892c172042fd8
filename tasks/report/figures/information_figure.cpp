// What was gained against what the verdicts can have told.
#include <algorithm>
#include <cmath>

#include "tasks/report/figures/curves.h"
#include "tasks/report/figures/figure_parts.h"
#include "tensor/check.h"

namespace banel {

namespace {

// The entropy of n verdicts of which k are rewards, in nats: n H(k/n).
double entropy_of_verdicts(std::int64_t k, std::int64_t n) {
  if (k == 0 || k == n) return 0;
  const double r = static_cast<double>(k) / static_cast<double>(n);
  return static_cast<double>(n) * (-r * std::log(r) - (1 - r) * std::log1p(-r));
}

// Nats bought up to a reading: the entropies of the verdicts between readings, added up, at most all that
// there is to gain.
std::optional<double> bought(const Run& run, const RoundRecord& reading) {
  if (run.row.base.value <= 0) return std::nullopt;
  double nats = 0;
  std::int64_t rewards = 0, verdicts = 0;
  for (const RoundRecord& round : run.log.rounds) {
    rewards += round.positives;
    verdicts += round.submitted;
    if (!round.measured) continue;
    nats += entropy_of_verdicts(rewards, verdicts);
    rewards = verdicts = 0;
    if (round.number == reading.number) break;
  }
  return std::min(nats, -std::log(run.row.base.value));
}

// Nats gained: log of the success rate over the base rate. No success among n samples counts as half a one,
// and never as a gain.
std::optional<double> gained(const Run& run, const RoundRecord& reading) {
  const Measurement& m = *reading.measured;
  const double base = run.row.base.value;
  if (base <= 0) return std::nullopt;
  const double least = std::min(base, 0.5 / static_cast<double>(std::max<std::int64_t>(m.success.n, 1)));
  return std::log(std::max(m.value(), least) / base);
}

// Begins with nothing at 0 evaluations, unless nothing was read on the way.
Curves from_nothing(Curves curves) {
  if (curves.x.size() < 2) return curves;
  curves.x.insert(curves.x.begin(), 0);
  for (std::vector<double>& line : curves.lines) line.insert(line.begin(), 0);
  return curves;
}

}  // namespace

Drawn draw_information(const PanelData& panel) {
  Drawn drawn{
      panel.titled("Nats gained and nats bought"),
      "gained: log of success over the base rate; bought: entropy of the verdicts so far, at most all "
      "there is to gain; mean, band: its 95 % bootstrap interval",
      {}};
  std::string left_out;
  std::vector<LineChart> charts;
  for (const Group& group : first_groups(panel, left_out)) {
    const Curves cost = from_nothing(Curves(group, bought, false)),
                 gain = from_nothing(Curves(group, gained, false));
    if (gain.x.empty()) continue;
    LineChart chart{.width = 500, .height = 300};
    chart.captions.heading = group.variant;
    chart.x = {.label = "evaluations", .lo = 0};
    chart.y = {.label = "nats"};
    chart.series = {{.label = "bought", .x = cost.x, .mean = cost.means(), .colour = grey, .dash = 5},
                    gain.with_band("gained", variant_colour(group.place))};
    charts.push_back(std::move(chart));
  }
  ENSURE(!charts.empty(), "information", "the base rate is 0, so no gain has a logarithm");
  align(charts);
  drawn.picture = side_by_side(charts, 2, captions_of(drawn.title, drawn.caption, panel.from()), left_out);
  return drawn;
}

}  // namespace banel
