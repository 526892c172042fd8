// `banel eval` and `banel sample`: what a network can do.
#include <iostream>

#include "nn/io/checkpoint.h"
#include "tasks/cli/commands.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_eval(CLI::App& app) {
  struct Options : Common {
    fs::path target, attacker;
    std::size_t samples = 100'000;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "eval", "error of a target on fresh questions, or success rate of an attacker against it");
  command->add_option("--target", o->target, "target.safetensors")->required();
  command->add_option("--attacker", o->attacker,
                      "attacker.safetensors; without it the target itself is measured");
  command->add_option("--samples", o->samples, "fresh questions or samples")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  o->add_seed(command, "of the questions or samples");
  o->add_threads(command);
  return [o] {
    set_threads(o->threads);
    const GPT target = load_checkpoint(o->target).model;
    const int digits = digits_of(target, o->target);
    if (o->attacker.empty())
      return print(to_json(measure_errors(target, digits, o->samples, {o->seed, "eval"})));
    const GptGenerator attacker(load_checkpoint(o->attacker).model, {});
    check_attacker(attacker.model(), digits, o->attacker);
    print(to_json(measure_samples(attacker, addition_judge(target, {digits}), {digits}, o->samples,
                                  {o->seed, "eval"})));
  };
}

Action declare_sample(CLI::App& app) {
  struct Options : Common {
    fs::path attacker;
    std::size_t n = 10;
    double temperature = 1;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("sample", "strings of an attacker with their log-likelihood in nats, one per line");
  command->add_option("--attacker", o->attacker, "attacker.safetensors")->required();
  command->add_option("-n", o->n, "strings")->check(CLI::Range(1, 100'000'000))->capture_default_str();
  command->add_option("--temperature", o->temperature, "above 0; 1 is the network's own distribution")
      ->check(number_in(1e-3, 1e3))
      ->capture_default_str();
  o->add_seed(command, "of the samples");
  return [o] {
    const GptGenerator attacker(load_checkpoint(o->attacker).model, {}, o->temperature);
    ENSURE_AS(attacker.model().config().vocabulary == addition::vocabulary, InputError, o->attacker.string(),
              "is no attacker of the addition task");
    for (const Proposal& p : attacker.sample(o->n, {o->seed, "sample"}))
      std::cout << p.text << '\t' << p.log_prob << '\n';
  };
}

}  // namespace banel
