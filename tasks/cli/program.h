// The whole command line as a library. A program in another repository adds its own tasks and methods to it,
// and they appear in help, studies, tables, figures, report and `verify` like the built-in ones:
//   int main(int argc, char** argv) {
//     return banel::command_line(argc, argv, [](banel::Registry& all) {
//       all.tasks.push_back({"mine", "what it is", {{"depth", 1, 20, 6}}, {{"depth", 3}}, make_mine});
//       all.methods.push_back(banel::variant("mine", all.method("banel"), {{"f", 8}}));
//     });
//   }
#pragma once
#include <functional>

#include "tasks/run/registry.h"

namespace banel {

Registry built_in();  // the methods and tasks of this repository

// Runs the command that the arguments ask for and returns the exit code of the program. `add` is shown the
// built-in methods and tasks first and adds its own. Throws nothing: an error is one line on stderr.
int command_line(int argc, char** argv, const std::function<void(Registry&)>& add = {});

}  // namespace banel
