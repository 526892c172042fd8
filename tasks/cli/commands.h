// What the commands share. Each command declares its options on the command line and what to do once they are
// read; the options live in what the action holds:
//   void declare_report(Session& session) {
//     auto run = std::make_shared<fs::path>();
//     Command& command = session.program.command("report", "tables and figures again");
//     command.positional("run", *run, "folder of a study");
//     command.action([run, &session] { report_study(*run, session.all); });
//   }
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tasks/base/progress.h"
#include "tasks/cli/command_line.h"
#include "tasks/run/registry.h"
#include "tensor/parallel.h"

namespace banel {

struct Session {  // outlives every action
  const Registry& all;
  CommandLine& program;
  Words arguments;  // argv, for the record of a run
};

void declare_study(Session&);  // study, reproduce, results, jobs
void declare_attack(Session&);
void declare_report(Session&);  // report, verify
void declare_ask(Session&);     // ask target, attacker, finds, reason, problems, rules
void declare_train(Session&);
void declare_lists(Session&);  // methods, tasks
void declare_toy1d(Session&);
void declare_bench(Session&);  // bench, doctor

// Options of several commands.
struct Common {
  bool quiet = false;
  int threads = banel::threads();

  void add_to(Command&);
  ProgressMode mode() const { return progress_mode(quiet); }
};
Option& add_seed(Command&, std::uint64_t& seed, const std::string& text);
Option& add_json(Command&, bool& json);

// Values given as a list with commas: "1,2" and "3" -> 1, 2, 3. Errors: UsageError naming the option.
Words split_at_commas(const std::string& option, const Words&);
std::vector<std::int64_t> whole_numbers(const std::string& option, const Words&, std::int64_t lowest,
                                        std::int64_t highest);

// The folder that a command works in: made if it is missing, locked against a second process, and with a
// record of the call, run.json and config.toml.
class RunFolder {
 public:
  RunFolder(const std::filesystem::path& folder, const std::string& command, const Session&);
  void record() const;  // for a call that has done its work: replaces the record of an earlier one

 private:
  std::filesystem::path folder_;
  Words arguments_;
  std::string config_;
  FolderLock lock_;
};

void print(const Json&);

std::string program_name();  // as it was called, without its folder: "banel", or one with tasks of its own

// The command that usually comes next, on stderr: "Next: banel verify runs/quick   (why)". Nothing if quiet.
void suggest(bool quiet, const std::string& command, const std::string& why);

std::string shell_word(const std::string&);            // quoted if a shell would not take it as it is
std::string shell_path(const std::filesystem::path&);  // and not to be taken for an option: ./-name
std::string call(const Session&);  // the whole call, as a shell takes it: "banel study planted --quick"

}  // namespace banel
