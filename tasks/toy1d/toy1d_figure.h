// The picture of the one-dimensional illustration.
#pragma once
#include <vector>

#include "tasks/report/figure_parts.h"

namespace banel {

// One step of the illustration. All vectors but `samples` hold a probability for each place.
struct Toy1dStep {
  std::vector<double> theta = {};      // the generator that was sampled
  std::vector<int> samples = {};       // indices of the places that were drawn from it
  std::vector<double> phi = {};        // failure model of the step's failures; 0 if nothing failed
  std::vector<double> posterior = {};  // theta outside the rejection region
};

// A panel for each step, three in a row: columns of theta and of the posterior, a line of phi, a dot for each
// sample. `places`: x, equally spaced and increasing; `successes`: the x that are rewarded.
DrawList toy1d_figure(const std::vector<double>& places, const std::vector<double>& successes,
                      const std::vector<Toy1dStep>& steps, const Provenance&);

}  // namespace banel
