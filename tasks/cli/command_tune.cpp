#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/study/tune.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_tune(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    fs::path networks;
    std::vector<std::string> names;
    TuneSettings s;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "tune", "a small grid of configurations for every method, on a tuning target; prints the results");
  command
      ->add_option("--networks", o->networks,
                   "folder of a tuning target and its attacker (banel train ... --seed 101)")
      ->required();
  command->add_option("--methods", o->names, "methods, separated by commas [all]")->delimiter(',');
  add_seeds(command, o->s.seeds, "configuration");
  add_samples(command, o->s.measured_samples);
  command->add_option("--out", o->out, "run folder")->required();
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    if (!o->names.empty()) o->s.methods.clear();
    for (const std::string& name : o->names) o->s.methods.push_back(method(name));
    o->s.jobs = o->threads;
    set_threads(o->threads);
    const Networks networks = load_networks(o->networks);
    const RunFolder run(o->out, app, arguments);
    const std::string table = tune(o->out, networks, o->s, o->mode());
    run.record();
    std::cout << table << "\nWritten: " << o->out.string() << "/tuning.{md,json}\n";
  };
}

}  // namespace banel
