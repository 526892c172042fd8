#include <iostream>

#include "tasks/cli/commands.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_reproduce(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    bool quick = false;
    int digits = 5, seeds = 0, jobs = 0;
    std::vector<std::string> names;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("reproduce", "the whole comparison from scratch: trains, attacks, prints the table");
  command->add_flag("--quick", o->quick,
                    "the same path in a few minutes: 3 digits, two seeds, 1,500 evaluations; not a result");
  command
      ->add_option("--digits", o->digits,
                   "longest operand, in digits; above 5 the target learns from 36 million examples, an hour "
                   "or more")
      ->check(CLI::Range(1, addition::max_digits))
      ->capture_default_str()
      ->excludes("--quick");
  command->add_option("--seeds", o->seeds, "attack seeds 1..N per method [5; quick: 2]")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--jobs", o->jobs,
                   "attacks side by side [one per thread]; the results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command->add_option("--methods", o->names, "methods, separated by commas [all but banel-union]")
      ->delimiter(',');
  command
      ->add_option("--target", o->seed,
                   "seed of target and attacker; tables come from 1, 2, ..., settings were tuned on 101")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--out", o->out, "run folder [runs/reproduce; quick: runs/quick]");
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    ReproduceSettings s = o->quick ? quick_settings() : full_settings(o->digits);
    if (o->seeds) s.seeds = o->seeds;
    s.jobs = o->jobs ? o->jobs : o->threads;
    s.pretrain_seed = o->seed;
    if (!o->names.empty()) s.methods.clear();
    for (const std::string& name : o->names)
      s.methods.push_back(o->quick ? quick(method(name)) : method(name));
    const fs::path folder = !o->out.empty() ? o->out : o->quick ? "runs/quick" : "runs/reproduce";
    set_threads(o->threads);
    const RunFolder run(folder, app, arguments);
    const Table table = reproduce(folder, s, o->mode());
    run.record();
    std::cout << to_markdown(table) << "\nWritten: " << folder.string()
              << "/table.{md,csv,json}, plots/*.{png,svg}, report.html\n";
  };
}

}  // namespace banel
