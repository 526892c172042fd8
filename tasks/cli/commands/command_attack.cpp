#include <iostream>
#include <utility>

#include "tasks/base/text.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/commands/finds.h"
#include "tasks/cli/commands/instance.h"
#include "tasks/cli/commands/overrides.h"
#include "tasks/run/view.h"
#include "tasks/study/instances.h"
#include "tasks/study/plan.h"
#include "tasks/study/runner.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct AttackArguments : Common {
  std::string task = "addition", method = "banel", only;
  std::uint64_t instance = 1;
  Words set;
  AttackSettings attack;
  fs::path out, networks, study;
  bool json = false;
  Option *task_given = nullptr, *instance_given = nullptr, *samples_given = nullptr;
};

Json summary(const Task& task, const Method& method, const AttackSettings& settings,
             const AttackResult& result) {
  Json json{{"method", method.name}, {"seed", settings.seed}, {"seconds", result.seconds}};
  if (const std::string warning = task.warning(); !warning.empty()) json["warning"] = warning;
  if (result.rounds.empty()) return json["ended"] = why_no_round(method), json;
  const RoundRecord& last = result.rounds.back();
  json["evaluations"] = method.consults_oracle ? last.nre : 0;
  json["final"] = to_json(*last.measured);
  json["tokens"] = last.cost.tokens;
  json["flops"] = last.cost.flops;
  return json;
}

std::string in_words(const Task& task, const Method& method, const AttackSettings& settings,
                     const AttackResult& result) {
  std::string text = attack_title(task.title(), method.name, settings.seed) + ": ";
  if (result.rounds.empty()) return text + "ended without a round: " + why_no_round(method) + '\n';
  const RoundRecord& last = result.rounds.back();
  const Measurement& m = *last.measured;
  text += "success rate " + formatted("%.4g", m.value()) + " after " +
          grouped(method.consults_oracle ? last.nre : 0) + " evaluations";
  if (!m.exact) text += " (" + grouped(m.success.k) + " of " + grouped(m.success.n) + " samples)";
  text += '\n';
  for (const ModeCount& mode : m.modes)
    if (m.modes.size() > 1)
      text += "  " + mode.name + ": " + grouped(mode.samples) + ", distinct " + grouped(mode.distinct) + '\n';
  return text;
}

// The instance that the options name; networks of an earlier command are read and never trained.
Instance instance_of(const AttackArguments& o, const Session& session) {
  if (o.networks.empty()) {
    const TaskEntry& entry = session.all.task(o.task);
    return make_instance(session.all, o.task, o.instance, overrides(o.set, entry.settings).task,
                         o.out / "instance");
  }
  const Instance found = find_instance(o.networks, session.all);
  ENSURE(!o.task_given->given() || o.task == found.name, "--task",
         o.task << " is not the task of " << o.networks.string() << ", which is " << found.name);
  ENSURE(!o.instance_given->given() || o.instance == found.number, "--instance",
         o.instance << " is not the instance of " << o.networks.string() << ", which is " << found.number);
  Values settings = found.settings;
  for (const auto& [key, value] : overrides(o.set, session.all.task(found.name).settings).task)
    settings.insert_or_assign(key, value);
  return make_instance(session.all, found.name, found.number, settings, found.folder);
}

// Runs the attack. On a terminal there is a picture of it, elsewhere a line now and then.
AttackResult watched(const AttackArguments& o, const Task& task, const Method& method,
                     const AttackSettings& settings) {
  const std::int64_t budget = method.settings.budget;
  std::optional<std::int64_t> first;  // evaluations of earlier calls
  if (o.mode() != ProgressMode::terminal) {
    Progress progress(method.name, budget, o.mode());
    return run_attack(o.out, task, method, settings, [&](std::int64_t used) {
      if (!std::exchange(first, used)) progress.resume(used);
      progress.update(used, "evaluations left " + grouped(budget - used));
    });
  }
  Live live;
  const Stopwatch watch;
  const std::string title = attack_title(task.title(), method.name, settings.seed);
  return run_attack(
      o.out, task, method, settings,
      [&](std::int64_t used) {
        if (first) return;
        first = used;
        if (used == budget) return;
        View view = view_of(title, budget, method.consults_oracle, {}, {});
        view.used = used;
        live.show(view);
      },
      [&](std::span<const Evaluation> paid, std::span<const RoundRecord> rounds) {
        View view = view_of(title, budget, method.consults_oracle, paid, rounds);
        if (const std::int64_t done = view.used - *first; done > 0)
          view.seconds_left =
              watch.seconds() * static_cast<double>(budget - view.used) / static_cast<double>(done);
        live.show(view);
      });
}

void attack(const AttackArguments& o, const Session& session) {
  Instance it = instance_of(o, session);
  const Method& chosen = session.all.method(o.method);
  const Values values = overrides(o.set, session.all.task(it.name).settings).method;
  const Method method = adapted(chosen, *it.task, values);  // refuses bad values before anything is made
  AttackSettings settings = o.attack;
  if (const bool given = o.samples_given->given(); !given || settings.samples > 0)
    settings.samples = reading_samples(*it.task, given ? settings.samples : 0);
  std::optional<RunFolder> run;
  if (o.networks.empty()) {
    run.emplace(o.out, "attack", session);
    save_instance(o.out, it);
    unpack_carried(it.folder, session.all.task(it.name), it.settings, it.number);
  }
  it.open(o.networks.empty() ? Access::make : Access::read, o.mode());
  if (const std::string warning = it.task->warning(); !warning.empty() && !o.quiet)
    std::cerr << "Warning: " << it.task->title() << ": " << warning << '\n';
  if (!run) {
    run.emplace(o.out, "attack", session);
    save_instance(o.out, it);
  }
  const AttackResult result = watched(o, *it.task, method, settings);
  run->record();
  if (o.json)
    print(summary(*it.task, method, settings, result));
  else
    std::cout << in_words(*it.task, method, settings, result);
  suggest(o.quiet || o.json || result.rounds.empty(), "ask " + shell_path(o.out), "five finds in words");
}

// One of the lines of `banel jobs`.
void attack_of_study(const AttackArguments& o, const Session& session) {
  const Row row = run_one(o.study, o.only, session.all, {.mode = o.mode(), .command = call(session)});
  if (o.json)
    print(to_json(row));
  else
    std::cout << o.only << ": success rate " << formatted("%.4g", row.final) << " after "
              << grouped(row.evaluations) << " evaluations\n";
}

}  // namespace

void declare_attack(Session& session) {
  auto o = std::make_shared<AttackArguments>();
  Command& command = session.program.command("attack", "one attack: a task, a method, a seed");
  std::vector<Option*> own{
      &command.option("--out", o->out, "folder of the attack").placeholder("FOLDER"),
      o->task_given = &command.option("--task", o->task, "`banel tasks` lists them"),
      o->instance_given =
          &command.option("--instance", o->instance,
                          "tells instances of a task apart, such as the target's seed", 0, most_instances),
      &command.option("--method", o->method, "`banel methods` lists them"),
      &add_seed(command, o->attack.seed, "of the attack"),
      &command.list("--set", o->set, "KEY=VALUE", set_help),
      o->samples_given = &command
                              .option("--samples", o->attack.samples,
                                      "samples of a reading, outside the budget", 0, 10'000'000)
                              .default_text("what the task says"),
      &command
           .option("--networks", o->networks,
                   "use what a run, another attack or `banel train` made; trains nothing")
           .placeholder("FOLDER")};
  Option& study =
      command.option("--study", o->study, "an attack of the run in this folder, as `banel jobs` prints it")
          .placeholder("FOLDER");
  for (Option* option : own) study.excludes(*option);  // the study says all that
  command.option("--only", o->only, "of --study: which attack").placeholder("[PANEL/]INSTANCE/VARIANT/SEED");
  add_json(command, o->json);
  o->add_to(command);
  command.action([o, &session] {
    ENSURE(o->study.empty() != o->out.empty(), "--out", "is required, or --study with --only");
    ENSURE(o->study.empty() == o->only.empty(), "--only", "goes with --study, and --study with it");
    set_threads(o->threads);
    o->study.empty() ? attack(*o, session) : attack_of_study(*o, session);
  });
}

}  // namespace banel
