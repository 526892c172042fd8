// The command line: finds the command and runs it.
#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/cli/strict_toml.h"
#include "tasks/base/system.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 ok, 1 failure while computing, 2 bad usage or value, 3 bad input file, 4 reading or "
    "writing failed, 5 verification failed, "
    "6 evaluation budget refused, 130 interrupted (the same command goes on where it stopped).";

int command_line(int argc, char** argv) {
  CLI::App app("banel: learning from failures alone (arXiv 2510.09596)\n" + std::string(exit_codes), "banel");
  app.set_version_flag("--version", "banel " BANEL_VERSION);
  app.set_config("--config", "", "options from a TOML file; command-line options win", false);
  app.allow_config_extras(false);
  app.config_formatter(std::make_shared<StrictToml>());
  app.require_subcommand(1);
  const Arguments arguments(argv, argv + argc);
  std::vector<std::pair<CLI::App*, Action>> commands;
  const auto add = [&](Action action) {
    commands.emplace_back(app.get_subcommands({}).back(), std::move(action));
  };
  add(declare_reproduce(app, arguments));
  CLI::App* train = app.add_subcommand("train", "one of the two networks");
  train->require_subcommand(1);
  for (const char* name : {"target", "attacker"}) {
    Action action = declare_train(train, app, arguments, name == std::string("target"));
    commands.emplace_back(train->get_subcommand(name), std::move(action));
  }
  add(declare_attack(app, arguments));
  add(declare_tune(app, arguments));
  add(declare_scaling(app, arguments));
  add(declare_toy1d(app, arguments));
  add(declare_rules(app));
  add(declare_report(app));
  add(declare_across(app));
  add(declare_verify(app));
  add(declare_bench(app));
  add(declare_eval(app));
  add(declare_sample(app));
  app.add_subcommand("doctor", "versions, CPU, BLAS kernels, threads");
  add([] { print(system_info()); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::string words;  // what was typed where a command was expected
    for (const std::string& word : app.remaining(true)) words += " '" + word + "'";
    std::cerr << "banel: " << error.what() << (words.empty() ? "" : ", got" + words)
              << "; see banel --help\n";
    return 2;
  }
  for (const auto& [command, action] : commands)
    if (command->parsed()) action();
  return 0;
}

}  // namespace

}  // namespace banel

int main(int argc, char** argv) {
  return banel::run_program([&] { return banel::command_line(argc, argv); });
}
