#include <iostream>

#include "nn/io/checkpoint.h"
#include "tasks/cli/commands.h"
#include "tasks/addition/rules.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

Action declare_rules(CLI::App& app) {
  struct Options : Common {
    fs::path target = "runs/reproduce/pretrained/target.safetensors", attacker;
    std::size_t samples = 10'000;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "rules",
      "the attack written by hand from the failure modes, and which rule explains an attacker's finds");
  command->add_option("--target", o->target, "target.safetensors of at least 5 digits")
      ->capture_default_str();
  command->add_option("--attacker", o->attacker, "attacker.safetensors whose finds are to be explained");
  command->add_option("--samples", o->samples, "fresh questions of each rule, and samples of the attacker")
      ->check(CLI::Range(100, 100'000'000))
      ->capture_default_str();
  command->add_option("--out", o->out, "folder for rules.md and rules.json");
  o->add_seed(command, "of questions and samples");
  o->add_threads(command);
  return [o] {
    set_threads(o->threads);
    const GPT target = load_checkpoint(o->target).model;
    const int digits = digits_of(target, o->target);
    std::vector<Proposal> found;
    if (!o->attacker.empty()) {
      const GptGenerator attacker(load_checkpoint(o->attacker).model, {});
      check_attacker(attacker.model(), digits, o->attacker);
      found = attacker.sample(o->samples, {o->seed, "rules attacker"});
    }
    const std::vector<RuleRow> rows =
        try_rules(addition_judge(target, {digits}), digits, o->samples, {o->seed, "rules"}, found);
    std::cout << to_markdown(rows);
    if (o->out.empty()) return;
    create_folders(o->out);
    write_file(o->out / "rules.md", to_markdown(rows));
    write_file(o->out / "rules.json", to_json(rows).dump(2) + '\n');
  };
}

}  // namespace banel
