#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/cli/commands/instance.h"
#include "tasks/cli/commands/overrides.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

void declare_train(Session& session) {
  struct TrainArguments : Common {
    std::string task = "addition";
    std::uint64_t instance = 1;
    Words set;
    fs::path out;
  };
  auto o = std::make_shared<TrainArguments>();
  Command& command = session.program.command(
      "train", "makes an instance of a task ready, such as its networks, for `attack --networks` and `ask`");
  command.positional("task", o->task, "`banel tasks` lists them");
  command.option("--out", o->out, "folder of the instance").placeholder("FOLDER").required();
  command.option("--instance", o->instance, "tells instances of a task apart, such as the target's seed", 0,
                 most_instances);
  command.list("--set", o->set, "KEY=VALUE", "a setting of the task; `banel tasks NAME` lists them");
  o->add_to(command);
  command.action([o, &session] {
    const TaskEntry& entry = session.all.task(o->task);
    const Overrides set = overrides(o->set, entry.settings);
    ENSURE(set.method.empty(), "--set",
           set.method.begin()->first << " is a setting of methods; " << o->task << " has no such setting");
    Instance it = make_instance(session.all, o->task, o->instance, set.task, o->out);
    set_threads(o->threads);
    const RunFolder run(o->out, "train", session);
    it.open(Access::make, o->mode());
    save_instance(o->out, it);
    run.record();
    std::cout << it.task->title() << ": ready in " << o->out.string() << '\n' << std::flush;
    if (const std::string warning = it.task->warning(); !warning.empty())
      throw ShortfallError(it.task->title() + ": " + warning);
    suggest(o->quiet, "attack --networks " + shell_path(o->out) + " --out runs/attack", "an attack on it");
  });
}

}  // namespace banel
