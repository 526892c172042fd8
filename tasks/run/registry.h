// What the program knows: methods and tasks, each one entry. Tables, figures, help and `verify` know a method
// or a task only through its entry, so that one from another repository appears everywhere.
//   Registry all = built_in();  all.methods.push_back(variant("mine", all.method("banel"), {{"f", 8}}));
#pragma once
#include <string>
#include <vector>

#include "tasks/task.h"

namespace banel {

struct Registry {
  std::vector<Method> methods;  // in the order of `banel methods`
  std::vector<TaskEntry> tasks;

  // Errors: UsageError that lists the names, with the nearest one.
  const Method& method(const std::string& name) const;
  const TaskEntry& task(const std::string& name) const;
};

std::vector<Method> built_in_methods();

// A method as it runs on a task: the registry's settings, then the task's (Task::adapt), then `values`, with
// the screen resolved. Errors: UsageError for a setting that is out of range or unused, or that needs another
// one, or a screen that the task does not have.
Method adapted(const Method&, const Task&, const Values& values);

// The screens of the task that need no prior knowledge, and the one more that the method names. Empty for a
// task that has none: then every attempt may succeed.
Screen screen_of(const Task&, const Method&);

}  // namespace banel
