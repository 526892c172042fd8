#include "nn/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/file.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char* mend = "; restore the file from a copy, or remove it and make it again";

[[noreturn]] void refuse_text(std::string_view where, std::size_t line, const std::string& why) {
  ENSURE_AS(false, InputError, where, "line " << line << ": " << why << mend);
}

// What the parser is asked after every step: whether the value may still be taken.
class Limits {
 public:
  // Why not; empty if it may.
  std::string fault(Json::parse_event_t event, const Json& value) {
    constexpr std::size_t deepest = 64, most_keys = 1000;
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) open_.emplace_back();
    if (event == Event::object_end || event == Event::array_end) open_.pop_back();
    if (open_.size() > deepest) return "more than 64 levels";
    if (event != Event::key) return "";
    const std::string& name = value.get_ref<const std::string&>();
    if (!open_.back().insert(name).second) return "the key " + in_quotes(name) + " twice";
    return open_.back().size() > most_keys ? "more than 1,000 keys in one object" : "";
  }

 private:
  std::vector<std::set<std::string>> open_;  // the keys of the objects around the value; none for an array
};

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string shown(text.substr(0, longest));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return "\"" + shown + (text.size() > longest ? "..." : "") + "\"";
}

Json parse_json(std::string_view text, std::string_view where, std::size_t line) {
  const auto line_of = [&](std::size_t byte) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
    return line + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
  };
  // The parser takes a zero byte for the end and would ignore what follows.
  if (const std::size_t zero = text.find('\0'); zero != text.npos)
    refuse_text(where, line_of(zero), "a zero byte, which JSON does not have");
  Limits limits;
  try {
    return Json::parse(text.begin(), text.end(), [&](int, Json::parse_event_t event, Json& value) {
      if (const std::string fault = limits.fault(event, value); !fault.empty())
        refuse_text(where, line, fault + " (in the JSON text that begins here)");
      return true;
    });
  } catch (const Json::parse_error& error) {
    const std::size_t byte = error.byte ? error.byte - 1 : 0;
    refuse_text(where, line_of(byte), "not JSON in UTF-8 at byte " + std::to_string(byte) + " of the text");
  } catch (const Json::out_of_range&) {
    refuse_text(where, line, "a number too large for a double (in the JSON text that begins here)");
  }
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

Field Field::operator[](const char* key) const {
  if (!value_.is_object()) refuse("is " + std::string(value_.type_name()) + ", not an object");
  const auto found = value_.find(key);
  if (found == value_.end()) refuse("has no \"" + std::string(key) + "\"");
  return at(key, *found);
}

std::vector<Field> Field::items() const {
  if (!value_.is_array()) refuse("is " + std::string(value_.type_name()) + ", not an array");
  std::vector<Field> result;
  for (const Json& item : value_) result.push_back(at("[" + std::to_string(result.size()) + "]", item));
  return result;
}

std::int64_t Field::integer(std::int64_t lowest, std::int64_t highest) const {
  const bool fits = value_.is_number_unsigned()
                        ? value_.get<std::uint64_t>() <=
                              static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
                        : value_.is_number_integer();
  const std::int64_t number = fits ? value_.get<std::int64_t>() : 0;
  if (!fits || number < lowest || number > highest)
    refuse("is " + (value_.is_number() ? value_.dump() : value_.type_name()) +
           "; expected a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  return number;
}

std::int64_t Field::count(std::int64_t lowest) const { return integer(lowest, std::int64_t{1} << 53); }

double Field::number() const {
  const double number = value_.is_number() ? value_.get<double>() : std::nan("");
  if (!std::isfinite(number)) refuse("is " + std::string(value_.type_name()) + ", not a finite number");
  return number;
}

const std::string& Field::text() const {
  if (!value_.is_string()) refuse("is " + std::string(value_.type_name()) + ", not a text");
  return value_.get_ref<const std::string&>();
}

void for_each_line(std::string_view lines, std::string_view where,
                   const std::function<void(const Field&)>& visit) {
  std::size_t number = 0;
  for (std::size_t begin = 0, end; begin < lines.size(); begin = end + 1) {
    ++number;
    end = lines.find('\n', begin);
    if (end == lines.npos) refuse_text(where, number, "it has no end: the file was cut");
    const Json value = parse_json(lines.substr(begin, end - begin), where, number);
    visit(Field(value, std::string(where) + ": line " + std::to_string(number)));
  }
}

}  // namespace banel
