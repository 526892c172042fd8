// `banel study`, `banel reproduce` and `banel jobs`: a table from a study.
#include <iostream>
#include <nlohmann/json.hpp>

#include "tasks/base/text.h"
#include "tasks/cli/chosen_study.h"
#include "tasks/cli/commands.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct Options : Common {
  StudyChoice choice;
  fs::path out;
  int jobs = 0;
  bool list = false, json = false;

  int side_by_side() const { return jobs ? jobs : threads; }
};

// runs/NAME, and for a quick run runs/NAME-quick; the first study's is runs/quick.
fs::path run_of(const Options& o) {
  if (!o.out.empty()) return o.out;
  const std::string name = fs::path(o.choice.name).stem().string();
  return fs::path("runs") / (!o.choice.quick ? name : name == "reproduce" ? "quick" : name + "-quick");
}

void print_studies(const Session& session) {
  for (const std::string& name : study_names()) {
    const Study study = read_study(name, session.all, false);
    const std::size_t attacks = attacks_of(study);
    const std::string time = expected_time(study, attacks, threads());
    std::cout << name << ": " << study.sentence << " (" << grouped(std::ssize(study.variants)) << " variants, "
              << grouped(static_cast<std::int64_t>(attacks)) << " attacks" << (time.empty() ? "" : ", ") << time
              << ")\n";
  }
}

void announce(const Options& o, const fs::path& folder, const Study& study, const Session& session) {
  if (o.quiet || o.json) return;
  const std::size_t attacks = attacks_of(study), missing = missing_jobs(folder, study, session.all).size();
  const std::string time = expected_time(study, missing, o.side_by_side());
  std::cerr << study.title << ": " << grouped(static_cast<std::int64_t>(attacks)) << " attacks, "
            << grouped(static_cast<std::int64_t>(attacks - missing)) << " of them finished in " << folder.string();
  if (missing && !time.empty())
    std::cerr << "; the others take " << time << " with " << o.side_by_side() << " side by side";
  std::cerr << '\n';
}

void study(const Options& o, const Session& session) {
  if (o.list) return print_studies(session);
  ENSURE(!o.choice.name.empty(), "NAME", "is required; `banel study --list` shows the studies");
  const Study chosen = chosen_study(o.choice, session.all);
  const fs::path folder = run_of(o);
  set_threads(o.threads);
  const RunFolder run(folder, session);
  announce(o, folder, chosen, session);
  run_study(folder, chosen, session.all, {.jobs = o.side_by_side(), .mode = o.mode()});
  run.record();
  if (o.json) {
    std::cout << read_file(folder / "rows.json");
    return;
  }
  std::cout << read_file(folder / "table.md") << "\nWritten: " << folder.string()
            << "/table.{md,csv}, rows.json, plots/*.{png,svg}, report.html\n";
  suggest(o.quiet, "banel ask " + shell_word(folder), "five finds in words, and the rule that explains each");
}

void print_jobs(const Options& o, const Session& session) {
  const Study chosen = chosen_study(o.choice, session.all);
  for (const std::string& job : missing_jobs(run_of(o), chosen, session.all)) std::cout << job << '\n';
  suggest(o.quiet, "banel report " + shell_word(run_of(o)), "when the attacks are done: their table");
}

enum class Name { given, fixed };  // of the study

// The command with the options that all three have.
std::pair<Command&, std::shared_ptr<Options>> declare(Session& session, const char* command_name, const char* sentence,
                                                      Name name, void (*act)(const Options&, const Session&)) {
  auto o = std::make_shared<Options>();
  Command& command = session.program.command(command_name, sentence);
  if (name == Name::fixed)
    o->choice.name = command_name;
  else
    command.positional("name", o->choice.name, "one of `banel study --list`, or a TOML file");
  o->choice.add_to(command);
  command.option("--out", o->out, "folder of the run").placeholder("FOLDER").default_text("runs/NAME");
  o->add_to(command);
  command.action([o, act, &session] { act(*o, session); });
  return {command, o};
}

void add_running(Command& command, Options& o) {
  command.option("--jobs", o.jobs, "attacks side by side; results do not depend on it", 1, 1024)
      .default_text("one per thread");
  add_json(command, o.json);
}

}  // namespace

void declare_study(Session& session) {
  const auto [reproduce, of_reproduce] =
      declare(session, "reproduce", "the first study, the paper's comparison: trains, attacks, prints the table",
              Name::fixed, study);
  add_running(reproduce, *of_reproduce);
  const auto [any, of_any] =
      declare(session, "study", "runs a study, or goes on with it, and prints its table", Name::given, study);
  add_running(any, *of_any);
  any.flag("--list", of_any->list, "shows the studies there are, and how long each takes");
  declare(session, "jobs",
          "one line for each missing attack of a study: for xargs, GNU parallel or a Slurm array", Name::given, print_jobs);
}

}  // namespace banel
