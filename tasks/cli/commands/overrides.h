// `--set KEY=VALUE`: one option for every setting of a task and of a method.
//   const Overrides set = overrides({"f=8", "digits=3"}, addition.settings);
//   set.method == {{"f", 8}},  set.task == {{"digits", 3}}
#pragma once
#include "tasks/cli/options.h"
#include "tasks/run/registry.h"

namespace banel {

struct Overrides {
  Values task, method;
};

constexpr const char* set_help =
    "a setting of the method or the task (`banel methods NAME` and `banel tasks NAME` list them); where both "
    "have "
    "the key, write method.KEY=VALUE or task.KEY=VALUE";

// A key may begin with "method." or "task.". Errors: UsageError for a word that is not KEY=VALUE, a key that
// neither has (with the nearest one) or both have, a key given twice, and a value out of range.
Overrides overrides(const Words& set, const std::vector<Setting>& of_task);

}  // namespace banel
