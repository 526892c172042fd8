// The commands of a program, their options, and the variables that the values go to.
//
//   int seeds = 3;
//   bool quick = false;
//   std::string name;
//   Words settings;
//   CommandLine program("banel", "learning from failures alone", "banel 0.1.0");  // command_line.h
//   Command& study = program.command("study", "runs a study and prints its table");
//   study.positional("name", name, "one of tasks/studies/, or a file");
//   study.option("--seeds", seeds, "attack seeds 1..N", 1, 1000);
//   study.flag("--quick", quick, "smaller networks and shorter attacks");
//   study.list("--set", settings, "KEY=VALUE", "a setting of every attack");
//   study.action([&] { run_study(name, seeds, quick, settings); });
//   program.run({argv + 1, argv + argc}, std::cout);
//
// A value is checked in one way whether it is typed or stands in the file of --config. A typed one is refused
// by UsageError ("--seeds: 0 is outside 1..1000; see banel study --help"), one of the file by InputError with
// its line ("FILE: line 3: study.seeds: 0 is outside 1..1000"). Refused are unknown names (the nearest is
// suggested), a missing or empty value, an option given twice, a value of another type or out of range, NaN
// and infinity, text that is not UTF-8, and control characters in a string or a list. A path may contain
// them.
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace banel {

using Words = std::vector<std::string>;
using Paths = std::vector<std::filesystem::path>;

enum class OptionType { flag, integer, number, string, path, strings, paths };
using OptionValue = std::variant<bool, std::int64_t, double, std::string, Words>;  // a path is a string here

// What Command returns, so that a declaration can say more: study.option("--out", out, "...").required();
class Option {
 public:
  Option& required();
  Option& optional();                      // for positional arguments, which are required unless it is called
  Option& unit(std::string text);          // of a number: "seconds"
  Option& placeholder(std::string word);   // for the value in the help: "FOLDER"
  Option& default_text(std::string text);  // in the help in place of the variable's value; "" shows none
  Option& one_of(Words allowed);           // for strings and lists: no other word is accepted
  Option& excludes(Option& other);  // not both; a typed option puts an excluded one of the file out of effect
  bool given() const {
    return value_.has_value();
  }  // typed or in the file of --config; known when the action runs

 private:
  friend class Command;
  friend class CommandLine;
  friend class ConfigFile;
  friend class HelpText;
  using Assign = std::function<void(const OptionValue&)>;

  Option(OptionType type, const std::string& names, std::string text, Assign assign);
  const std::string& name() const { return names_.front(); }        // as messages have it
  std::string key() const;                                          // as the file of --config has it
  bool in_effect() const;                                           // has a value other than false
  bool takes_several() const;                                       // values, each once or more
  OptionValue from_words(const Words& words) const;                 // UsageError
  std::optional<std::string> fault(const std::string& word) const;  // why a string or path is refused

  OptionType type_;
  Words names_;
  std::string text_, unit_, placeholder_, default_;
  std::int64_t lowest_ = 0, highest_ = 0;  // of an integer
  double least_ = 0, most_ = 0;            // of a number
  bool positional_ = false, rest_ = false, required_ = false, typed_ = false;
  Words allowed_;
  std::vector<Option*> excluded_;
  Assign assign_;
  std::optional<OptionValue> value_;
};

// A command and its options. The variables must live until the action has run; the values that they have when
// they are declared are the defaults shown in the help. `names` is one name with its dashes or several:
// "--attempts,-n".
class Command {
 public:
  Command(std::string name, std::string sentence, Command* parent = nullptr);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  template <std::integral T>
  Option& option(const std::string& names, T& value, const std::string& text, std::int64_t lowest,
                 std::int64_t highest) {
    return integer(names, static_cast<std::int64_t>(value), text, lowest, highest,
                   [&value](std::int64_t given) { value = static_cast<T>(given); });
  }
  Option& option(const std::string& names, double& value, std::string text, double least, double most);
  Option& option(const std::string& names, std::string& value, std::string text);
  Option& option(const std::string& names, std::filesystem::path& value, std::string text);
  Option& flag(const std::string& names, bool& value, std::string text);
  // One value each time; it may be given several times. In the file it is an array of strings.
  Option& list(const std::string& names, Words& values, std::string placeholder, std::string text);

  // Arguments without dashes, in the order of their declaration. Paths take all that are left, one at least.
  Option& positional(const std::string& name, std::string& value, std::string text);
  Option& positional(const std::string& name, std::filesystem::path& value, std::string text);
  Option& positional(const std::string& name, Paths& values, std::string text);
  // All words after "--" as they are. Without it they are positional arguments.
  Option& rest(const std::string& name, Words& words, std::string text);

  void action(std::function<void()> run);
  Command& command(std::string name, std::string sentence);  // one below this: `banel ask target`

 private:
  friend class CommandLine;
  friend class ConfigFile;
  friend class HelpText;

  Option& add(OptionType type, const std::string& names, std::string text, Option::Assign assign);
  Option& add_positional(Option& option);
  Option& integer(const std::string& names, std::int64_t value, std::string text, std::int64_t lowest,
                  std::int64_t highest, const std::function<void(std::int64_t)>& assign);
  std::string full_name() const;  // "banel ask target"
  std::vector<Command*> chain();  // from the program to this command
  Words option_names() const;     // with dashes
  Words command_names() const;
  [[noreturn]] void refuse(
      const std::string& why) const;  // UsageError that points to the help of this command

  std::string name_, sentence_;
  Command* parent_;
  std::vector<std::unique_ptr<Option>> options_;
  std::vector<std::unique_ptr<Command>> commands_;
  std::function<void()> action_;
};

}  // namespace banel
