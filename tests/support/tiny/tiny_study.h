// A registry with tasks that need no training, and studies of them that run in a second.
#pragma once
#include "tasks/study/runner.h"
#include "tests/support/tiny/program_task.h"
#include "tests/support/tiny/tiny_task.h"

namespace banel::tiny {

// No string is valid, so an attack that screens ends before its first round.
class HopelessTask : public TinyTask {
 public:
  std::vector<TaskScreen> screens() const override {
    return {
        {"syntax", false, [](std::span<const Attempt> all) { return std::vector<bool>(all.size(), false); }}};
  }
};

inline Registry registry() {
  Registry all{.methods = built_in_methods(), .tasks = {}};
  all.tasks.push_back({.name = "tiny",
                       .sentence = "sums that a number divides",
                       .settings = {{"divisor", 1, 9, 3}, {"depth", {"low", "high"}, "low"}},
                       .quick = {{"divisor", 2}},
                       .make =
                           [](const Values& values, std::uint64_t) {
                             return std::make_unique<TinyTask>(
                                 static_cast<int>(values.at("divisor").number()));
                           },
                       .judging = {"divisor"}});
  all.tasks.push_back({.name = "program",
                       .sentence = "a program that wavers",
                       .make = [](const Values&, std::uint64_t) { return std::make_unique<ProgramTask>(); }});
  all.tasks.push_back(
      {.name = "hopeless", .sentence = "nothing is valid", .make = [](const Values&, std::uint64_t) {
         return std::make_unique<HopelessTask>();
       }});
  return all;
}

inline Study study(const std::string& toml, bool quick = false) {
  return parse_study(toml, "tiny.toml", registry(), quick);
}

// Two panels, two variants, two seeds: eight attacks of 60 evaluations.
inline const char* const two_by_two = R"(
title = "Tiny"
task = "tiny"
seeds = 2
budget = 60
samples = 100
base_samples = 500
show = ["success", "bars"]
variants = [{method = "banel", m = 20, n = 20, phi_epochs = 1}, "prior"]
panels = [{name = "threes", divisor = 3}, {name = "fives", divisor = 5}]
)";

inline Table run(const std::filesystem::path& folder, const Study& s) {
  return run_study(folder, s, registry(), {.jobs = 2, .mode = ProgressMode::quiet, .command = "test"});
}

}  // namespace banel::tiny
