// The file of --config, for the commands with the most options: read, or refused as bad input.
#include <iostream>

#include "tasks/cli/commands.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  static const Registry all{built_in_methods(), {}};
  static CommandLine program("banel", "fuzz", "banel");
  static Session session{all, program, {}};
  static const bool declared = [] {
    declare_study(session);
    declare_attack(session);
    program.command("nothing", "reads the file and does no more").action([] {});
    return true;
  }();
  require(declared);
  program.run({"--config", file_of(bytes), "nothing"}, std::cout);
}
