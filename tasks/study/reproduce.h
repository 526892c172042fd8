// The main job: from nothing to the table.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/model/pretrain.h"
#include "tasks/run/runs.h"
#include "tasks/report/table.h"

namespace banel {

struct ReproduceSettings {
  int digits = 5;
  std::uint64_t pretrain_seed = 1;  // target and attacker; a reporting seed, never used for tuning (README)
  TargetSettings target;
  AttackerSettings attacker;
  std::size_t measured_samples = 10'000;  // per round, outside the budget
  std::vector<Method> methods;
  int seeds = 5;  // attack seeds 1..seeds
  int jobs = 1;   // attacks side by side; the result does not depend on it
  bool quick = false;
};

// More than 5 digits have the longer schedule of the target that was tried with 10.
ReproduceSettings full_settings(int digits = 5);
ReproduceSettings quick_settings();  // the same path in a few minutes: 3 digits, two seeds, a small budget
Method quick(Method);                // with the budget and sizes of a quick run

// A row of the table from the runs of seeds 1, 2, ...
MethodRow method_row(const Method&, const std::vector<AttackResult>&);

std::filesystem::path attack_folder(const std::filesystem::path& run, const std::string& method, int seed);

// Trains what is missing in FOLDER/pretrained, runs what is missing in FOLDER/attacks/METHOD/seedN, and
// writes FOLDER/table.{md,csv,json}, plots/{success,bars,collapse,modes}.{png,svg} and report.html. Returns
// the table.
Table reproduce(const std::filesystem::path& folder, const ReproduceSettings&, ProgressMode);

}  // namespace banel
