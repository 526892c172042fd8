// `banel report` and `banel verify`: a run read again from its files.
#include <iostream>

#include "tasks/base/text.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/help.h"
#include "tasks/study/runner.h"
#include "tasks/study/verify.h"
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
  suggest(o.quiet, "verify " + shell_word(o.run.string()), "derives the run again from its files");
}

void check(const ReportArguments& o, const Session& session) {
  set_threads(o.threads);
  const Verification found = verify(o.run, session.all, o.mode());
  for (const std::string& difference : found.differences) std::cout << difference << '\n';
  std::cout << grouped(static_cast<std::int64_t>(found.attacks)) << " attacks and "
            << grouped(found.evaluations) << " evaluations derived again, "
            << grouped(std::ssize(found.differences)) << " differences\n";
  ENSURE_AS(found.differences.empty(), VerificationError, o.run.string(),
            "its files do not agree; see the differences above");
}

}  // namespace

void declare_report(Session& session) {
  const auto declare = [&](const char* name, const char* sentence,
                           void (*act)(const ReportArguments&, const Session&)) {
    auto o = std::make_shared<ReportArguments>();
    Command& command = session.program.command(name, sentence);
    command.positional("run", o->run, "folder of a study").default_text(o->run.string()).optional();
    o->add_to(command);
    command.action([o, act, &session] { act(*o, session); });
  };
  declare("report", "tables, figures and report.html again from the attacks that are finished", report);
  declare("verify", "derives a run again from its files: ledgers, logs, last attackers, tables", check);
}

}  // namespace banel
