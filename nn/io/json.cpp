#include "nn/io/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "nn/io/file.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char* mend = "; restore the file from a copy, or remove it and make it again";

[[noreturn]] void refuse_text(std::string_view where, std::size_t line, const std::string& why) {
  ENSURE_AS(false, InputError, where, "line " << line << ": " << why << mend);
}

// Builds the value step by step. The library's own builder accepts a repeated key; with a callback that
// refuses one, it takes quadratic time for an array of objects.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, std::string_view where, std::size_t line)
      : text_(text), where_(where), line_(line) {}

  Json value;

  bool null() override { return add(nullptr); }
  bool boolean(bool x) override { return add(x); }
  bool number_integer(number_integer_t x) override { return add(x); }
  bool number_unsigned(number_unsigned_t x) override { return add(x); }
  bool number_float(number_float_t x, const string_t&) override { return add(x); }
  bool string(string_t& x) override { return add(std::move(x)); }
  bool binary(binary_t&) override { return false; }  // JSON has none
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    constexpr std::size_t most_keys = 256;
    if (open_.back()->contains(name)) fail("the key " + in_quotes(name) + " twice");
    if (open_.back()->size() == most_keys) fail("more than 256 keys in one object");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const std::size_t before = position ? std::min(position - 1, text_.size()) : 0;
    const auto lines = std::ranges::count(text_.substr(0, before), '\n');
    const bool too_large = dynamic_cast<const nlohmann::json::out_of_range*>(&error);
    refuse_text(where_, line_ + static_cast<std::size_t>(lines),
                too_large ? "a number too large for a double" : "not JSON in UTF-8");
  }

 private:
  Json* put(Json&& x) {
    constexpr std::size_t overhead = 16;  // of an allocation
    if (x.is_array() || x.is_object()) take_memory(sizeof(std::vector<Json>) + overhead);
    if (x.is_text()) take_memory(sizeof(std::string) + x.text().size() + 2 * overhead);
    if (open_.empty()) return &(value = std::move(x));
    Json& into = *open_.back();
    constexpr std::size_t growing = 3;  // the old numbers and twice as much room, while a vector grows
    if (into.is_array()) {
      take_memory(growing * sizeof(Json));
      return &into.push_back(std::move(x));
    }
    take_memory(growing * sizeof(std::pair<std::string, Json>) + key_.size());
    return &(into[key_] = std::move(x));
  }
  void take_memory(std::size_t bytes) {
    constexpr std::size_t allowance = 14'000'000;
    memory_ += bytes;
    if (memory_ > text_.size() + allowance)
      fail("so many values that they take more than 14 MB and its size");
  }
  bool add(Json x) { return put(std::move(x)); }
  bool open(Json x) {
    constexpr std::size_t deepest = 64;
    if (open_.size() == deepest) fail("more than 64 levels");
    open_.push_back(put(std::move(x)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  [[noreturn]] void fail(const std::string& why) const {
    refuse_text(where_, line_, why + " (in the JSON text that begins here)");
  }

  std::string_view text_, where_;
  std::size_t line_;
  std::vector<Json*> open_;  // the arrays and objects around the next value; only the last of them grows
  std::string key_;
  std::size_t memory_ = 0;  // that the value takes, or a little more
};

}  // namespace

std::string in_quotes(std::string_view text, std::size_t at) {
  constexpr std::size_t longest = 60, before = 20;
  const auto character = [text](std::size_t i) {  // where the one begins that byte i is a part of
    while (0 < i && i < text.size() && (text[i] & 0xC0) == 0x80) --i;
    return i;
  };
  at = std::min(at, text.size());
  const std::size_t start = at + before < longest ? 0 : character(at - before),
                    end = character(std::min(start + longest, text.size()));
  std::string shown(text.substr(start, end - start));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return (start ? "\"..." : "\"") + shown + (end < text.size() ? "...\"" : "\"");
}

std::size_t longest_token(std::string_view json) {
  enum class Kind { between, text_or_number, white } last = Kind::between;
  bool in_text = false;
  std::size_t length = 0, longest = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_text = !in_text;
    const auto is_one_of = [&](std::string_view set) { return !in_text && set.find(c) != set.npos; };
    const Kind kind = is_one_of(" \t\r\n")    ? Kind::white
                      : is_one_of("\"{}[]:,") ? Kind::between
                                              : Kind::text_or_number;
    length = kind == Kind::between ? 0 : kind == last ? length + 1 : 1;
    last = kind;
    longest = std::max(longest, length);
    if (in_text && c == '\\') ++i;  // skip what it escapes, which may be a quotation mark
  }
  return longest;
}

Json parse_json(std::string_view text, std::string_view where, std::size_t line, std::size_t most_token) {
  // The parser would take a zero byte for the end and ignore the rest.
  const std::size_t zero = text.find('\0');
  if (zero != text.npos) {
    const auto lines = std::ranges::count(text.substr(0, zero), '\n');
    refuse_text(where, line + static_cast<std::size_t>(lines), "a zero byte, which JSON does not allow");
  }
  if (longest_token(text) > most_token)
    refuse_text(where, line, "a text, number or run of white space of more than a million bytes");
  Builder builder(text, where, line);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder.value);
}

Json read_json(const std::filesystem::path& path) { return parse_json(read_file(path), path.string()); }

void Field::refuse(const std::string& why) const {
  ENSURE_AS(false, InputError, place_, (name_.empty() ? "the value" : name_) << " " << why << mend);
}

Field Field::at(const std::string& step, const Json& value) const {
  Field field(value, place_);
  field.name_ = name_.empty() || step.front() == '[' ? name_ + step : name_ + "." + step;
  return field;
}

Field Field::operator[](std::string_view key) const {
  if (!value_.is_object()) refuse("is " + std::string(value_.type_name()) + ", not an object");
  const Json* const found = value_.find(key);
  if (!found) refuse("has no \"" + std::string(key) + "\"");
  return at(std::string(key), *found);
}

bool Field::has(std::string_view key) const { return value_.is_object() && value_.contains(key); }

std::vector<std::pair<std::string, Field>> Field::members() const {
  if (!value_.is_object()) refuse("is " + std::string(value_.type_name()) + ", not an object");
  std::vector<std::pair<std::string, Field>> result;
  for (const auto& [key, member] : value_.members()) result.emplace_back(key, at(key, member));
  return result;
}

std::vector<Field> Field::items() const {
  if (!value_.is_array()) refuse("is " + std::string(value_.type_name()) + ", not an array");
  std::vector<Field> result;
  for (const Json& item : value_.items())
    result.push_back(at("[" + std::to_string(result.size()) + "]", item));
  return result;
}

std::int64_t Field::integer(std::int64_t lowest, std::int64_t highest) const {
  const bool fits = value_.is_integer();
  const std::int64_t number = fits ? value_.integer() : 0;
  if (!fits || number < lowest || number > highest)
    refuse("is " + (value_.is_number() ? value_.dump() : value_.type_name()) +
           "; expected a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  return number;
}

std::int64_t Field::count(std::int64_t lowest) const { return integer(lowest, std::int64_t{1} << 53); }

double Field::number() const {
  const double number = value_.is_number() ? value_.number() : std::nan("");
  if (!std::isfinite(number)) refuse("is " + std::string(value_.type_name()) + ", not a finite number");
  return number;
}

bool Field::boolean() const {
  if (!value_.is_boolean()) refuse("is " + std::string(value_.type_name()) + ", not true or false");
  return value_.boolean();
}

const std::string& Field::text() const {
  if (!value_.is_text()) refuse("is " + std::string(value_.type_name()) + ", not a text");
  return value_.text();
}

namespace {
constexpr std::string_view hex_digits = "0123456789abcdef";
}

Json json_of_bytes(const std::string& bytes) {
  try {
    (void)Json(bytes).dump();
    return bytes;
  } catch (const NotUtf8&) {
    std::string digits;
    for (const char c : bytes)
      for (const int shift : {4, 0}) digits += hex_digits[static_cast<unsigned char>(c) >> shift & 15];
    return {{"hex", digits}};
  }
}

std::string bytes_from(const Field& field) {
  if (!field.value().is_object()) return field.text();
  const Field hex = field["hex"];
  const std::string& digits = hex.text();
  if (digits.size() % 2 != 0 || digits.find_first_not_of(hex_digits) != digits.npos)
    hex.refuse("is not hexadecimal");
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(hex_digits.find(digits[i]) << 4 | hex_digits.find(digits[i + 1]));
  return bytes;
}

void for_each_line(std::string_view lines, std::string_view where,
                   const std::function<void(const Field&)>& visit) {
  std::size_t number = 0;
  for (std::size_t begin = 0, end; begin < lines.size(); begin = end + 1) {
    ++number;
    end = lines.find('\n', begin);
    if (end == lines.npos) refuse_text(where, number, "it does not end with a newline: the file was cut");
    const Json value = parse_json(lines.substr(begin, end - begin), where, number);
    visit(Field(value, std::string(where) + ": line " + std::to_string(number)));
  }
}

}  // namespace banel
