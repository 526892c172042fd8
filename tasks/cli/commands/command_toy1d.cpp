// `banel toy1d`: the one-dimensional illustration.
#include <iostream>
#include <optional>

#include "tasks/cli/commands.h"
#include "tasks/toy1d/toy1d_figure.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct Toy1dArguments : Common {
  fs::path out;
  std::uint64_t seed = 1;
  std::size_t seeds = 200;
  bool json = false, step = false, first_steps = false;
};

void show(const Toy1dArguments& o, const Session& session) {
  if (o.first_steps) {
    std::cout << toy1d::first_steps_in_sentences(o.seed);
    return suggest(o.quiet, "attack --instance 5 --out runs/first", "the same on strings, with networks");
  }
  const toy1d::Illustration shown = toy1d::illustrate(o.seed);
  if (o.step) {
    std::cout << "* success   o may still be drawn   . ruled out\n" << toy1d::in_sentences(shown);
    return suggest(o.quiet, "toy1d --first-steps", "the same with a failure model that is distilled");
  }
  std::optional<RunFolder> folder;  // refused before the work
  if (!o.out.empty()) folder.emplace(o.out, "toy1d", session);
  const toy1d::Summary summary = toy1d::summarise(o.seeds);
  Json json = to_json(shown);
  json["summary"] = to_json(summary);
  if (o.json)
    print(json);
  else
    std::cout << "A success is marked *\n" << to_text(shown) << to_text(summary);
  suggest(o.quiet || o.json, "reproduce --quick", "the same idea on strings, with networks");
  if (!folder) return;
  write_file(o.out / "steps.json", json.dump(2) + '\n');
  const DrawList picture =
      toy1d::figure(shown, {.note = "Seed " + std::to_string(o.seed) + ", 10 samples a step"});
  write_png(picture, o.out / "toy1d.png");
  write_svg(picture, o.out / "toy1d.svg");
  folder->record();
}

}  // namespace

void declare_toy1d(Session& session) {
  auto o = std::make_shared<Toy1dArguments>();
  Command& command = session.program.command(
      "toy1d", "the paper's one-dimensional illustration, step by step: 31 values, successes at -2 and 2");
  add_seed(command, o->seed, "of the run that is shown");
  Option& seeds =
      command.option("--seeds", o->seeds, "runs with the seeds 1..N that the summary is about", 1, 100'000);
  Option& out =
      command.option("--out", o->out, "folder for steps.json and toy1d.{png,svg}").placeholder("FOLDER");
  Option& json = add_json(command, o->json);
  Option& step = command.flag("--step", o->step, "instead: each round in a sentence");
  Option& first =
      command.flag("--first-steps", o->first_steps, "instead: each round of banel/first_steps.cpp");
  step.excludes(seeds).excludes(out).excludes(json).excludes(first);
  first.excludes(seeds).excludes(out).excludes(json);
  command.flag("--quiet", o->quiet, "no advice on stderr");
  command.action([o, &session] { show(*o, session); });
}

}  // namespace banel
