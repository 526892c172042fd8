#include "tasks/runs.h"

#include <algorithm>
#include <atomic>

#include "tasks/text.h"
#include "tensor/parallel.h"

namespace banel {

std::vector<AttackResult> run_all(const std::vector<Job>& jobs, const Networks& networks,
                                  std::size_t measured_samples, int side_by_side, ProgressMode mode) {
  std::vector<AttackResult> results(jobs.size());
  std::vector<std::atomic<std::int64_t>> used(jobs.size());
  std::int64_t total = 0;
  for (const Job& job : jobs) total += job.method.settings.budget;
  Progress progress("attacks", total, mode);
  const int cores = threads();
  set_threads(std::min(side_by_side, cores));
  parallel_for(jobs.size(), [&](std::size_t i) {
    const auto on_round = [&](std::int64_t evaluations) {
      used[i] = evaluations;
      std::int64_t done = 0;
      for (const auto& u : used) done += u;
      progress.update(done, "evaluations left " + grouped(total - done));
    };
    results[i] = run_attack(jobs[i].folder, jobs[i].method, measured_samples, networks.target,
                            networks.attacker, networks.rules, jobs[i].seed, on_round);
  });
  set_threads(cores);
  return results;
}

}  // namespace banel
