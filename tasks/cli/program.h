// The whole command line as a library. A program in another repository adds its own tasks and methods to it, and
// they appear in help, studies, tables, figures, report and `verify` like the built-in ones:
//   int main(int argc, char** argv) {
//     banel::Registry all = banel::built_in();
//     all.tasks.push_back({"mine", "what it is", {{"depth", 1, 20, 6}}, {{"depth", 3}}, make_mine});
//     all.methods.push_back(banel::variant("mine", all.method("banel"), {{"f", 8}}));
//     return banel::command_line(argc, argv, all);
//   }
#pragma once
#include "tasks/run/registry.h"

namespace banel {

Registry built_in();  // the methods and tasks of this repository

// Runs the command that the arguments ask for and returns the exit code of the program. Throws nothing: an error
// is one line on stderr.
int command_line(int argc, char** argv, const Registry&);

}  // namespace banel
