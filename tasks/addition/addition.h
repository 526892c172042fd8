// The paper's toy experiment as a Task: a target GPT adds, and an attacker GPT looks for questions that it
// answers wrongly. An instance is a target: its seed. question.h has the worked example.
//   registry.tasks.push_back(addition::entry());
#pragma once
#include "tasks/addition/target.h"
#include "tasks/task.h"

namespace banel::addition {

TaskEntry entry();

// Answers the target gives, judged; invalid attempts are failures.
Judge judge(const GPT& target, const Syntax&, Judged);

// The networks of an instance, for `banel ask`. Precondition: a task that entry().make made, opened.
const GPT& target_of(const Task&);

}  // namespace banel::addition
