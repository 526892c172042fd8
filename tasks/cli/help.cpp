#include "tasks/cli/help.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "tasks/base/text.h"
#include "tasks/base/words.h"

namespace banel {

namespace {

constexpr std::size_t indent = 2, gap = 2, widest_label = 24;

// `text` from the column `left` on, broken at spaces; the first line is already at column `at`.
std::string wrapped(const std::string& text, std::size_t left, std::size_t at, std::size_t columns) {
  std::string result, word;
  bool line_begins = true;
  const auto put = [&] {
    if (!line_begins && at + 1 + columns_of(word) > columns) {
      result += '\n' + std::string(left, ' ');
      at = left;
      line_begins = true;
    }
    result += (line_begins ? "" : " ") + word;
    at += (line_begins ? 0 : 1) + columns_of(word);
    line_begins = word.empty();
    word.clear();
  };
  for (const char c : text) {
    if (c != ' ' && c != '\n') word += c;
    if (c == ' ' && !word.empty()) put();
    if (c == '\n') {
      put();
      result += '\n' + std::string(left, ' ');
      at = left;
      line_begins = true;
    }
  }
  put();
  return result + '\n';
}

std::string row(const std::string& label, const std::string& text, std::size_t column, std::size_t columns) {
  std::string line = std::string(indent, ' ') + label;
  const std::size_t at = columns_of(line);
  line += at + gap > column ? '\n' + std::string(column, ' ') : std::string(column - at, ' ');
  return line + wrapped(text, column, column, columns);
}

std::string range(const std::string& lowest, const std::string& highest, const std::string& unit) {
  return (highest.empty() ? lowest + " or more" : lowest + ".." + highest) + (unit.empty() ? "" : " " + unit);
}

}  // namespace

std::size_t help_columns() {
  constexpr std::size_t least = 80, most = 1000;
  winsize size{};
  long columns = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  if (const char* const given = std::getenv("COLUMNS")) columns = std::strtol(given, nullptr, 10);
  return std::clamp(columns < 0 ? least : static_cast<std::size_t>(columns), least, most);
}

std::string HelpText::label(const Option& option) {
  if (option.rest_) return "-- " + option.name() + "...";
  if (option.positional_) return option.name() + (option.takes_several() ? "..." : "");
  return listed(option.names_) + (option.placeholder_.empty() ? "" : " " + option.placeholder_);
}

std::string HelpText::description(const Option& option) {
  std::string text = option.text_;
  if (option.type_ == OptionType::integer) {
    const bool open = option.highest_ == std::numeric_limits<std::int64_t>::max();
    text += "; " +
            range(std::to_string(option.lowest_), open ? "" : std::to_string(option.highest_), option.unit_);
  }
  if (option.type_ == OptionType::number)
    text += "; " + range(shortest(option.least_), shortest(option.most_), option.unit_);
  std::string allowed;
  for (const std::string& word : option.allowed_) allowed += (allowed.empty() ? "; one of " : ", ") + word;
  text += allowed;
  if (option.type_ == OptionType::strings && !option.rest_) text += "; may be given several times";
  for (const Option* other : option.excluded_) text += "; not with " + other->name();
  if (option.required_ && !option.positional_) text += " (required)";
  if (option.positional_ && !option.required_) text += " (optional)";
  return text + (option.default_.empty() || option.required_ ? "" : " [" + option.default_ + "]");
}

std::string HelpText::usage(const Command& command) {
  std::string line = "usage: " + command.full_name();
  if (!command.commands_.empty()) line += " COMMAND";
  std::string rest;
  for (const auto& option : command.options_) {
    if (option->rest_)
      rest = " " + label(*option);
    else if (option->positional_)
      line += option->required_ ? " " + label(*option) : " [" + label(*option) + "]";
    else if (option->required_)
      line += " " + option->name() + " " + option->placeholder_;
  }
  return line + " [OPTIONS]" + rest;
}

std::string HelpText::of(const Command& command, const std::string& notes, std::size_t columns) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& below : command.commands_) rows.emplace_back(below->name_, below->sentence_);
  for (const bool positional : {true, false})
    for (const auto& option : command.options_)
      if ((option->positional_ || option->rest_) == positional)
        rows.emplace_back(label(*option), description(*option));
  rows.emplace_back("--config FILE", "options from a TOML file; those on the command line win");
  rows.emplace_back(
      "--help, -h",
      "this text" + std::string(command.commands_.empty() ? "" : "; after a command, the command's"));
  if (!command.parent_) rows.emplace_back("--version", "the version");

  std::size_t column = 0;
  for (const auto& [label, text] : rows) column = std::max(column, std::min(columns_of(label), widest_label));
  column += indent + gap;
  std::string help = wrapped(command.full_name() + ": " + command.sentence_, indent, 0, columns) + '\n';
  help += wrapped(usage(command), indent + gap, 0, columns) + '\n';
  for (const auto& [label, text] : rows) help += row(label, text, column, columns);
  if (!command.parent_ && !notes.empty()) help += '\n' + wrapped(notes, 0, 0, columns);
  return help;
}

}  // namespace banel
