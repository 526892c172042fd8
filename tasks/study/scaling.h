// Compute scaling (the paper's figure): leading zeros forbidden, more and more epochs of the failure model,
// beside the baselines and controls in the very same setting.
#pragma once
#include "tasks/run/runs.h"

namespace banel {

struct ScalingSettings {
  std::vector<int> phi_epochs = {1, 2, 3, 5, 10, 20, 50, 100};
  std::vector<std::string> references = {"count", "rnd", "oracle-free", "tail",
                                         "scout"};  // have no phi epochs to vary
  double kappa = 0.3;         // of banel: what the tuning chose here (results/tuning.md)
  std::int64_t scout = 6000;  // of banel: evaluations of scouts before the loop
  int seeds = 5;
  std::size_t measured_samples = 10'000, base_samples = 1'000'000;
  std::int64_t budget = 7500;
  int jobs = 1;
};

// Runs what is missing in FOLDER/epochsE/seedN and FOLDER/METHOD/seedN; the networks' rules must forbid
// leading zeros. Writes FOLDER/scaling.{md,csv,json} and, of two epochs and more, plots/scaling.{png,svg}.
// Returns the markdown.
std::string scaling(const std::filesystem::path& folder, const Networks&, const ScalingSettings&,
                    ProgressMode);

}  // namespace banel
