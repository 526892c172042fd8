// How the settings of the methods are chosen: a small grid for each, the same number of configurations for
// all, on a tuning target that no reported result uses.
#pragma once
#include "tasks/run/runs.h"

namespace banel {

struct Choice {  // one configuration of a method
  std::string text;
  Method method;
};

// The configurations tried for a method: six, or one if there is nothing to tune.
std::vector<Choice> grid(const Method&);

struct TuneSettings {
  std::vector<Method> methods = banel::methods();
  int seeds = 2;  // attack seeds 1..seeds
  std::size_t measured_samples = 2'000;
  int jobs = 1;
};

// Runs what is missing in FOLDER/METHOD/NUMBER/seedN and writes FOLDER/tuning.{md,json}: final, best and
// distinct share of every configuration and seed; the configuration with the highest mean final rate is
// marked. Returns the markdown.
std::string tune(const std::filesystem::path& folder, const Networks&, const TuneSettings&, ProgressMode);

}  // namespace banel
