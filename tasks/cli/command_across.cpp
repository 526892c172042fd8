#include <iostream>

#include "tasks/study/across.h"
#include "tasks/cli/commands.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_across(CLI::App& app) {
  struct Options {
    std::vector<fs::path> runs;
    fs::path out;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "across", "finished runs on several targets in one table: success, controls, coverage, stopping rule");
  command->add_option("runs", o->runs, "folders of `banel reproduce`, or of `banel scaling`")->required();
  command->add_option("--out", o->out, "also write the tables to this file");
  return [o] {
    const std::string md = across(read_groups(o->runs));
    if (!o->out.empty()) write_file(o->out, md);
    std::cout << md;
  };
}

}  // namespace banel
