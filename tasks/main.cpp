// The command line: what can be asked for, with ranges and defaults. What is done stands in the other files.
#include <CLI/CLI.hpp>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "nn/checkpoint.h"
#include "nn/file.h"
#include "tasks/gpt_generator.h"
#include "tasks/reproduce.h"
#include "tasks/system.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

namespace fs = std::filesystem;

constexpr const char* exit_codes =
    "Exit codes: 0 ok, 1 failure while computing, 2 bad usage or value, 3 bad input file, 4 reading or "
    "writing failed, "
    "6 evaluation budget refused, 130 interrupted (the same command goes on where it stopped).";

struct Common {  // options of several commands
  bool quiet = false;
  int threads = banel::threads();
  fs::path out;
  std::uint64_t seed = 1;

  void add_threads(CLI::App* app) {
    app->add_option("--threads", threads, "threads; the results do not depend on it")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
  }
  void add_quiet(CLI::App* app) { app->add_flag("--quiet", quiet, "no progress on stderr"); }
  void add_seed(CLI::App* app, const char* text) {
    app->add_option("--seed", seed, text)
        ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
        ->capture_default_str();
  }
  ProgressMode mode() const { return progress_mode(quiet); }
};

// CLI::Range lets NaN pass.
CLI::Validator number_in(double lo, double hi) {
  std::ostringstream text;
  text << lo << " - " << hi;
  const std::string range = text.str();
  return CLI::Validator(
      [=](std::string& given) {
        double x = 0;
        const bool inside = CLI::detail::lexical_cast(given, x) && x >= lo && x <= hi;
        return inside ? std::string() : "Value " + given + " not in range " + range;
      },
      "FLOAT in [" + range + "]");
}

// The run folder: created, locked against a second process, with a record of what made it.
class RunFolder {
 public:
  RunFolder(const fs::path& folder, const CLI::App& app, const std::vector<std::string>& arguments)
      : folder_(folder), run_(system_info()), config_(app.config_to_str(false)), lock_(make(folder)) {
    run_["arguments"] = arguments;
    if (!fs::exists(folder / "run.json"))
      record();  // a call that is refused must not replace the record of another
  }

  void record() const {  // for a call that has done its work
    write_file(folder_ / "run.json", run_.dump(2) + '\n');
    write_file(folder_ / "config.toml", config_);
  }

 private:
  static const fs::path& make(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    ENSURE_AS(!error, IoError, folder.string(),
              "the folder cannot be made (" << error.message() << "); choose another --out");
    return folder;
  }
  fs::path folder_;
  Json run_;
  std::string config_;
  FolderLock lock_;
};

// The longest operand a target was made for. Errors: InputError if it is no addition target.
int digits_of(const GPT& target, const fs::path& file) {
  const GPTConfig& c = target.config();
  const int digits = (c.context - 3) / 3;
  ENSURE_AS(c.vocabulary == addition::vocabulary && c.context == 3 * digits + 3 && digits >= 1 &&
                digits <= addition::max_digits,
            InputError, file.string(),
            "is no addition target (vocabulary " << c.vocabulary << ", context " << c.context << ")");
  return digits;
}

void check_attacker(const GPT& attacker, int digits, const fs::path& file) {
  const GPTConfig& c = attacker.config();
  ENSURE_AS(c.vocabulary == addition::vocabulary && c.context == 2 * digits + 2, InputError, file.string(),
            "is no attacker for " << digits << " digits (vocabulary " << c.vocabulary << ", context "
                                  << c.context << ")");
}

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
  app->add_option("--examples", t.examples, "length of the schedule, in examples")
      ->check(CLI::Range(std::int64_t{1000}, std::int64_t{1} << 40))
      ->capture_default_str();
}

void print(const Json& json) { std::cout << json.dump(2) << '\n'; }

// A command is declared with its options and returns what to do once they are parsed.
using Action = std::function<void()>;

Action declare_reproduce(CLI::App& app, const std::vector<std::string>& arguments) {
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

// `banel train target` and `banel train attacker` differ in their settings and in what they call.
Action declare_train(CLI::App* train, CLI::App& app, const std::vector<std::string>& arguments, bool target) {
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
    print(Json::parse(read_file(o->out / (target ? "target.json" : "attacker.json"))));
  };
}

// target.safetensors and attacker.safetensors of one folder, and the digits they were made for.
struct Networks {
  GPT target, attacker;
  int digits;
};
Networks load_networks(const fs::path& folder) {
  GPT target = load_checkpoint(folder / "target.safetensors").model,
      attacker = load_checkpoint(folder / "attacker.safetensors").model;
  const int digits = digits_of(target, folder / "target.safetensors");
  check_attacker(attacker, digits, folder / "attacker.safetensors");
  return {std::move(target), std::move(attacker), digits};
}

Action declare_attack(CLI::App& app, const std::vector<std::string>& arguments) {
  struct Options : Common {
    fs::path networks = "runs/reproduce/pretrained";
    std::string name = "banel";
    Settings given;  // values of options; used where the option was set
    AttackSettings attack;
    CLI::App* command = nullptr;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = o->command = app.add_subcommand("attack", "one attack: a method, a seed");
  std::string names;
  for (const Method& m : methods()) names += "\n    " + m.name + ": " + m.description;
  command->add_option("--method,--preset", o->name, "one of" + names + "\n    ")->capture_default_str();
  command->add_option("--networks", o->networks, "folder with target.safetensors and attacker.safetensors")
      ->capture_default_str();
  command->add_option("--budget", o->given.budget, "evaluations in all [7500]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}));
  command->add_option("--per-round", o->given.per_round, "m, evaluations per round [250]")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--accepted", o->given.accepted, "n, proposals kept per round [2000]")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--f", o->given.f, "filter factor: f n proposals are drawn, n kept")
      ->check(number_in(1.0, 1000.0));
  command->add_option("--kappa", o->given.kappa, "exponent of the failure model in the ratio")
      ->check(number_in(0.0, 10.0));
  command->add_option("--phi-epochs", o->given.phi_epochs, "passes of the failure model over the failures")
      ->check(CLI::Range(0, 10'000));
  command
      ->add_option("--distil-epochs", o->given.distil_epochs,
                   "passes of the attacker over the kept proposals")
      ->check(CLI::Range(0, 10'000));
  command->add_option("--rate", o->attack.fit.rate, "learning rate of both fits")
      ->check(number_in(1e-8, 1.0))
      ->capture_default_str();
  command
      ->add_option("--samples", o->attack.measured_samples,
                   "samples measured after each round, outside the budget")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str();
  command->add_option("--out", o->out, "run folder")->required();
  o->add_seed(command, "of the attack");
  o->add_threads(command);
  o->add_quiet(command);
  return [o, &app, &arguments] {
    Method m = method(o->name == "paper" ? "banel-paper" : o->name == "default" ? "banel" : o->name);
    const auto set = [&](const char* option, auto& field, auto value) {
      if (o->command->count(option)) field = value;
    };
    set("--budget", m.settings.budget, o->given.budget);
    set("--per-round", m.settings.per_round, o->given.per_round);
    set("--accepted", m.settings.accepted, o->given.accepted);
    set("--f", m.settings.f, o->given.f);
    set("--kappa", m.settings.kappa, o->given.kappa);
    set("--phi-epochs", m.settings.phi_epochs, o->given.phi_epochs);
    set("--distil-epochs", m.settings.distil_epochs, o->given.distil_epochs);
    set_threads(o->threads);
    const Networks networks = load_networks(o->networks);
    const RunFolder run(o->out, app, arguments);
    Progress progress(m.name, m.settings.budget, o->mode());
    const AttackResult result =
        run_attack(o->out, m, o->attack, networks.target, networks.attacker, networks.digits, o->seed,
                   [&](std::int64_t used) {
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
           {"seconds", r.seconds}});
  };
}

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
    print(to_json(
        measure_samples(attacker, addition_judge(target, digits), digits, o->samples, {o->seed, "eval"})));
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

int command_line(int argc, char** argv) {
  CLI::App app("banel: learning from failures alone (arXiv 2510.09596)\n" + std::string(exit_codes), "banel");
  app.set_version_flag("--version", "banel " BANEL_VERSION);
  app.set_config("--config", "", "options from a TOML file; command-line options win", false);
  app.allow_config_extras(false);
  app.require_subcommand(1);
  const std::vector<std::string> arguments(argv, argv + argc);
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
  const auto fail = [](int code, const char* text) {
    std::cerr << "banel: " << text << '\n';
    return code;
  };
  try {
    banel::stop_on_signals();
    return banel::command_line(argc, argv);
  } catch (const banel::Interrupted&) {
    return fail(130, "interrupted; the same command goes on where it stopped");
  } catch (const banel::UsageError& error) {
    return fail(2, error.what());
  } catch (const banel::InputError& error) {
    return fail(3, error.what());
  } catch (const banel::IoError& error) {
    return fail(4, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(4, error.what());
  } catch (const banel::BudgetError& error) {
    return fail(6, error.what());
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}
