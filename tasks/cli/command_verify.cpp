#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/base/text.h"
#include "tasks/study/verify.h"
#include "tensor/check.h"

namespace banel {

Action declare_verify(CLI::App& app) {
  struct Options : Common {
    std::filesystem::path run = "runs/reproduce";
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "verify", "derives a finished run again from its files: ledgers, logs, last attackers, table");
  command->add_option("run", o->run, "folder of `banel reproduce`")->capture_default_str();
  o->add_threads(command);
  o->add_quiet(command);
  return [o] {
    set_threads(o->threads);
    const Verification found = verify(o->run, o->mode());
    for (const std::string& difference : found.differences) std::cout << difference << '\n';
    std::cout << grouped(static_cast<std::int64_t>(found.attacks)) << " attacks and "
              << grouped(found.evaluations) << " evaluations derived again, "
              << grouped(std::ssize(found.differences)) << " differences\n";
    ENSURE_AS(found.differences.empty(), VerificationError, o->run.string(),
              "its files do not agree; see the differences above");
  };
}

}  // namespace banel
