#include "tasks/cli/strict_toml.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "nn/io/json.h"
#include "tensor/check.h"

namespace banel {

namespace {

constexpr const char* where = "the file of --config";

bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

// Why CLI11 must not see the line; empty if it may.
std::string fault(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == line.npos || line[first] == '#' || line[first] == ';') return "";
  const std::size_t equals = line.find('=');
  if (std::ranges::count(line.substr(0, equals), '.') > 3) return "more than three dots in a name";
  if (equals == line.npos) return "";
  const std::size_t value = line.find_first_not_of(" \t", equals + 1);
  const bool array = value != line.npos && line[value] == '[';
  return array && line[line.find_last_not_of(" \t")] != ']' ? "an array that does not end on its line" : "";
}

}  // namespace

std::vector<CLI::ConfigItem> StrictToml::from_config(std::istream& input) const {
  constexpr std::size_t longest = 100'000;
  std::string text, line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    text += line += '\n';
    ENSURE_AS(text.size() <= longest, InputError, where, "has more than 100,000 bytes; is it another file?");
    line.pop_back();
    const bool plain = std::ranges::none_of(
        line, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f'; });
    const std::string why = plain && is_utf8(line) ? fault(line) : "not plain UTF-8 text";
    ENSURE_AS(why.empty(), InputError, where, "line " << number << ": " << why << "; correct it");
  }
  std::istringstream checked(text);
  std::vector<CLI::ConfigItem> read = CLI::ConfigTOML::from_config(checked);
  std::set<std::string> names;
  for (const CLI::ConfigItem& item : read) {
    const bool section = item.name == "++" || item.name == "--";  // where one begins and ends
    ENSURE_AS(section || names.insert(item.fullname()).second, InputError, where,
              "the key " << in_quotes(item.fullname()) << " comes twice; remove one");
  }
  return read;
}

}  // namespace banel
