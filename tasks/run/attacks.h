// Many attacks, several side by side; each is one Job.
//   run_all({{"runs/a", task, method, {.seed = 1}}}, 2, ProgressMode::plain);
#pragma once
#include "tasks/run/attack.h"

namespace banel {

struct Job {
  std::filesystem::path folder;
  std::shared_ptr<const Task> task;
  Method method;  // adapted to the task
  AttackSettings settings;
};

// Runs or resumes every job, `side_by_side` of them at a time, each on one thread then; results in the order
// of the jobs, the same for any side_by_side. Each attack locks its folder; one that another process is
// working on is left to it and has an empty result. done(i) is called after job i, by one thread at a time.
std::vector<AttackResult> run_all(const std::vector<Job>&, int side_by_side, ProgressMode,
                                  const std::function<void(std::size_t)>& done = {});

}  // namespace banel
