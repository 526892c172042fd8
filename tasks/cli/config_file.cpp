#include "tasks/cli/config_file.h"

#include <algorithm>

#include "tasks/base/text.h"
#include "tasks/base/toml.h"
#include "tasks/base/words.h"

namespace banel {

OptionValue ConfigFile::value(const Option& option, const TomlValue& from) {
  const auto word = [&option](const TomlValue& text) {
    if (const auto why = option.fault(text.text())) text.refuse(*why);
    return text.text();
  };
  switch (option.type_) {
    case OptionType::flag:
      return from.flag();
    case OptionType::integer:
      return from.integer(option.lowest_, option.highest_);
    case OptionType::number:
      return from.number(option.least_, option.most_);
    case OptionType::string:
    case OptionType::path:
      return word(from);
    default:
      break;
  }
  Words words;
  for (const TomlValue& item : from.items()) words.push_back(word(item));
  return words;
}

void ConfigFile::read(const TomlValue& table, Command& command) {
  Words known = command.command_names();
  for (const auto& option : command.options_) known.push_back(option->key());
  table.allow(known);
  for (const auto& [key, from] : table.entries()) {
    for (const auto& below : command.commands_)
      if (below->name_ == key) read(from, *below);
    for (const auto& option : command.options_)
      if (option->key() == key) option->value_ = value(*option, from);
  }
  for (const auto& option : command.options_)
    for (const Option* other : option->excluded_)
      if (option->in_effect() && other->in_effect())
        table[other->key()].refuse("cannot be given with " + option->key());
}

void ConfigFile::read(const std::filesystem::path& file, Command& program) { read(read_toml(file), program); }

namespace {

std::string toml(const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&value)) return shortest(*number);
  if (const auto* words = std::get_if<Words>(&value)) return "[" + listed(*words, toml_string) + "]";
  return toml_string(std::get<std::string>(value));
}

}  // namespace

std::string ConfigFile::text(Command& command) {
  std::string text = "# " + command.full_name() + "\n", table;
  for (const Command* part : command.chain()) {
    std::string lines;
    for (const auto& option : part->options_)
      if (option->value_) lines += option->key() + " = " + toml(*option->value_) + "\n";
    if (part->parent_) table += (table.empty() ? "" : ".") + part->name_;
    if (!lines.empty() && part->parent_) text += "[" + table + "]\n";
    text += lines;
  }
  return text;
}

}  // namespace banel
