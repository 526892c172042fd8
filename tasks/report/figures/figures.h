// The figures of a study, by name, from its data alone.
//   for (const Figure& f : figures({"success", "bars"}, results, table))
//     write_png(f.picture, f.file + ".png");
// A variant has the colour of its place in the study, the same in every figure: the first seven are coloured,
// the others grey. Intervals and bands are 95 %, by bootstrap over instances, then seeds (stats.h).
#pragma once
#include <string>
#include <vector>

#include "tasks/plot/canvas.h"
#include "tasks/report/results.h"
#include "tasks/report/table.h"

namespace banel {

struct Figure {
  std::string file;            // "success", or "success-tail" if the study has several panels
  std::string title, caption;  // caption: one sentence, what the picture claims and how to read it
  DrawList picture;
};

// What there is to show:
//   success   success rate (log) against evaluations, mean over instances x seeds, a curve for each variant
//   bars      success rate (log) at the end, a bar and an interval for each variant, from best to worst; a
//             small diamond is the paper's figure
//   instances success rate (log) against evaluations, a chart for each instance; band: 95 % by Clopper and
//             Pearson for the samples of the readings, or two standard errors of the task's own estimate
//   collapse  shares of valid and of distinct samples, entropy, surprise to the prior, against evaluations
//   modes     success rate split by mode against evaluations, stacked, a chart for each variant
//   information  nats against evaluations, a chart for each variant: gained, the log of success over the
//             base rate, and bought, the entropy of the verdicts between readings. Far above what was bought
//             a gain comes from what the method assumes; a lucky find alone lies a little above.
//   scaling   factor over the base rate (log) against a setting that varies between variants of one method,
//             every run a point. The other variants are level lines. Below, the loss of the failure model
//             where it was measured. "scaling:KEY" names the setting if more than one varies.
//   regimes   success rate at the end (log) against evaluations x base rate, every run a point: one picture
//             of the whole study. Panels whose names begin with the same word share a chart.
//
// Why a word is none of these, with all of them; empty if it is one. "scaling:KEY" counts by its name.
std::string why_no_figure(const std::string& show);

// The figures called `show`, each once for every panel, "regimes" once for all. `table` is that of the
// results. Errors: UsageError for an unknown name, with the nearest one; for what cannot be drawn, such as
// "scaling" where no setting varies.
std::vector<Figure> figures(const std::vector<std::string>& show, const Results&, const Table&);

}  // namespace banel
