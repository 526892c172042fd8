#include <iostream>

#include "tasks/commands.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_reproduce(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    bool quick = false;
    int seeds = 0, jobs = 0;
    std::vector<std::string> names;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("reproduce", "the whole comparison from scratch: trains, attacks, prints the table");
  command->add_flag(
      "--quick", o->quick,
      "the same path in about two minutes: 3 digits, two seeds, 1,500 evaluations; not a result");
  command->add_option("--seeds", o->seeds, "attack seeds 1..N per method [5; quick: 2]")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--jobs", o->jobs,
                   "attacks side by side [one per thread]; the results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command
      ->add_option("--methods", o->names,
                   "methods, separated by commas [banel-paper,banel,random,oracle-free,tail]")
      ->delimiter(',');
  command->add_option("--out", o->out, "run folder [runs/reproduce; quick: runs/quick]");
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    ReproduceSettings s = o->quick ? quick_settings() : full_settings();
    if (o->seeds) s.seeds = o->seeds;
    s.jobs = o->jobs ? o->jobs : o->threads;
    if (!o->names.empty()) {
      const Settings scale = s.methods.front().settings;  // budget and sizes of a quick or a full run
      s.methods.clear();
      for (const std::string& name : o->names) {
        s.methods.push_back(method(name));
        Settings& settings = s.methods.back().settings;
        if (o->quick)
          settings.budget = scale.budget, settings.per_round = scale.per_round,
          settings.accepted = scale.accepted;
      }
    }
    const fs::path folder = !o->out.empty() ? o->out : o->quick ? "runs/quick" : "runs/reproduce";
    set_threads(o->threads);
    const RunFolder run(folder, app, arguments);
    const Table table = reproduce(folder, s, o->mode());
    run.record();
    std::cout << to_markdown(table) << "\nWritten: " << folder.string()
              << "/table.{md,csv,json}, plots/success.{png,svg}\n";
  };
}

}  // namespace banel
