#include "tasks/study/canary.h"

#include "banel/ledger.h"
#include "nn/io/file.h"
#include "tasks/base/system.h"
#include "tasks/study/plan.h"
#include "tensor/hash.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

Json to_json(const Canary& canary) {
  return {{"core", canary.core},
          {"hash", canary.hash},
          {"expected", canary.expected ? Json(*canary.expected) : Json(nullptr)}};
}

Canary run_canary(const fs::path& folder, const Study& study, const Registry& registry) {
  create_folders(folder);
  const FolderLock lock(folder);
  const Study all = keep_study(folder, study, registry);
  Instances instances(folder / "instances", all, registry, Access::make, ProgressMode::quiet);
  std::vector<Job> jobs;
  for (const PlannedAttack& a : planned(all)) jobs.push_back(job_of(folder, all, a, registry, instances));
  run_all(jobs, threads(), ProgressMode::quiet);
  Canary canary{system_info().at("blas_kernels").text(), canary_hash(folder, registry)};
  if (const auto found = study.hashes.find(canary.core); found != study.hashes.end())
    canary.expected = found->second;
  return canary;
}

std::string canary_hash(const fs::path& folder, const Registry& registry) {
  const Study study = read_run(folder, registry);
  std::string hashes;
  for (const PlannedAttack& a : planned(study)) {
    const std::vector<Evaluation> ledger =
        read_ledger(folder / attack_folder(study, a) / "ledger.jsonl").evaluations;
    if (!ledger.empty()) hashes += hex(ledger.back().hash);
  }
  return hex(fnv1a(hashes));
}

}  // namespace banel
