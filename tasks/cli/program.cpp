#include "tasks/cli/program.h"

#include <algorithm>
#include <iostream>

#include "tasks/addition/addition.h"
#include "tasks/base/system.h"
#include "tasks/cli/commands.h"
#include "tasks/planted/planted.h"
#include "tasks/reason/reason.h"
#include "tasks/toy1d/toy1d.h"

namespace banel {

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 ok, 1 failure while computing, 2 bad usage or value, 3 bad input file, 4 reading or "
    "writing failed, 5 verification failed, 6 evaluation budget refused, 7 trained, but a network stayed "
    "above its stop_error, 130 interrupted (the same command goes on where it stopped).";

// Words that are refused with the command to use instead.
constexpr std::pair<const char*, const char*> renamed[] = {
    {"sample", "`banel ask attacker`"},   {"eval", "`banel ask target` and `banel ask attacker`"},
    {"rules", "`banel ask rules`"},       {"tune", "`banel study tuning`"},
    {"scaling", "`banel study scaling`"}, {"across", "`banel report`"}};

// `banel ask RUN` is short for `banel ask finds RUN`, also as `banel ask -- RUN` and `banel ask -n 3 RUN`.
Words written_out(Words words) {
  const auto is_topic = [](const std::string& word) {
    static const Words topics{"target", "attacker", "rules", "finds", "reason", "problems"};
    return std::ranges::find(topics, word) != topics.end();
  };
  if (words.size() < 2 || words[0] != "ask" || words[1] == "--help" || words[1] == "-h") return words;
  const bool option_first = words[1].starts_with('-');  // then the topic may come later
  const auto last = option_first ? std::ranges::find(words, "--") : words.begin() + 2;
  if (std::none_of(words.begin() + 1, last, is_topic)) words.insert(words.begin() + 1, "finds");
  return words;
}

}  // namespace

Registry built_in() {
  return {built_in_methods(), {addition::entry(), toy1d::entry(), planted::entry(), reason::entry()}};
}

int command_line(int argc, char** argv, const std::function<void(Registry&)>& add) {
  return run_program([&] {
    Registry all = built_in();
    if (add) add(all);
    CommandLine program("banel", "learning from failures alone (arXiv 2510.09596)", "banel " BANEL_VERSION);
    program.notes(exit_codes);
    Session session{all, program, {argv, argv + argc}};
    declare_study(session);
    declare_attack(session);
    declare_report(session);
    declare_ask(session);
    declare_train(session);
    declare_lists(session);
    declare_toy1d(session);
    declare_bench(session);
    for (const auto& [old, today] : renamed) program.renamed(old, today);
    program.run(written_out({argv + 1, argv + argc}), std::cout);
    return 0;
  });
}

}  // namespace banel
