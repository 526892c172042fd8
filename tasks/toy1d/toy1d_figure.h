// The picture of the one-dimensional illustration.
//   write_svg(toy1d::figure(toy1d::illustrate(1), {.note = "Seed 1"}), "toy1d.svg");
#pragma once
#include "tasks/report/figures/figure_parts.h"
#include "tasks/toy1d/toy1d.h"

namespace banel::toy1d {

// A panel for each step, three in a row: columns of theta and of the posterior, a line of phi, and a dot for
// each sample. Errors: UsageError if there are no steps.
DrawList figure(const Illustration&, const Provenance&);

}  // namespace banel::toy1d
