#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/report/report.h"

namespace banel {

Action declare_report(CLI::App& app) {
  auto run = std::make_shared<std::filesystem::path>("runs/reproduce");
  CLI::App* command = app.add_subcommand("report", "report.html of a finished run, again from its files");
  command->add_option("run", *run, "folder of `banel reproduce`")->capture_default_str();
  return [run] {
    write_report(*run);
    std::cout << "Written: " << (*run / "report.html").string() << '\n';
  };
}

}  // namespace banel
