#include "tasks/run/runs.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>

#include "nn/io/checkpoint.h"
#include "tasks/base/text.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

int digits_of(const GPT& target, const std::filesystem::path& file) {
  const GPTConfig& c = target.config();
  const int digits = (c.context - 3) / 3;
  ENSURE_AS(c.vocabulary == addition::vocabulary && c.context == 3 * digits + 3 && digits >= 1 &&
                digits <= addition::max_digits,
            InputError, file.string(),
            "is no addition target (vocabulary " << c.vocabulary << ", context " << c.context << ")");
  return digits;
}

void check_attacker(const GPT& attacker, int digits, const std::filesystem::path& file) {
  const GPTConfig& c = attacker.config();
  ENSURE_AS(c.vocabulary == addition::vocabulary && c.context == 2 * digits + 2, InputError, file.string(),
            "is no attacker for " << digits << " digits (vocabulary " << c.vocabulary << ", context "
                                  << c.context << ")");
}

Networks load_networks(const std::filesystem::path& folder, bool leading_zeros) {
  GPT target = load_checkpoint(folder / "target.safetensors").model,
      attacker = load_checkpoint(folder / "attacker.safetensors").model;
  const int digits = digits_of(target, folder / "target.safetensors");
  check_attacker(attacker, digits, folder / "attacker.safetensors");
  return {std::move(target), std::move(attacker), {digits, leading_zeros}};
}

namespace {

std::size_t most_rounds(const Job& job) {
  const Settings& s = job.method.settings;
  return static_cast<std::size_t>(s.budget) / (s.probe ? std::min(s.probe, s.per_round) : s.per_round);
}

}  // namespace

std::vector<AttackResult> run_all(const std::vector<Job>& jobs, const Networks& networks,
                                  std::size_t measured_samples, int side_by_side, ProgressMode mode) {
  // Those of the most rounds first: they take longest, and short ones fill the cores at the end.
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return most_rounds(jobs[a]) > most_rounds(jobs[b]); });
  std::vector<AttackResult> results(jobs.size());
  std::int64_t total = 0;
  for (const Job& job : jobs) total += job.method.settings.budget;
  std::atomic<std::int64_t> done = 0;
  Progress progress("attacks", total, mode);
  const int cores = threads();
  set_threads(std::min(side_by_side, cores));
  parallel_for(jobs.size(), [&](std::size_t n) {
    const std::size_t i = order[n];
    std::optional<std::int64_t> used;  // of this job, as last reported
    const auto on_round = [&](std::int64_t evaluations) {
      if (!used) progress.resume(evaluations);
      const std::int64_t all = done += evaluations - used.value_or(0);
      used = evaluations;
      progress.update(all, "evaluations left " + grouped(total - all));
    };
    results[i] = run_attack(jobs[i].folder, jobs[i].method, measured_samples, networks.target,
                            networks.attacker, networks.rules, jobs[i].seed, on_round);
  });
  set_threads(cores);
  return results;
}

}  // namespace banel
