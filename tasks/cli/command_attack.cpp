#include <utility>

#include "tasks/cli/commands.h"
#include "tasks/report/table.h"
#include "tasks/base/text.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_attack(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    fs::path networks = "runs/reproduce/pretrained";
    std::string name = "banel";
    Method given;  // values of options; used where the option was set
    std::size_t samples = 10'000;
    bool forbid_zeros = false;
    CLI::App* command = nullptr;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = o->command = app.add_subcommand("attack", "one attack: a method, a seed");
  std::string names;
  for (const Method& m : methods()) names += "\n    " + m.name + ": " + m.description;
  command->add_option("--method,--preset", o->name, "one of" + names + "\n    ")->capture_default_str();
  command->add_option("--networks", o->networks, "folder with target.safetensors and attacker.safetensors")
      ->capture_default_str();
  command->add_option("--budget", o->given.settings.budget, "evaluations in all [7500]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}));
  command->add_option("--per-round", o->given.settings.per_round, "m, evaluations per round [250]")
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option(
          "--probe", o->given.settings.probe,
          "evaluations at the beginning of a round; if none is rewarded, its other attempts are taken "
          "for failures and cost nothing; 0: all are evaluated")
      ->check(CLI::Range(0, 1'000'000));
  command->add_option("--accepted", o->given.settings.accepted, "n, proposals kept per round [2000]")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--f", o->given.settings.f, "filter factor: f n proposals are drawn, n kept")
      ->check(number_in(1.0, 1000.0));
  command->add_option("--kappa", o->given.settings.kappa, "exponent of the failure model in the ratio")
      ->check(number_in(0.0, 10.0));
  command
      ->add_option("--phi-epochs", o->given.settings.phi_epochs,
                   "passes of the failure model over the failures")
      ->check(CLI::Range(0, 10'000));
  command
      ->add_option(
          "--patience", o->given.settings.patience,
          "standard deviations by which what was earned since may fall short of the best attacker before the "
          "run goes on from there; 0: it never does")
      ->check(number_in(0.0, 1000.0));
  command
      ->add_option(
          "--restart", o->given.settings.restart,
          "rounds without a better attacker before it begins anew from the pre-trained one; 0: it never does")
      ->check(CLI::Range(0, 1'000'000));
  command
      ->add_option(
          "--scout", o->given.settings.scout,
          "about the first so many evaluations go to scouts: narrow attackers around unlikely strings, "
          "joined if they earn; 0: none; needs a method that screens and distils")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}));
  command
      ->add_option("--distil-epochs", o->given.settings.distil_epochs,
                   "passes of the attacker over the kept proposals")
      ->check(CLI::Range(0, 10'000));
  command
      ->add_option("--rate", o->given.fit.rate,
                   "learning rate of every fit [0.001; policy gradients as tuned]")
      ->check(number_in(1e-8, 1.0));
  command
      ->add_option(
          "--batch", o->given.fit.batch,
          "strings per step of every fit [64, or as tuned: 16 for small rounds, 50 for policy gradients]")
      ->check(CLI::Range(1, 65536));
  command
      ->add_option("--kl", o->given.settings.kl,
                   "policy gradients: weight of the KL penalty to the pre-trained attacker")
      ->check(number_in(0.0, 1000.0));
  command
      ->add_option("--novelty-epochs", o->given.novelty.epochs,
                   "rnd: passes of the predictor over a round's strings")
      ->check(CLI::Range(0, 10'000));
  command->add_option("--novelty-rate", o->given.novelty.rate, "rnd: learning rate of the predictor")
      ->check(number_in(1e-8, 1.0));
  command
      ->add_option("--novelty-order", o->given.novelty.order,
                   "count: characters that a prediction looks back")
      ->check(CLI::Range(0, 100));
  command->add_option("--novelty-c", o->given.novelty.c, "count: scale of the prediction gain")
      ->check(number_in(1e-6, 1e6));
  command->add_option("--temperature", o->given.temperature, "of all sampling [1]")
      ->check(number_in(1e-3, 1e3));
  command->add_flag("--forbid-leading-zeros", o->forbid_zeros, "questions with leading zeros are invalid");
  add_samples(command, o->samples);
  command->add_option("--out", o->out, "run folder")->required();
  o->add_seed(command, "of the attack");
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    Method m = method(o->name == "paper" ? "banel-paper" : o->name == "default" ? "banel" : o->name);
    const auto set = [&](const char* option, auto& field, const auto& value) {
      if (o->command->count(option)) field = value;
    };
    const Method& given = o->given;
    set("--budget", m.settings.budget, given.settings.budget);
    set("--per-round", m.settings.per_round, given.settings.per_round);
    set("--probe", m.settings.probe, given.settings.probe);
    set("--accepted", m.settings.accepted, given.settings.accepted);
    set("--f", m.settings.f, given.settings.f);
    set("--kappa", m.settings.kappa, given.settings.kappa);
    set("--phi-epochs", m.settings.phi_epochs, given.settings.phi_epochs);
    set("--patience", m.settings.patience, given.settings.patience);
    set("--restart", m.settings.restart, given.settings.restart);
    set("--scout", m.settings.scout, given.settings.scout);
    set("--distil-epochs", m.settings.distil_epochs, given.settings.distil_epochs);
    set("--kl", m.settings.kl, given.settings.kl);
    set("--rate", m.fit.rate, given.fit.rate);
    set("--batch", m.fit.batch, given.fit.batch);
    set("--novelty-epochs", m.novelty.epochs, given.novelty.epochs);
    set("--novelty-rate", m.novelty.rate, given.novelty.rate);
    set("--novelty-order", m.novelty.order, given.novelty.order);
    set("--novelty-c", m.novelty.c, given.novelty.c);
    set("--temperature", m.temperature, given.temperature);
    set_threads(o->threads);
    const Networks networks = load_networks(o->networks, !o->forbid_zeros);
    const RunFolder run(o->out, app, arguments);
    Progress progress(m.name, m.settings.budget, o->mode());
    const AttackResult result =
        run_attack(o->out, m, o->samples, networks.target, networks.attacker, networks.rules, o->seed,
                   [&, first = true](std::int64_t used) mutable {
                     if (std::exchange(first, false)) progress.resume(used);
                     progress.update(used, "evaluations left " + grouped(m.settings.budget - used));
                   });
    progress.finish();
    run.record();
    const Readings r = read(result);
    print({{"method", m.name},
           {"seed", o->seed},
           {"nre", m.consults_oracle ? r.nre : 0},
           {"final", to_json(result.rounds.back().success)},
           {"selected", r.selected},
           {"best", r.best},
           {"tokens", result.rounds.back().tokens},
           {"flops", result.rounds.back().flops},
           {"seconds", r.seconds}});
  };
}

}  // namespace banel
