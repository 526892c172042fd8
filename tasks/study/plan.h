// The attacks of a study, where each is in the run folder, and which are finished.
//   for (const PlannedAttack& a : planned(study)) if (!is_finished(folder / attack_folder(study, a))) ...
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/report/results.h"
#include "tasks/run/attacks.h"
#include "tasks/study/instances.h"
#include "tasks/study/study.h"

namespace banel {

struct PlannedAttack {
  std::size_t panel = 0, variant = 0;  // indices into the study
  std::uint64_t instance = 1, seed = 1;
};

// Without halving: all variants of the first seed, then of the next one.
std::vector<PlannedAttack> planned(const Study&);

// Of a reading: what the task says, or the number wanted if it is not 0. Errors: UsageError for a task that
// judges nothing outside the budget if some are wanted.
std::size_t reading_samples(const Task&, std::size_t wanted);

std::string attack_name(const Study&, const PlannedAttack&);              // "tail/1/banel/1"
std::filesystem::path attack_folder(const Study&, const PlannedAttack&);  // "attacks/tail-1/banel/seed1"

// What run_all needs. Opens the instance.
Job job_of(const std::filesystem::path& run, const Study&, const PlannedAttack&, const Registry&, Instances&);

// A finished attack: its log, and its row with what the study knows of it.
Run run_of(const std::filesystem::path& run, const Study&, const PlannedAttack&, const Registry&, Instances&);

// The attacks of a study that are not finished, in their order.
std::vector<PlannedAttack> missing(const std::filesystem::path& run, const Study&);

// FOLDER/study.toml. keep_study joins the study with the one that is there: what has the same name must be
// equal, and what only one of them has is kept. Errors: InputError naming what differs.
Study keep_study(const std::filesystem::path& run, const Study&, const Registry&);

// What a study will take, in words: "50 attacks, 12 of them finished; about 6 core-minutes, ...". Times are
// those of finished attacks of the same variant, or the study's own figure.
std::string forecast(const std::filesystem::path& run, const Study&, const Registry&, int jobs);

}  // namespace banel
