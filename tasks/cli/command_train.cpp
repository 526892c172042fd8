#include "nn/io/checkpoint.h"
#include "tasks/cli/commands.h"
#include "tensor/check.h"

namespace banel {

namespace {

void add_digits(CLI::App* app, int& digits) {
  app->add_option("--digits", digits, "longest operand, in digits")
      ->check(CLI::Range(1, addition::max_digits))
      ->capture_default_str();
}

void add_training(CLI::App* app, TrainingSettings& t) {
  app->add_option("--d-model", t.network.d_model, "width of the network")
      ->check(CLI::Range(4, 1024))
      ->capture_default_str();
  app->add_option("--layers", t.network.layers, "blocks of the network")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app->add_option("--heads", t.network.heads, "attention heads; must divide --d-model")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app->add_option("--batch", t.batch, "examples per step")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app->add_option("--rate", t.rate, "peak learning rate")->check(number_in(1e-8, 1.0))->capture_default_str();
  app->add_option("--weight-decay", t.weight_decay, "decoupled weight decay of matrices and embeddings")
      ->check(number_in(0.0, 10.0))
      ->capture_default_str();
  app->add_flag("--muon,!--adamw", t.muon, "the optimiser of the matrices of the blocks")
      ->default_str(t.muon ? "--muon" : "--adamw");
  app->add_option("--examples", t.examples, "length of the schedule, in examples")
      ->check(CLI::Range(std::int64_t{1000}, std::int64_t{1} << 40))
      ->capture_default_str();
}

}  // namespace

// `banel train target` and `banel train attacker` differ in their settings and in what they call.
Action declare_train(CLI::App* train, CLI::App& app, const Arguments& arguments, bool target) {
  struct Options : Common {
    ReproduceSettings s = full_settings();
  };
  auto o = std::make_shared<Options>();
  CLI::App* command =
      target ? train->add_subcommand(
                   "target", "the network that adds; stops at the first checkpoint with a small enough error")
             : train->add_subcommand(
                   "attacker",
                   "the network that writes questions; measured against the target in the same folder");
  add_digits(command, o->s.digits);
  add_training(command, target ? o->s.target.training : o->s.attacker.training);
  if (target) {
    command
        ->add_option("--length-draws", o->s.target.length_draws,
                     "length of an operand in the training data: the longest of so many uniform draws")
        ->check(CLI::Range(1, 16))
        ->capture_default_str();
    command
        ->add_option("--nines", o->s.target.nines,
                     "probability in the training data that a digit is made nine minus the one above it")
        ->check(number_in(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--stop-error", o->s.target.stop_error, "share of wrong answers to stop at")
        ->check(number_in(0.0, 1.0))
        ->capture_default_str();
    command->add_option("--check-every", o->s.target.check_every, "examples between checkpoints")
        ->check(CLI::Range(1000, 1 << 30))
        ->capture_default_str();
  }
  command
      ->add_option(
          "--out", o->out,
          target ? "folder of the networks" : "folder of the networks; it must hold target.safetensors")
      ->required();
  o->add_seed(command, "of weights and examples");
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments, target] {
    set_threads(o->threads);
    const NetworkSettings& n = (target ? o->s.target.training : o->s.attacker.training).network;
    ENSURE(n.d_model % n.heads == 0, "--heads", n.heads << " does not divide --d-model " << n.d_model);
    if (target) {
      const RunFolder folder(o->out, app, arguments);
      train_target(o->out, o->s.target, o->s.digits, o->seed, o->mode());
      folder.record();
    } else {
      const GPT judge = load_checkpoint(o->out / "target.safetensors").model;
      const int digits = digits_of(judge, o->out / "target.safetensors");
      ENSURE_AS(digits == o->s.digits, InputError, o->out.string(),
                "target.safetensors adds " << digits << " digits, not " << o->s.digits << "; give --digits "
                                           << digits);
      const RunFolder folder(o->out, app, arguments);
      train_attacker(o->out, o->s.attacker, digits, o->seed, judge, o->mode());
      folder.record();
    }
    print(read_json(o->out / (target ? "target.json" : "attacker.json")));
  };
}

}  // namespace banel
