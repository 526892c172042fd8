// Planted sets as a Task: the judge is a predicate whose prior mass is known, so a table of them tells search
// in the tail of the prior from search in its bulk. Nothing but the attacker is trained. An instance is an
// attacker: its seed. Copy this file pair to begin a task of your own that has a GPT as prior.
//   registry.tasks.push_back(planted::entry());
//
// The prior is the attacker of the addition task (tasks/addition), the same network bit for bit: it writes
// questions such as "58+67=". D is the length of the longest operand, 5 by default. The prior mass stands
// behind each set.
//   tail     log p(x) under the prior is below a threshold that `mass` of the prior falls short of
//            (mass = 4e-4: rare among 7,500 attempts; mass = 5e-6: practically never met)
//   bulk     a begins with 5, b begins with 3 and ends in 7, and a is not shorter than b            4.8e-4
//            sevens = 0 drops the 7, 2 and 3 ask for more of them           7e-3, 4.8e-5, 1.5e-6
//   bulk2    a begins with 5, b begins with 3, and both have D - 1 digits                           4.9e-4
//   beside   the feature: a begins with 5 and has at least D - 1 digits                             4.4e-2
//            a success has the feature, and both operands end in 7                                  4.4e-4
//            so the attempts that look like a success fail a hundred times for one that succeeds
// Invalid strings are in no set.
#pragma once
#include "tasks/task.h"

namespace banel::planted {

// open() trains the attacker and measures the prior mass of the set on `samples` strings of the prior. It
// writes FOLDER/planted-SET[-MASS][-sevens-N]-SAMPLES.json: settings, mass with interval and standard error,
// and for the tail the threshold in nats.
TaskEntry entry();

}  // namespace banel::planted
