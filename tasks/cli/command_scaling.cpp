#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/study/scaling.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_scaling(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    fs::path networks = "runs/reproduce/pretrained";
    ScalingSettings s;
  };
  auto o = std::make_shared<Options>();
  o->out = "runs/scaling";
  CLI::App* command = app.add_subcommand(
      "scaling",
      "success against epochs of the failure model, leading zeros forbidden, beside baselines and controls");
  command->add_option("--networks", o->networks, "folder with target.safetensors and attacker.safetensors")
      ->capture_default_str();
  command->add_option("--epochs", o->s.phi_epochs, "passes of the failure model, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command->add_option("--kappa", o->s.kappa, "exponent of the failure model in the ratio of banel")
      ->check(number_in(0.0, 10.0))
      ->capture_default_str();
  command
      ->add_option("--scout", o->s.scout,
                   "evaluations of scouts before the loop of banel; fewer than --budget")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}))
      ->capture_default_str();
  command->add_option("--references", o->s.references, "methods without such epochs, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  add_seeds(command, o->s.seeds, "point");
  command->add_option("--budget", o->s.budget, "evaluations of each run")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
      ->capture_default_str();
  add_samples(command, o->s.measured_samples);
  command
      ->add_option("--base-samples", o->s.base_samples, "samples for the pre-trained attacker's success rate")
      ->check(CLI::Range(100, 1'000'000'000))
      ->capture_default_str();
  command->add_option("--out", o->out, "run folder")->capture_default_str();
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    o->s.jobs = o->threads;
    set_threads(o->threads);
    const Networks networks = load_networks(o->networks, false);
    const RunFolder run(o->out, app, arguments);
    const std::string table = scaling(o->out, networks, o->s, o->mode());
    run.record();
    std::cout << table << "\nWritten: " << o->out.string()
              << "/scaling.{md,json}, and plots/scaling.{png,svg} of two epochs and more\n";
  };
}

}  // namespace banel
