// Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943): how settings are chosen with the same
// effort for every tuned variant. A configuration is a variant of its own: "banel #7 at 750", the seventh one
// drawn, run with 750 evaluations.
//   stages_of(run, study, registry)     // all with the first budget, then the best third with the next
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tasks/study/plan.h"
#include "tasks/study/study.h"

namespace banel {

// Configuration 1 is the variant as it is, so tuning never ends below it at the first budget. The others have
// settings drawn from the ranges. Configuration `number` of all variants takes its random numbers from the
// same stream, one for each setting in alphabetical order.
Variant configuration(const Halving&, const Variant&, int number);

// The part of the study that runs with budget `stage`: the configurations in `numbers`, for each tuned
// variant in the study's order. The last stage also runs the variants that are not tuned.
Study stage_of(const Study&, std::size_t stage, const std::vector<std::vector<int>>& numbers);

// The numbers of the configurations with the highest scores, one in `keep`, rounded up, best first. Of equal
// scores the lower number is better.
std::vector<int> best_configurations(const std::vector<int>& numbers, const std::vector<double>& scores,
                                     int keep);

// A study with halving as the studies that are run one after the other, as far as the finished attacks in the
// folder decide which configurations go on. The score is the mean of final success. Any other study is its
// own only stage.
std::vector<Study> stages_of(const std::filesystem::path& run, const Study&, const Registry&);

// Every attack of these stages, finished or not, with its stage.
void for_each_attack(const std::filesystem::path& run, const Study&, const Registry&,
                     const std::function<void(const Study& stage, const PlannedAttack&)>& visit);

// Every other attack of such a study that is in the folder: of configurations that went on before further
// seeds chose others, or before these seeds are finished.
void for_each_unchosen_attack(const std::filesystem::path& run, const Study&, const Registry&,
                              const std::function<void(const Study& stage, const PlannedAttack&)>& visit);

// E[max of k of the scores], drawn without replacement, for k = 1, 2, ...: what tuning with k configurations
// gives.
std::vector<double> expected_best(std::vector<double> scores);

// Markdown: every configuration with its settings and its mean final success at each budget, the chosen one
// in bold, and expected_best at the first budget.
std::string tuning_table(const Study&, const std::vector<Row>&);

}  // namespace banel
