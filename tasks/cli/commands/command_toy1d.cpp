// `banel toy1d`: the one-dimensional illustration.
#include <iostream>
#include <nlohmann/json.hpp>

#include "tasks/cli/commands.h"
#include "tasks/toy1d/toy1d_figure.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct Toy1dArguments : Common {
  fs::path out;
  std::uint64_t seed = 1;
  std::size_t seeds = 200;
  bool json = false;
};

void show(const Toy1dArguments& o, const Session& session) {
  const toy1d::Illustration shown = toy1d::illustrate(o.seed);
  const toy1d::Summary summary = toy1d::summarise(o.seeds);
  Json json = to_json(shown);
  json["summary"] = to_json(summary);
  if (o.json)
    print(json);
  else
    std::cout << "A success is marked *\n" << to_text(shown) << to_text(summary);
  suggest(o.quiet || o.json, "reproduce --quick", "the same idea on strings, with networks");
  if (o.out.empty()) return;
  const RunFolder folder(o.out, session);
  write_file(o.out / "steps.json", json.dump(2) + '\n');
  const DrawList picture =
      toy1d::figure(shown, {.note = "Seed " + std::to_string(o.seed) + ", 10 samples a step"});
  write_png(picture, o.out / "toy1d.png");
  write_svg(picture, o.out / "toy1d.svg");
  folder.record();
}

}  // namespace

void declare_toy1d(Session& session) {
  auto o = std::make_shared<Toy1dArguments>();
  Command& command = session.program.command(
      "toy1d", "the paper's one-dimensional illustration, step by step: 31 values, successes at -2 and 2");
  add_seed(command, o->seed, "of the run that is shown");
  command.option("--seeds", o->seeds, "runs with the seeds 1..N that the summary is about", 1, 100'000);
  command.option("--out", o->out, "folder for steps.json and toy1d.{png,svg}").placeholder("FOLDER");
  add_json(command, o->json);
  command.flag("--quiet", o->quiet, "no advice on stderr");
  command.action([o, &session] { show(*o, session); });
}

}  // namespace banel
