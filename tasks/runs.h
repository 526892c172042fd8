// Many attacks on one pair of networks, several side by side.
#pragma once
#include "tasks/attack.h"
#include "tasks/progress.h"

namespace banel {

struct Networks {
  GPT target, attacker;
  addition::Rules rules;  // what counts as a question
};

struct Job {
  std::filesystem::path folder;
  Method method;
  std::uint64_t seed = 1;
};

// Runs or resumes every job, `side_by_side` of them at a time, each on one thread then; results in the order
// of the jobs. They do not depend on side_by_side. A job that is finished is read back.
std::vector<AttackResult> run_all(const std::vector<Job>&, const Networks&, std::size_t measured_samples,
                                  int side_by_side, ProgressMode);

}  // namespace banel
