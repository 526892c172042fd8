// `banel toy1d`: the one-dimensional illustration.
#include <iostream>

#include "tasks/cli/commands.h"
#include "tasks/toy1d/toy1d_figure.h"

namespace banel {

Action declare_toy1d(CLI::App& app, const Arguments& arguments) {
  struct Options : Common {
    std::size_t seeds = 200;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "toy1d", "the paper's one-dimensional illustration, step by step: 31 values, successes at -2 and 2");
  o->add_seed(command, "of the run that is shown");
  command->add_option("--seeds", o->seeds, "runs with the seeds 1..N that the summary is about")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--out", o->out, "folder for steps.json and toy1d.{png,svg} [none]");
  return [o, &app, &arguments] {
    const toy1d::Illustration shown = toy1d::illustrate(o->seed);
    const toy1d::Summary summary = toy1d::summarise(o->seeds);
    std::cout << "A success is marked *\n" << to_text(shown) << to_text(summary);
    if (o->out.empty()) return;
    const RunFolder folder(o->out, app, arguments);
    Json json = to_json(shown);
    json["summary"] = to_json(summary);
    write_file(o->out / "steps.json", json.dump(2) + '\n');
    const DrawList figure =
        toy1d::figure(shown, {.note = "Seed " + std::to_string(o->seed) + ", 10 samples a step"});
    write_png(figure, o->out / "toy1d.png");
    write_svg(figure, o->out / "toy1d.svg");
    folder.record();
  };
}

}  // namespace banel
