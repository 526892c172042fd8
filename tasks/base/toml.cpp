#include "tasks/base/toml.h"

#include <algorithm>

#define TOML_ENABLE_FORMATTERS 0
#define TOML_HEADER_ONLY 1
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/toml.h>

#include "nn/io/file.h"
#include "nn/io/json.h"
#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr std::size_t longest_file = 100'000;

[[noreturn]] void refuse_text(std::string_view where, std::size_t line, const std::string& why) {
  throw InputError(std::string(where) + ": line " + std::to_string(line) + ": " + why);
}

// The line in ASCII, for the library has undefined behaviour where it meets other characters unexpectedly.
// Refuses what the library would report without its line, and keys of many parts, from which it would make
// tables nested so deeply that their destructor exhausts the stack. Strings of several lines are not
// accepted, so each line can be judged alone.
std::string checked_line(std::string_view line, std::string_view where, std::size_t number) {
  constexpr int most_dots = 8;
  if (!is_utf8(line)) refuse_text(where, number, "is not UTF-8 text; correct or remove the line");
  std::string ascii;
  int dots = 0;
  char quote = 0;
  bool escape = false;  // after a backslash
  std::size_t i = 0;
  while (i < line.size() && (quote != 0 || line[i] != '#')) {
    const char c = line[i];
    if (static_cast<unsigned char>(c) > 127) {
      if (quote != '"' || escape)
        refuse_text(where, number, "a character that is not ASCII; put what it belongs to in double quotes");
      const Character character = *first_character(line.substr(i));
      ascii += formatted("\\U%08X", static_cast<unsigned>(character.code));
      i += character.bytes;
      continue;
    }
    if (quote != 0) {
      if (c == quote && !escape) quote = 0;
      escape = c == '\\' && quote == '"' && !escape;
    } else if (c == '"' || c == '\'') {
      quote = c;
      const bool triple = line.substr(i, 3) == std::string(3, c);
      if (triple)
        refuse_text(where, number,
                    "a string of several lines; write it on one line, with \\n for a new line");
    } else if (c == ',' || c == '[' || c == ']') {
      dots = 0;
    } else if (c == '.' && ++dots > most_dots) {
      refuse_text(where, number, "a key of more than 8 parts; use fewer");
    }
    ascii += line[i++];
  }
  for (; i < line.size(); ++i)
    ascii += static_cast<unsigned char>(line[i]) > 127 ? '?' : line[i];  // a comment
  return ascii;
}

std::string checked(std::string_view text, std::string_view where) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  std::string ascii;
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ascii += checked_line(text.substr(begin, end - begin), where, number);
    if (end < text.size()) ascii += '\n';
    begin = end + 1;
  }
  return ascii;
}

// A key in a message: in quotation marks if it could be misread.
std::string in_key(const std::string& key) {
  constexpr const char* bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  constexpr std::size_t longest = 64;
  const bool plain = !key.empty() && key.size() <= longest && key.find_first_not_of(bare) == key.npos;
  return plain ? key : in_quotes(key);
}

}  // namespace

// Turns the library's tree into ours.
class TomlBuilder {
 public:
  using Place = TomlValue::Place;

  static TomlValue table(const toml::table& from, std::shared_ptr<const Place> place) {
    TomlValue value;
    TomlValue::Table to;
    for (const auto& [key, node] : from) {
      const std::string name(key.str());
      to.emplace_back(
          name, build(node, child(place, name, std::max(key.source().begin.line, node.source().begin.line))));
    }
    value.data_ = std::move(to);
    value.place_ = std::move(place);
    return value;
  }

  static std::shared_ptr<const Place> child(std::shared_ptr<const Place> parent, std::string step,
                                            std::size_t line) {
    return std::make_shared<const Place>(Place{std::move(parent), std::move(step), line});
  }

 private:
  static TomlValue array(const toml::array& from, const std::shared_ptr<const Place>& place) {
    TomlValue value;
    TomlValue::Array to;
    for (const toml::node& node : from) {
      const std::string step = "[" + std::to_string(to.size()) + "]";
      to.push_back(
          build(node, std::make_shared<const Place>(Place{place, step, node.source().begin.line, true})));
    }
    value.data_ = std::move(to);
    value.place_ = place;
    return value;
  }

  static TomlValue build(const toml::node& node, const std::shared_ptr<const Place>& place) {
    if (const toml::table* x = node.as_table()) return table(*x, place);
    if (const toml::array* x = node.as_array()) return array(*x, place);
    TomlValue value;
    value.place_ = place;
    if (const auto* string = node.as_string())
      value.data_ = string->get();
    else if (const auto* flag = node.as_boolean())
      value.data_ = flag->get();
    else if (const auto* integer = node.as_integer())
      value.data_ = integer->get();
    else if (const auto* number = node.as_floating_point())
      value.data_ = number->get();
    else
      value.refuse("is a date or a time, which nothing here uses; put a text in quotation marks");
    const auto* text = std::get_if<std::string>(&value.data_);
    if (text && text->find('\0') != text->npos) value.refuse("contains a zero byte; remove it");
    return value;
  }
};

std::string TomlValue::where() const {
  std::string name;
  const Place* place = place_.get();
  for (; place->parent; place = place->parent.get()) {
    const bool first = !place->parent->parent;
    const std::string step = place->is_index ? place->step : in_key(place->step);
    name = (first || place->is_index ? "" : ".") + step + name;
  }
  return name.empty() ? place->step : place->step + ": line " + std::to_string(place_->line) + ": " + name;
}

void TomlValue::refuse(const std::string& why) const { throw InputError(where() + ": " + why); }

void TomlValue::refuse(const UsageError& error) const {
  const Place* key = place_.get();
  while (key->is_index) key = key->parent.get();
  refuse(key->parent && key->step == error.where ? error.why : error.what());
}

template <class T>
const T& TomlValue::as(const char* type) const {
  if (const T* value = std::get_if<T>(&data_)) return *value;
  refuse(std::string("must be ") + type);
}

const TomlValue::Table& TomlValue::entries() const {
  return as<Table>("a table: [name] with KEY = VALUE below it");
}
const TomlValue::Array& TomlValue::items() const { return as<Array>("an array: [first, second]"); }
const std::string& TomlValue::text() const { return as<std::string>("text in quotation marks"); }
bool TomlValue::flag() const { return as<bool>("true or false"); }

const std::string& TomlValue::name() const {
  if (text().empty()) refuse("is empty");
  if (has_control_characters(text())) refuse("contains a control character, such as a newline; remove it");
  return text();
}

std::int64_t TomlValue::integer(std::int64_t lowest, std::int64_t highest) const {
  const std::int64_t value = as<std::int64_t>("a whole number");
  if (value < lowest || value > highest) refuse(outside(std::to_string(value), lowest, highest));
  return value;
}

double TomlValue::any_number() const {
  return is_integer() ? static_cast<double>(std::get<std::int64_t>(data_)) : as<double>("a number");
}

double TomlValue::number(double least, double most) const {
  const double value = any_number();
  if (!(value >= least && value <= most)) refuse(outside(shortest(value), least, most));
  return value;
}

const TomlValue* TomlValue::find(std::string_view key) const {
  const Table& table = entries();
  const auto found =
      std::ranges::find(table, key, [](const auto& entry) -> std::string_view { return entry.first; });
  return found == table.end() ? nullptr : &found->second;
}

const TomlValue& TomlValue::operator[](std::string_view key) const {
  if (const TomlValue* value = find(key)) return *value;
  refuse("the key " + std::string(key) + " is missing");
}

void TomlValue::allow(const std::vector<std::string>& keys) const {
  for (const auto& [key, value] : entries())
    if (std::ranges::find(keys, key) == keys.end())
      value.refuse("is not a key that is known here" + did_you_mean(key, keys));
}

TomlValue parse_toml(std::string_view text, std::string_view where) {
  if (text.size() > longest_file)
    throw InputError(std::string(where) + ": has more than 100,000 bytes; is it another file?");
  const std::string ascii = checked(text, where);
  try {
    const toml::table table = toml::parse(std::string_view(ascii));
    return TomlBuilder::table(table, TomlBuilder::child(nullptr, std::string(where), 1));
  } catch (const toml::parse_error& error) {
    constexpr std::string_view opening = "Error while parsing ";
    std::string_view why = error.description();
    if (why.starts_with(opening)) why.remove_prefix(opening.size());
    refuse_text(where, error.source().begin.line, one_line(why));
  }
}

TomlValue read_toml(const std::filesystem::path& path) {
  // one byte more than is accepted, even of a file without an end
  return parse_toml(read_file(path, longest_file + 1), one_line(path.string()));
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n')
      quoted += "\\n";
    else if (has_control_characters({&c, 1}))
      quoted += formatted("\\u%04X", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted + '"';
}

}  // namespace banel
