// Hard word problems: an instance is a question (problem.h), an attempt is a solution that the reasoner
// (reasoner.h) writes for it, and the reward is 1 iff its final answer is right. The reasoner has never seen
// what a hard question needs, so it nearly always makes the same mistake.
//
//   a question   A=12.A4dF.?F:          A has 12. A has a quarter of F. How many has F?
//   failure      F=12/4=3;#3.           the relation is read the wrong way round
//   success      F=12*4=48;#48.         sound; A=12;F=12+36=48;#48. would be lucky
//
// Success rates are those of sound reasoning, computed by sound.h, among the solutions that the assumed
// screen passes. The modes of the samples tell sound successes from lucky ones.
#pragma once
#include "nn/gpt.h"
#include "tasks/task.h"

namespace banel::reason {

TaskEntry entry();

// Of an open instance. Errors: UsageError for another task.
const GPT& reasoner_of(const Task&);

}  // namespace banel::reason
