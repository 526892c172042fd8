// A program with commands: it reads its arguments, finds the command and runs it. options.h has an example.
#pragma once
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "tasks/cli/options.h"

namespace banel {

class CommandLine {
 public:
  CommandLine(std::string name, std::string sentence, std::string version);

  Command& command(std::string name, std::string sentence);
  void renamed(std::string command, std::string replacement);  // the old name is refused with the new one
  void notes(std::string text);                                // the end of the program's own help

  // Runs the command that the words after the program's name ask for; --help and --version write to `out`
  // instead. Errors: UsageError for the words, InputError and IoError for the file of --config.
  void run(const Words& words, std::ostream& out);

  // The options given, as a file of --config that repeats the call. For use in an action.
  std::string config_text() const;

 private:
  struct Splitter;
  static void forget(Command& command);
  void find_command(const Splitter& parts);
  void take_options(const Splitter& parts);
  void take_positional(Words words, const Words& after_dashes);
  void check_given() const;

  Command root_;
  std::string version_, notes_;
  std::vector<std::pair<std::string, std::string>> renamed_;
  Command* called_ = nullptr;
};

}  // namespace banel
