#include "tasks/cli/options.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

namespace {

Words split(const std::string& names) {
  Words parts;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    parts.push_back(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// The number that the whole word spells, if it is in range.
template <class T>
T parse_number(const std::string& name, const std::string& word, T lowest, T highest, const char* kind) {
  T value{};
  const char* const word_end = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), word_end, value);
  const bool too_large = error == std::errc::result_out_of_range;
  if (end != word_end || (error != std::errc() && !too_large))
    throw UsageError(name, "'" + one_line(word) + "' is not a " + kind);
  if (too_large || !(value >= lowest && value <= highest))
    throw UsageError(name, outside(word, lowest, highest));
  return value;
}

std::string each(std::string word, int (*change)(int)) {
  for (char& c : word) c = static_cast<char>(change(static_cast<unsigned char>(c)));
  return word;
}
std::string upper(std::string word) { return each(std::move(word), &std::toupper); }
std::string lower(std::string word) { return each(std::move(word), &std::tolower); }

}  // namespace

Option::Option(OptionType type, const std::string& names, std::string text, Assign assign)
    : type_(type), names_(split(names)), text_(std::move(text)), assign_(std::move(assign)) {}

Option& Option::required() { return required_ = true, *this; }
Option& Option::optional() { return required_ = false, *this; }
Option& Option::unit(std::string text) { return unit_ = std::move(text), *this; }
Option& Option::placeholder(std::string word) { return placeholder_ = std::move(word), *this; }
Option& Option::default_text(std::string text) { return default_ = std::move(text), *this; }
Option& Option::one_of(Words allowed) { return allowed_ = std::move(allowed), *this; }
Option& Option::excludes(Option& other) {
  excluded_.push_back(&other);
  other.excluded_.push_back(this);
  return *this;
}

std::string Option::key() const {
  const auto is_long = [](const std::string& name) { return name.starts_with("--"); };
  const auto name = std::ranges::find_if(names_, is_long);
  const std::string& word = name == names_.end() ? names_.front() : *name;
  return lower(word.substr(std::min(word.find_first_not_of('-'), word.size())));
}

bool Option::in_effect() const { return value_ && *value_ != OptionValue(false); }

bool Option::takes_several() const { return type_ == OptionType::strings || type_ == OptionType::paths; }

std::optional<std::string> Option::fault(const std::string& word) const {
  const bool is_path = type_ == OptionType::path || type_ == OptionType::paths;
  if (!is_utf8(word)) return "'" + one_line(word) + "' is not UTF-8 text";
  if (rest_) return {};
  if (word.empty()) return "is empty; give it a value";
  if (!is_path && has_control_characters(word))
    return "'" + one_line(word) + "' contains a control character, such as a newline";
  if (allowed_.empty() || std::ranges::find(allowed_, word) != allowed_.end()) return {};
  const std::string near = did_you_mean(word, allowed_);
  if (!near.empty()) return "'" + word + "' is unknown" + near;
  return "'" + word + "' is none of " + listed(allowed_);
}

OptionValue Option::from_words(const Words& words) const {
  ENSURE(words.size() == 1 || takes_several(), name(), "is given twice; once is enough");
  for (const std::string& word : words)
    if (const auto why = fault(word)) throw UsageError(name(), *why);
  switch (type_) {
    case OptionType::flag:
      ENSURE(words.front() == "true", name(), "takes no value");
      return true;
    case OptionType::integer:
      return parse_number(name(), words.front(), lowest_, highest_, "whole number");
    case OptionType::number:
      return parse_number(name(), words.front(), least_, most_, "number");
    case OptionType::string:
    case OptionType::path:
      return words.front();
    default:
      return words;
  }
}

Command::Command(std::string name, std::string sentence, Command* parent)
    : name_(std::move(name)), sentence_(std::move(sentence)), parent_(parent) {}

Option& Command::add(OptionType type, const std::string& names, std::string text, Option::Assign assign) {
  options_.push_back(std::unique_ptr<Option>(new Option(type, names, std::move(text), std::move(assign))));
  return *options_.back();
}

Option& Command::add_positional(Option& option) {
  option.positional_ = option.required_ = true;
  option.names_.front() = upper(option.names_.front());
  option.default_.clear();
  return option;
}

Option& Command::integer(const std::string& names, std::int64_t value, std::string text, std::int64_t lowest,
                         std::int64_t highest, const std::function<void(std::int64_t)>& assign) {
  Option& option = add(OptionType::integer, names, std::move(text),
                       [assign](const OptionValue& given) { assign(std::get<std::int64_t>(given)); });
  option.lowest_ = lowest;
  option.highest_ = highest;
  return option.placeholder("N").default_text(std::to_string(value));
}

Option& Command::option(const std::string& names, double& value, std::string text, double least,
                        double most) {
  Option& option = add(OptionType::number, names, std::move(text),
                       [&value](const OptionValue& given) { value = std::get<double>(given); });
  option.least_ = least;
  option.most_ = most;
  return option.placeholder("X").default_text(shortest(value));
}

Option& Command::option(const std::string& names, std::string& value, std::string text) {
  return add(OptionType::string, names, std::move(text),
             [&value](const OptionValue& given) { value = std::get<std::string>(given); })
      .placeholder("NAME")
      .default_text(value);
}

Option& Command::option(const std::string& names, std::filesystem::path& value, std::string text) {
  return add(OptionType::path, names, std::move(text),
             [&value](const OptionValue& given) { value = std::get<std::string>(given); })
      .placeholder("PATH")
      .default_text(value.string());
}

Option& Command::flag(const std::string& names, bool& value, std::string text) {
  return add(OptionType::flag, names, std::move(text),
             [&value](const OptionValue& given) { value = std::get<bool>(given); });
}

Option& Command::list(const std::string& names, Words& values, std::string placeholder, std::string text) {
  return add(OptionType::strings, names, std::move(text),
             [&values](const OptionValue& given) { values = std::get<Words>(given); })
      .placeholder(std::move(placeholder));
}

Option& Command::positional(const std::string& name, std::string& value, std::string text) {
  return add_positional(option(name, value, std::move(text)));
}

Option& Command::positional(const std::string& name, std::filesystem::path& value, std::string text) {
  return add_positional(option(name, value, std::move(text)));
}

Option& Command::positional(const std::string& name, Paths& values, std::string text) {
  return add_positional(add(OptionType::paths, name, std::move(text), [&values](const OptionValue& given) {
    const auto& words = std::get<Words>(given);
    values.assign(words.begin(), words.end());
  }));
}

Option& Command::rest(const std::string& name, Words& words, std::string text) {
  Option& option = list(upper(name), words, "", std::move(text));
  option.rest_ = true;
  return option;
}

void Command::action(std::function<void()> run) { action_ = std::move(run); }

Command& Command::command(std::string name, std::string sentence) {
  commands_.push_back(std::make_unique<Command>(std::move(name), std::move(sentence), this));
  return *commands_.back();
}

std::string Command::full_name() const { return parent_ ? parent_->full_name() + " " + name_ : name_; }

std::vector<Command*> Command::chain() {
  std::vector<Command*> commands = parent_ ? parent_->chain() : std::vector<Command*>();
  commands.push_back(this);
  return commands;
}

Words Command::option_names() const {
  Words names = parent_ ? parent_->option_names() : Words{"--help", "--config"};
  for (const auto& option : options_)
    if (!option->positional_ && !option->rest_)
      names.insert(names.end(), option->names_.begin(), option->names_.end());
  return names;
}

Words Command::command_names() const {
  Words names;
  for (const auto& command : commands_) names.push_back(command->name_);
  return names;
}

void Command::refuse(const std::string& why) const {
  throw UsageError(why + (why.ends_with('?') ? "" : "; see " + full_name() + " --help"));
}

}  // namespace banel
