// `banel report` and `banel verify`: a run read again from its files.
#include <iostream>

#include "tasks/base/text.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/help.h"
#include "tasks/study/runner.h"
#include "tasks/study/verify/verify.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct ReportArguments : Common {
  fs::path run = "runs/reproduce";
};

void report(const ReportArguments& o, const Session& session) {
  set_threads(o.threads);
  const Table table = report_study(o.run, session.all, {.mode = o.mode(), .command = call(session)});
  std::cout << to_terminal(table, static_cast<int>(help_columns())) << "\nWritten: " << o.run.string()
            << "/table.{md,csv}, rows.json, plots/*.{png,svg}, report.html\n";
  suggest(o.quiet, "verify " + shell_path(o.run), "derives the run again from its files");
}

struct VerifyArguments : Common {
  fs::path run = "runs/reproduce";
  bool fast = false, rerun = false;
};

void check(const VerifyArguments& o, const Session& session) {
  set_threads(o.threads);
  const Verification found = verify(o.run, session.all,
                                    o.fast    ? Depth::fast
                                    : o.rerun ? Depth::rerun
                                              : Depth::usual,
                                    o.mode());
  for (const std::string& difference : found.differences) std::cout << difference << '\n';
  std::cout << grouped(static_cast<std::int64_t>(found.attacks)) << " attacks and "
            << grouped(found.evaluations) << " evaluations derived again, "
            << grouped(std::ssize(found.differences)) << " differences\n";
  for (const std::string& what : found.unchecked) std::cout << "not checked: " << what << '\n';
  ENSURE_AS(found.differences.empty(), VerificationError, o.run.string(),
            "its files do not agree; see the differences above");
}

// Declares a command about the run folder that `arguments` name.
template <class Arguments>
Command& declare(Session& session, const char* name, const char* sentence,
                 const std::shared_ptr<Arguments>& arguments, void (*act)(const Arguments&, const Session&)) {
  Command& command = session.program.command(name, sentence);
  command.positional("run", arguments->run, "folder of a study")
      .default_text(arguments->run.string())
      .optional();
  arguments->add_to(command);
  command.action([arguments, act, &session] { act(*arguments, session); });
  return command;
}

}  // namespace

void declare_report(Session& session) {
  declare(session, "report", "writes tables, figures and report.html again from the finished attacks",
          std::make_shared<ReportArguments>(), report);
  const auto o = std::make_shared<VerifyArguments>();
  Command& command =
      declare(session, "verify", "derives a run again from its files: ledgers, logs, last attackers, tables",
              o, check);
  command.flag("--fast", o->fast, "asks no network: hashes, counts, settings, tables and figures")
      .excludes(command.flag("--rerun", o->rerun,
                             "also makes instances and attacks again, which takes as long as the run did"));
}

}  // namespace banel
