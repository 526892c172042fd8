#include "tasks/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "tasks/base/words.h"
#include "tasks/cli/config_file.h"
#include "tasks/cli/help.h"
#include "tensor/check.h"

namespace banel {

// CLI11 splits the words into commands, options with their values, and words that are neither. What a value
// means and whether it is accepted is decided by Option, so that a file of --config is judged alike.
struct CommandLine::Splitter {
  explicit Splitter(Command& root) { declare(app, root); }

  CLI::App app;
  std::vector<std::pair<Option*, CLI::Option*>> options;
  std::vector<std::pair<Command*, CLI::App*>> commands;  // from the top
  std::vector<CLI::Option*> config, help;
  CLI::Option* version = nullptr;

  void declare(CLI::App& from, Command& command) {
    from.set_help_flag("");
    from.allow_extras();
    from.require_subcommand(0, 1);
    const auto add = [&from](const std::string& names, bool flag) {
      CLI::Option* const option = flag ? from.add_flag(names) : from.add_option(names)->expected(1);
      return option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    commands.emplace_back(&command, &from);
    config.push_back(add("--config", false));
    help.push_back(add("--help,-h", true));
    if (!command.parent_) version = add("--version", true);
    for (const auto& option : command.options_) {
      if (option->positional_ || option->rest_) continue;
      std::string names;
      for (const std::string& name : option->names_) names += (names.empty() ? "" : ",") + name;
      options.emplace_back(option.get(), add(names, option->type_ == OptionType::flag));
    }
    for (const auto& below : command.commands_) declare(*from.add_subcommand(below->name_), *below);
  }

  // False if the last word is an option that needs a value.
  bool split(const Words& words) {
    try {
      app.parse(Words(words.rbegin(), words.rend()));  // CLI11 takes them from the end
      return true;
    } catch (const CLI::ArgumentMismatch&) {
      return false;
    }
  }

  Words words_of(const std::vector<CLI::Option*>& same) const {
    Words all;
    for (const CLI::Option* option : same)
      all.insert(all.end(), option->results().begin(), option->results().end());
    return all;
  }
};

namespace {

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

}  // namespace

CommandLine::CommandLine(std::string name, std::string sentence, std::string version)
    : root_(std::move(name), std::move(sentence)), version_(std::move(version)) {}

Command& CommandLine::command(std::string name, std::string sentence) {
  return root_.command(std::move(name), std::move(sentence));
}

void CommandLine::renamed(std::string command, std::string replacement) {
  renamed_.emplace_back(std::move(command), std::move(replacement));
}

void CommandLine::notes(std::string text) { notes_ = std::move(text); }

std::string CommandLine::config_text() const { return ConfigFile::text(*called_); }

void CommandLine::forget(Command& command) {
  for (const auto& option : command.options_) {
    option->value_.reset();
    option->typed_ = false;
  }
  for (const auto& below : command.commands_) forget(*below);
}

// Sets the command that was named last. What CLI11 left over above it is a mistyped command or option.
void CommandLine::find_command(const Splitter& parts) {
  called_ = &root_;
  for (const auto& [command, app] : parts.commands)
    if (app->parsed()) called_ = command;
  if (!parts.words_of(parts.help).empty() || parts.version->count() > 0) return;
  for (const auto& [command, app] : parts.commands) {
    if (!app->parsed() && command != &root_) continue;
    for (const std::string& word : app->remaining()) {
      const std::string name = word.substr(0, is_option(word) ? word.find('=') : word.npos);
      if (is_option(word))
        command->refuse(one_line(name) + ": is no option of " + command->full_name() +
                        did_you_mean(name, command->option_names()));
      if (!command->commands_.empty())
        command->refuse(one_line(name) + ": is no command of " + command->full_name() +
                        did_you_mean(name, command->command_names()));
    }
  }
  if (!called_->commands_.empty()) called_->refuse("a command is missing");
}

void CommandLine::take_options(const Splitter& parts) {
  const Words names = called_->option_names();
  for (const auto& [option, typed] : parts.options) {
    const Words& words = typed->results();
    if (words.empty()) continue;
    for (const std::string& word : words)
      ENSURE(std::ranges::find(names, word) == names.end(), option->name(),
             "a value is missing before the option " << word);
    option->value_ = option->from_words(words);
    option->typed_ = true;
  }
}

void CommandLine::take_positional(Words words, const Words& after_dashes) {
  const auto rest = std::ranges::find_if(called_->options_, [](const auto& option) { return option->rest_; });
  if (rest == called_->options_.end())
    words.insert(words.end(), after_dashes.begin(), after_dashes.end());
  else if (!after_dashes.empty())
    (*rest)->value_ = (*rest)->from_words(after_dashes);
  auto next = words.begin();
  for (const auto& option : called_->options_) {
    if (!option->positional_ || next == words.end()) continue;
    const auto end = option->takes_several() ? words.end() : next + 1;
    option->value_ = option->from_words(Words(next, end));
    option->typed_ = true;
    next = end;
  }
  ENSURE(next == words.end(), one_line(*next), "is one argument too many");
}

void CommandLine::check_given() const {
  for (Command* command : called_->chain())
    for (const auto& option : command->options_) {
      for (Option* other : option->excluded_) {
        if (!option->in_effect() || !other->in_effect()) continue;
        ENSURE(!option->typed_ || !other->typed_, option->name(), "cannot be given with " << other->name());
        (option->typed_ ? other : option.get())->value_.reset();
      }
      ENSURE(!option->required_ || option->value_, option->name(), "is required");
    }
}

void CommandLine::run(const Words& words, std::ostream& out) {
  forget(root_);
  const auto dashes = std::ranges::find(words, "--");
  const Words before(words.begin(), dashes), after(dashes == words.end() ? dashes : dashes + 1, words.end());
  for (const auto& [old, replacement] : renamed_)
    if (!before.empty() && before.front() == old) root_.refuse(old + ": this command is " + replacement);

  Splitter parts(root_);
  const bool complete = parts.split(before);
  find_command(parts);
  if (!parts.words_of(parts.help).empty()) {
    out << HelpText::of(*called_, notes_, help_columns());
    return;
  }
  if (parts.version->count() > 0) {
    out << version_ << '\n';
    return;
  }
  try {
    for (const std::string& word : before)  // CLI11 would take the next word for the value
      ENSURE(!word.starts_with("--") || word.find('=') != word.size() - 1,
             one_line(word.substr(0, word.size() - 1)), "a value is missing after '='");
    ENSURE(complete, one_line(before.back()), "a value is missing");
    if (const Words config = parts.words_of(parts.config); !config.empty()) {
      const Option option(OptionType::path, "--config", "", {});
      ConfigFile::read(std::get<std::string>(option.from_words(config)), root_);
    }
    take_options(parts);
    take_positional(std::ranges::find(parts.commands, called_, &std::pair<Command*, CLI::App*>::first)
                        ->second->remaining(),
                    after);
    check_given();
  } catch (const UsageError& error) {
    called_->refuse(error.what());
  }
  for (Command* command : called_->chain())
    for (const auto& option : command->options_)
      if (option->value_) option->assign_(*option->value_);
  called_->action_();
}

}  // namespace banel
