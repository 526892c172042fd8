// `banel study`, `banel reproduce`, `banel jobs` and `banel results`: tables from studies.
#include <iostream>
#include <set>

#include "tasks/base/text.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/commands/overrides.h"
#include "tasks/cli/help.h"
#include "tasks/study/results.h"
#include "tasks/study/runner.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct StudyArguments : Common {
  std::string name;
  fs::path out, runs = "runs/results";
  bool quick = false, list = false, json = false, from_scratch = false;
  Words variants, instances, set, names;
  int seeds = 0, jobs = 0;
  Option* out_given = nullptr;
};

// The values of a list with commas. A name of `known` may hold a comma itself.
Words names_of(const std::string& option, const Words& given, const Words& known) {
  Words names;
  for (const std::string& word : given) {
    const bool whole = std::ranges::find(known, word) != known.end();
    for (const std::string& name : whole ? Words{word} : split_at_commas(option, {word}))
      names.push_back(name);
  }
  return names;
}

// The study as the options change it.
Study chosen(const StudyArguments& o, const Registry& all) {
  ENSURE(!o.name.empty(), "NAME", "is required; `banel study --list` shows the studies");
  Study study = read_study(o.name, all, o.quick);
  Selection selection;
  Words known;
  for (const Variant& v : study.variants) known.push_back(v.name);
  selection.variants = names_of("--variants", o.variants, known);
  for (const std::int64_t instance : whole_numbers("--instances", o.instances, 0, most_instances))
    selection.instances.push_back(static_cast<std::uint64_t>(instance));
  if (o.seeds) study.seeds.clear();
  for (int seed = 1; seed <= o.seeds; ++seed) study.seeds.push_back(static_cast<std::uint64_t>(seed));
  select(study, all, selection);
  std::set<std::string> keys;
  for (const std::string& assignment : o.set) {
    const std::string key = key_and_value(assignment).first;
    ENSURE(keys.insert(key).second, "--set", key << " is given twice");
  }
  change_all(study, all, o.set);
  return study;
}

// runs/NAME, of a quick run runs/NAME-quick; of the first study runs/quick.
fs::path run_of(const StudyArguments& o) {
  if (!o.out.empty()) return o.out;
  const std::string name = fs::path(o.name).stem().string();
  return fs::path("runs") / (!o.quick ? name : name == "reproduce" ? "quick" : name + "-quick");
}

StudyOptions running(const StudyArguments& o, const Session& session) {
  set_threads(o.threads);
  StudyOptions options{.jobs = o.jobs ? o.jobs : o.threads,
                       .from_scratch = o.from_scratch,
                       .mode = o.mode(),
                       .command = call(session)};
  if (!o.quiet && !o.json) options.say = [](const std::string& text) { std::cerr << text << '\n'; };
  return options;
}

// "3 minutes": of one core, spread over those that this machine has.
std::string expected_time(const Study& s) {
  const double runs = static_cast<double>(instance_count(s)),
               attacks = runs * static_cast<double>(s.variants.size() * s.seeds.size());
  const double seconds = (runs * s.instance_seconds + attacks * s.seconds) / threads();
  if (seconds <= 0) return "";
  const char* const unit = seconds < 90 ? " seconds" : seconds < 5400 ? " minutes" : " hours";
  return ", about " +
         fixed(seconds < 90     ? seconds
               : seconds < 5400 ? seconds / 60
                                : seconds / 3600,
               0) +
         unit;
}

void print_studies(const Session& session) {
  for (const std::string& name : study_names()) {
    const Study full = read_study(name, session.all), quick = read_study(name, session.all, true);
    std::cout << name << ": " << (full.sentence.empty() ? full.title + "." : full.sentence) << " ("
              << full.variants.size() << " variants" << expected_time(full) << "; --quick"
              << expected_time(quick) << ")\n";
  }
}

void study(const StudyArguments& o, const Session& session) {
  if (o.list) return print_studies(session);
  const Study chosen_study = chosen(o, session.all);
  const fs::path folder = run_of(o);
  const Table table = run_study(folder, chosen_study, session.all, running(o, session));
  if (o.json) {
    std::cout << read_file(folder / "rows.json");
    return;
  }
  std::cout << to_terminal(table, static_cast<int>(help_columns())) << "\nWritten: " << folder.string()
            << "/table.{md,csv}, rows.json, plots/*.{png,svg}, report.html\n";
  suggest(o.quiet, "ask " + shell_path(folder), "five finds in words");
}

void print_jobs(const StudyArguments& o, const Session& session) {
  const fs::path folder = run_of(o);
  ENSURE(folder.string().find('\n') == std::string::npos, "--out",
         "its name has a line break, and each job is one line; choose another folder");
  for (const std::string& attack : missing_attacks(folder, chosen(o, session.all), session.all))
    std::cout << shell_word(session.arguments[0]) << " attack --quiet --threads " << o.threads << " --study "
              << shell_path(folder) << " --only " << shell_word(attack) << '\n';
  suggest(o.quiet, "report " + shell_path(folder), "the table, when the attacks are done");
}

void results(const StudyArguments& o, const Session& session) {
  for (const std::string& file :
       run_results(o.out, o.runs, session.all, running(o, session), split_at_commas("--only", o.names)))
    std::cout << "Written: " << (o.out / file).string() << '\n';
}

using Declared = std::pair<Command&, std::shared_ptr<StudyArguments>>;

Declared study_command(Session& session, const char* name, const char* sentence,
                       void (*act)(const StudyArguments&, const Session&)) {
  auto o = std::make_shared<StudyArguments>();
  Command& command = session.program.command(name, sentence);
  o->add_to(command);
  command.action([o, act, &session] { act(*o, session); });
  return {command, o};
}

void add_choice(Command& command, StudyArguments& o) {
  command.flag("--quick", o.quick, "the study's short form");
  command.list("--variants", o.variants, "A,B", "only these variants, or any methods");
  command.option("--seeds", o.seeds, "attack seeds 1..N of every variant", 1, 1000)
      .default_text("the study's");
  command.list("--instances", o.instances, "1,2",
               "these instances of the task, such as the seeds of targets");
  command.list("--set", o.set, "KEY=VALUE",
               "a setting of the task, in every panel; or of methods, for every variant that uses it; "
               "VARIANT.KEY=VALUE for one variant");
  command.option("--out", o.out, "folder of the run").placeholder("FOLDER").default_text("runs/NAME");
}

void add_running(Command& command, StudyArguments& o) {
  command.option("--jobs", o.jobs, "attacks side by side; results do not depend on it", 1, 1024)
      .default_text("one per thread");
  command.flag("--from-scratch", o.from_scratch, "trains again the networks that the program carries");
}

}  // namespace

void declare_study(Session& session) {
  {
    const auto [command, o] =
        study_command(session, "reproduce",
                      "attacks target 5 with the main methods and controls, and prints the table", study);
    o->name = "reproduce";
    add_choice(command, *o);
    add_running(command, *o);
    add_json(command, o->json);
  }
  {
    const auto [command, o] =
        study_command(session, "study", "runs a study, or goes on with it, and prints its table", study);
    Option& name = command.positional("name", o->name, "one of --list, or a TOML file").optional();
    command.flag("--list", o->list, "shows the studies there are, and how long each takes").excludes(name);
    add_choice(command, *o);
    add_running(command, *o);
    add_json(command, o->json);
  }
  {
    const auto [command, o] = study_command(
        session, "jobs",
        "one line for each missing attack of a study: for xargs, GNU parallel or a Slurm array", print_jobs);
    command.positional("name", o->name, "one of `banel study --list`, or a TOML file");
    add_choice(command, *o);
  }
  {
    const auto [command, o] = study_command(
        session, "results", "runs every study that tasks/results shows, and writes it there", results);
    o->out = "tasks/results";
    command.option("--out", o->out, "where tables and figures go").placeholder("FOLDER");
    command.option("--runs", o->runs, "folder of the runs").placeholder("FOLDER");
    command.list("--only", o->names, "A,B", "only these studies");
    add_running(command, *o);
  }
}

}  // namespace banel
