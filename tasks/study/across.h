// Several finished runs side by side: the same methods on several targets, or in another setting.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/run/attack.h"

namespace banel {

// The runs of one method, or of one point of `banel scaling`, on every target.
struct Group {
  std::string name;  // of its folder: "banel", "epochs100"
  struct OnTarget {
    Rate base;                       // success rate of that target's pre-trained attacker
    std::vector<AttackResult> runs;  // attack seeds 1, 2, ...
  };
  std::vector<OnTarget> targets;
};

// Reads the finished attacks GROUP/seedN below each folder, which is one of `banel reproduce` or of
// `banel scaling`. Groups that are not in every folder are left out. Errors: InputError naming a file that is
// missing or damaged, or if no group is in every folder.
std::vector<Group> read_groups(const std::vector<std::filesystem::path>& folders);

// The reading to hand over if nothing but samples is looked at, no evaluation and no reward: the last one of
// which at least half of the samples are valid; the first if there is none.
const RoundRecord& stopped(const std::vector<RoundRecord>& readings);

// Markdown: final and best success, evaluations until half of the samples succeed, each group's share of the
// first group's gain with the paired test, what is found, what was lost and kept in each third of the rounds,
// and what the label-free rule would have cost. Intervals are stratified bootstrap intervals over the seeds
// of these targets.
std::string across(const std::vector<Group>&);

}  // namespace banel
