// `banel ask`: a target, an attacker, what a run found, the rules written by hand.
#include <algorithm>
#include <iostream>
#include <thread>

#include "tasks/base/words.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/commands/answers.h"
#include "tasks/cli/commands/finds.h"
#include "tasks/cli/commands/instance.h"
#include "tasks/cli/commands/solved.h"
#include "tasks/reason/reason.h"
#include "tasks/run/attack.h"
#include "tasks/run/view.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

struct AskArguments : Common {
  std::string question, format = "text";
  fs::path folder, networks;
  std::size_t n = 5, samples = 0;
  std::uint64_t seed = 1;
  bool json = false, replay = false;

  Instance opened(const Session& session) const {
    set_threads(threads);
    Instance it = find_instance(networks.empty() ? latest_run() : networks, session.all);
    it.open(Access::read, mode());
    return it;
  }
};

void ask_target(const AskArguments& o, const Session& session) {
  ENSURE(o.question.empty() == (o.samples > 0), "QUESTION", "give a question, such as 58+67, or --samples");
  const Instance it = o.opened(session);
  if (o.samples) return print(target_errors(*it.task, it.settings, o.samples, o.seed));
  const TargetAnswer answer = ask_target(*it.task, it.settings, o.question);
  if (o.json) return print(to_json(answer));
  std::cout << in_words(answer);
  suggest(o.quiet, "ask attacker", "questions that the attacker writes");
}

void ask_attacker(const AskArguments& o, const Session& session) {
  AskArguments here = o;
  if (!o.folder.empty()) here.networks = o.folder;
  const Instance it = here.opened(session);
  const Writer writer = writer_of(here.networks, *it.task, session.all);
  if (o.samples)
    return print(to_json(measure(*it.task, it.task->judge(), writer(o.samples, {o.seed, "eval"}))));
  for (const Proposal& p : writer(o.n, {o.seed, "sample"})) {
    if (o.format == "jsonl")
      std::cout << Json{{"text", is_utf8(p.text) ? p.text : escaped(p.text)}, {"log_prob", p.log_prob}}.dump()
                << '\n';
    else
      std::cout << escaped(p.text) << '\t' << p.log_prob << '\n';
  }
}

// Some ten seconds on a terminal; the last picture goes to stdout.
void replay(const AskArguments& o, const Session& session) {
  constexpr double most_seconds = 10, between_rounds = 0.25;
  const AttackRecord record = attack_record(o.folder, session.all);
  const bool asks = session.all.method(record.method).consults_oracle;
  const std::vector<RoundRecord> rounds = read_attack(record.folder).rounds;
  const std::vector<Evaluation> paid = read_ledger(record.folder / "ledger.jsonl").evaluations;
  const auto view = [&](std::size_t completed) {
    const std::int64_t used = completed ? rounds[completed - 1].nre : 0;
    ENSURE_AS(used <= std::ssize(paid), InputError, (record.folder / "ledger.jsonl").string(),
              "has " << paid.size() << " evaluations, fewer than the rounds of metrics.jsonl");
    return view_of(record.title, record.budget, asks, std::span(paid).first(static_cast<std::size_t>(used)),
                   std::span(rounds).first(completed));
  };
  if (o.mode() == ProgressMode::terminal) {
    Live live;
    const double pause = std::min(between_rounds, most_seconds / static_cast<double>(rounds.size() + 1));
    for (std::size_t k = 0; k < rounds.size(); ++k) {
      live.show(view(k));
      check_stop();
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
    }
    live.erase();
  }
  std::cout << picture(view(rounds.size()), 80);
}

void ask_finds(const AskArguments& o, const Session& session) {
  if (o.replay) return replay(o, session);
  const AttackFinds finds = find_attack(o.folder, session.all);
  if (o.json) return print(to_json(finds));
  std::cout << in_words(finds, o.n);
}

void ask_rules(const AskArguments& o, const Session& session) {
  AskArguments here = o;
  if (!o.folder.empty()) here.networks = o.folder;
  const Instance it = here.opened(session);
  const Writer writer = o.folder.empty() ? Writer() : writer_of(o.folder, *it.task, session.all);
  const std::vector<RuleRow> rows = try_rules(*it.task, o.samples, o.seed, writer);
  if (o.json) return print(to_json(rows));
  std::cout << in_words(it.task->title(), rows);
}

GPT reasoner(const AskArguments& o, const Session& session) {
  if (!o.networks.empty()) return reason::reasoner_of(*o.opened(session).task);
  set_threads(o.threads);
  return carried_reasoner();
}

void ask_reason(const AskArguments& o, const Session& session) {
  const reason::Problem problem = reason::parse_problem(o.question);
  const SolvedProblem solved = solve(reasoner(o, session), problem, o.n, o.seed);
  if (o.json) return print(to_json(solved));
  std::cout << in_words(solved);
}

void ask_problems(const AskArguments& o, const Session& session) {
  Progress progress("hard problems", static_cast<std::int64_t>(o.n), o.mode());
  const reason::HardProblems hard =
      reason::hard_problems(reasoner(o, session), o.seed, o.n, [&] { progress.advance(1); });
  std::cout << in_words(hard, o.seed);
}

}  // namespace

void declare_ask(Session& session) {
  Command& ask = session.program.command(
      "ask", "shows a target, an attacker, what a run found (`banel ask RUN`), rules, word problems");
  const auto declare = [&](const char* name, const char* sentence,
                           void (*act)(const AskArguments&, const Session&)) {
    auto o = std::make_shared<AskArguments>();
    Command& command = ask.command(name, sentence);
    command.action([o, act, &session] { act(*o, session); });
    o->add_to(command);
    return std::pair<Command&, std::shared_ptr<AskArguments>>(command, o);
  };
  const auto networks = [](Command& command, AskArguments& o) {
    command.option("--networks", o.networks, "a run, an attack, or what `banel train` made")
        .placeholder("FOLDER")
        .default_text("runs/reproduce or runs/quick");
  };
  const auto reasoner_option = [](Command& command, AskArguments& o) {
    command.option("--networks", o.networks, "a run of the task reason, or what `banel train` made")
        .placeholder("FOLDER")
        .default_text("the reasoner that the program carries");
  };
  constexpr std::int64_t most = 100'000'000;
  const char* const text_of_samples = "instead: judge so many and print the rate as JSON";
  {
    const auto [command, o] =
        declare("target", "its answer, the probability of each digit, and whether it is right", ask_target);
    command.positional("question", o->question, "for example 58+67").optional();
    command.option("--samples", o->samples, text_of_samples, 1, most).default_text("");
    add_seed(command, o->seed, "of --samples");
    networks(command, *o);
    add_json(command, o->json);
  }
  {
    const auto [command, o] =
        declare("attacker", "strings it writes, each with its log-likelihood in nats", ask_attacker);
    command
        .positional("folder", o->folder,
                    "a finished attack; or a run or networks, for the attacker before any attack")
        .optional();
    Option& n = command.option("-n", o->n, "strings", 1, most);
    Option& format = command.option("--format", o->format, "one string a line").one_of({"text", "jsonl"});
    command.option("--samples", o->samples, text_of_samples, 1, most)
        .default_text("")
        .excludes(n)
        .excludes(format);
    add_seed(command, o->seed, "of the strings");
  }
  {
    const auto [command, o] =
        declare("finds", "what an attack, or the best attack of a run, found, in words", ask_finds);
    command.positional("run", o->folder, "folder of a run or an attack");
    command.option("-n", o->n, "finds", 1, 20);
    command.flag("--replay", o->replay, "instead: shows the attack as it went, in ten seconds")
        .excludes(add_json(command, o->json));
  }
  {
    const auto [command, o] = declare("reason", "how the reasoner solves a word problem", ask_reason);
    command.positional("problem", o->question, "for example C=73.C5dH.H31fB.?B:");
    o->n = 5;
    command.option("-n", o->n, "of its most frequent answers", 1, 100);
    add_seed(command, o->seed, "of the solutions that are sampled");
    reasoner_option(command, *o);
    add_json(command, o->json);
  }
  {
    const auto [command, o] =
        declare("problems", "the first word problems that the reasoner hardly ever solves", ask_problems);
    o->n = 12;
    o->seed = 20261127;
    command.option("-n", o->n, "problems", 1, 1000);
    add_seed(command, o->seed, "of the generator");
    reasoner_option(command, *o);
  }
  {
    const auto [command, o] =
        declare("rules", "success of each rule written by hand on fresh attempts", ask_rules);
    o->samples = 10'000;
    command.option("--samples", o->samples, "fresh attempts of each rule", 100, most).default_text("10000");
    add_seed(command, o->seed, "of the attempts");
    networks(command, *o);
    command
        .option("--attack", o->folder, "a finished attack: also the share of its finds that follow each rule")
        .placeholder("FOLDER");
    add_json(command, o->json);
  }
}

}  // namespace banel
