// The pictures of an experiment, from its data alone. Every function is pure and refuses what it cannot draw
// with a UsageError. Intervals and bands are 95 % bootstrap intervals of the mean over seeds (stats.h).
// A method has the same colour in every picture.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tasks/run/attack.h"
#include "tasks/plot/canvas.h"

namespace banel {

struct Provenance {
  std::string note = {};  // the footer: task, samples, seeds, settings
  bool quick = false;     // a check that everything works, not a result: the title says so
};

struct MethodRuns {
  std::string name = {};
  std::vector<AttackResult> runs = {};  // one for each seed
};

// Success rate (log) against evaluations: mean over seeds; of the three banels also band and every seed.
// A run that ended early keeps its last value; one with a single round is a dot. The paper's methods and the
// main controls are coloured and labelled; of the others, grey, the best are labelled as long as there are at
// most eight labels, and the footer names the rest.
DrawList success_figure(const std::vector<MethodRuns>& methods, const Rate& base, const Provenance& from);

// Success rate (log) after the last round, a bar and an interval for every method, from the best to the
// worst. `paper`: the paper's rate of a method, drawn as a small diamond.
DrawList bars_figure(const std::vector<MethodRuns>& methods, const Rate& base,
                     const std::map<std::string, double>& paper, const Provenance& from);

// Share of valid strings, of different strings, entropy, and surprise to the pre-trained attacker (nats per
// string) against evaluations, a panel each. Readable with up to about six methods.
DrawList collapse_figure(const std::vector<MethodRuns>& methods, const Provenance& from);

// Success rate split by failure mode against evaluations, mean over seeds, stacked and labelled with the last
// value; a panel for every method, banel first.
DrawList modes_figure(const std::vector<MethodRuns>& methods, const Provenance& from);

struct ScalingPoint {
  double epochs = 0;                            // of the failure model in each round
  double flops = 0;                             // of one run, measuring excluded
  std::vector<double> factors = {};             // success over the pre-trained attacker's, one for each seed
  std::vector<double> loss = {}, heldout = {};  // of the failure model, nats per token, one for each seed
};

struct ScalingReference {  // a method without epochs of a failure model, in the same setting
  std::string name = {};
  std::vector<double> factors = {};  // one for each seed
};

struct QuotedCurve {  // figures of others
  std::string label = {};
  std::vector<double> epochs = {}, factors = {};
};

// Factor over the pre-trained attacker (log) against epochs of the failure model (log; FLOPs on top), every
// seed a point; below, the failure model's loss on the failures it was fitted to and on held-out ones.
// `points` with increasing epochs.
DrawList scaling_figure(const std::vector<ScalingPoint>& points,
                        const std::vector<ScalingReference>& references, const QuotedCurve& quoted,
                        const Provenance& from);

}  // namespace banel
