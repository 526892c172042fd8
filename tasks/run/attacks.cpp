#include "tasks/run/attacks.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <optional>

#include "nn/io/file.h"
#include "tasks/base/text.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

std::size_t most_rounds(const Job& job) {
  const Settings& s = job.method.settings;
  return static_cast<std::size_t>(s.budget) / (s.early_abort ? std::min(s.early_abort, s.m) : s.m);
}

// Those of the most rounds first: they take longest, and short ones fill the cores at the end.
std::vector<std::size_t> longest_first(const std::vector<Job>& jobs) {
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return most_rounds(jobs[a]) > most_rounds(jobs[b]); });
  return order;
}

// While it lives, attacks side by side have one thread each; a single attack has all of them.
class SharedThreads {
 public:
  SharedThreads(std::size_t jobs, int side_by_side) {
    if (jobs > 1) set_threads(std::min(side_by_side, before_));
  }
  ~SharedThreads() { set_threads(before_); }
  SharedThreads(const SharedThreads&) = delete;
  SharedThreads& operator=(const SharedThreads&) = delete;

 private:
  const int before_ = threads();
};

}  // namespace

std::vector<AttackResult> run_all(const std::vector<Job>& jobs, int side_by_side, ProgressMode mode,
                                  const std::function<void(std::size_t)>& done) {
  const std::vector<std::size_t> order = longest_first(jobs);
  std::vector<AttackResult> results(jobs.size());
  std::int64_t total = 0;
  for (const Job& job : jobs) total += job.method.settings.budget;
  std::atomic<std::int64_t> evaluated = 0;
  std::mutex turn;
  Progress progress("attacks", total, mode);
  const SharedThreads threads(jobs.size(), side_by_side);
  parallel_for(jobs.size(), [&](std::size_t k) {
    const std::size_t i = order[k];
    const Job& job = jobs[i];
    std::optional<std::int64_t> used;  // of this job, as last reported
    const auto report = [&](std::int64_t evaluations) {
      if (!used) progress.resume(evaluations);
      const std::int64_t all = evaluated += evaluations - used.value_or(0);
      used = evaluations;
      progress.update(all, "evaluations left " + grouped(total - all));
    };
    create_folders(job.folder);
    const std::optional<FolderLock> mine = FolderLock::if_free(job.folder);
    if (!mine) return;
    results[i] = run_attack(job.folder, *job.task, job.method, job.settings, report);
    const std::scoped_lock alone(turn);
    if (done) done(i);
  });
  return results;
}

}  // namespace banel
