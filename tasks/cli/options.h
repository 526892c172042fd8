// The command line: which commands there are, which options each has, and which variables their values go to.
//
//   int seeds = 3;
//   bool quick = false;
//   std::string name;
//   std::vector<std::string> settings;
//   CommandLine program("banel", "learning from failures alone", "banel 0.1.0");
//   Command& study = program.command("study", "runs a study and prints its table");
//   study.positional("NAME", name, "a study of `banel study --list`, or a file");
//   study.option("--seeds", seeds, "attack seeds 1..N", 1, 1000);
//   study.flag("--quick", quick, "smaller networks and shorter attacks");
//   study.list("--set", settings, "KEY=VALUE", "a setting of every attack");
//   study.action([&] { run_study(name, seeds, quick, settings); });
//   program.run({argv + 1, argv + argc}, std::cout);
//
// A value is checked in one way whether it is typed or stands in the file of --config. A typed one is refused by
// UsageError ("--seeds: 0 is outside 1..1000; see banel study --help"), one of the file by InputError with its line
// ("FILE: line 3: study.seeds: 0 is outside 1..1000"). Refused are unknown names (the nearest is suggested), a
// missing or empty value, an option given twice, a value of another type or out of range, NaN and infinity, text
// that is not UTF-8, and control characters in a string or a list. A path may contain them.
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace banel {

using Words = std::vector<std::string>;

enum class OptionType { integer, number, string, path, flag, list, paths };
using OptionValue =
    std::variant<bool, std::int64_t, double, std::string, Words>;  // strings and paths: std::string

// One option, positional argument or list; what `Command` returns so that details can be added to the declaration.
class Option {
 public:
  Option(const Option&) = delete;
  Option& operator=(const Option&) = delete;

  Option& required();  // for options; a positional argument is required unless optional()
  Option& optional();
  Option& unit(std::string text);          // of the number: "seconds"
  Option& placeholder(std::string word);   // for the value in the help: FOLDER
  Option& default_text(std::string text);  // in the help in place of the variable's value; "" shows none
  Option& one_of(Words allowed);           // the only strings accepted
  Option& excludes(Option& other);         // not both
  bool given() const { return value_.has_value(); }  // typed or in the file of --config

 private:
  friend class Command;
  friend class CommandLine;
  friend struct OptionReader;
  friend struct HelpWriter;
  Option(OptionType type, std::string names, std::string text,
         std::function<void(const OptionValue&)> assign);

  OptionType type_;
  Words names_;  // "--threads", "-j"; one word without dashes for a positional argument
  std::string text_, unit_, placeholder_, default_;
  std::int64_t lowest_ = 0, highest_ = 0;
  double least_ = 0, most_ = 0;
  bool required_ = false, positional_ = false;
  Words allowed_;
  std::vector<const Option*> excluded_;
  std::function<void(const OptionValue&)> assign_;
  std::optional<OptionValue> value_;
};

// A command and its options. Variables must live until the action has run; their values at declaration are the
// defaults that the help shows. `names` is one name with its dashes, or several: "--attempts,-n".
class Command {
 public:
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  template <std::integral T>
  Option& option(std::string names, T& value, std::string text, std::int64_t lowest, std::int64_t highest) {
    return integer(std::move(names), static_cast<std::int64_t>(value), std::move(text), lowest, highest,
                   [&value](std::int64_t given) { value = static_cast<T>(given); });
  }
  Option& option(std::string names, double& value, std::string text, double least, double most);
  Option& option(std::string names, std::string& value, std::string text);
  Option& option(std::string names, std::filesystem::path& value, std::string text);
  Option& flag(std::string names, bool& value, std::string text);
  // May be given several times, with one value each; in a file it is an array of strings.
  Option& list(std::string names, Words& values, std::string placeholder, std::string text);

  // Arguments without a name, in the order of declaration. The vector takes all that are left, at least one.
  Option& positional(std::string placeholder, std::string& value, std::string text);
  Option& positional(std::string placeholder, std::filesystem::path& value, std::string text);
  Option& positional(std::string placeholder, std::vector<std::filesystem::path>& values, std::string text);
  // All words after "--", as they are. Without it they are taken as positional arguments.
  Option& rest(std::string placeholder, Words& words, std::string text);

  void action(std::function<void()> run);
  Command& command(std::string name, std::string sentence);  // one of its own: `banel train target`

 private:
  friend class CommandLine;
  friend struct OptionReader;
  friend struct HelpWriter;
  Command(std::string name, std::string sentence, Command* parent);
  Option& integer(std::string names, std::int64_t value, std::string text, std::int64_t lowest,
                  std::int64_t highest, std::function<void(std::int64_t)> assign);
  Option& add(OptionType type, std::string names, std::string text,
              std::function<void(const OptionValue&)> assign);
  std::string full_name() const;  // "banel train target"

  std::string name_, sentence_;
  Command* parent_;
  std::vector<std::unique_ptr<Option>> options_;
  Option* rest_ = nullptr;
  std::vector<std::unique_ptr<Command>> commands_;
  std::function<void()> action_;
};

class CommandLine {
 public:
  CommandLine(std::string name, std::string sentence, std::string version);

  Command& command(std::string name, std::string sentence) {
    return root_.command(std::move(name), std::move(sentence));
  }
  void renamed(std::string command, std::string advice);  // `banel sample` is refused with the advice
  void notes(std::string text);                           // at the end of the program's help

  // Reads the words after the program's name and calls the action of the command. --help and --version write to `out`
  // instead. Errors: UsageError; InputError and IoError for the file of --config.
  void run(const Words& words, std::ostream& out);

  // The call as a file of --config, without the options that were not given; valid inside an action.
  std::string config_text() const;

 private:
  Command root_;
  std::string version_, notes_;
  std::vector<std::pair<std::string, std::string>> renamed_;
  const Command* called_ = nullptr;
};

}  // namespace banel
