// `banel results`: the one writer of tasks/results.
//   run_results("tasks/results", "runs/results", registry, {.jobs = 2});
#pragma once
#include "tasks/study/runner.h"

namespace banel {

// Runs, or resumes, every study with `results = true` in RUNS/STUDY, and writes STUDY.md and STUDY-FIGURE.png
// to `out`. Instances are shared in RUNS/instances. Each table names command, commit, machine, seeds, seconds
// and the canary's hash. Returns the names of the files. `names`: only these studies.
std::vector<std::string> run_results(const std::filesystem::path& out, const std::filesystem::path& runs,
                                     const Registry&, const StudyOptions&,
                                     const std::vector<std::string>& names = {});

}  // namespace banel
