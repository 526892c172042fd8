#include "tasks/cli/commands.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iostream>

#include "tasks/base/system.h"
#include "tasks/base/words.h"
#include "tasks/run/folder.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

void Common::add_to(Command& command) {
  command.option("--threads", threads, "results do not depend on it", 1, 1024).unit("threads");
  command.flag("--quiet", quiet, "no progress and no advice on stderr");
}

Option& add_seed(Command& command, std::uint64_t& seed, const std::string& text) {
  return command.option("--seed", seed, text, 0, std::int64_t{1} << 53);  // JSON holds no more
}

Option& add_json(Command& command, bool& json) { return command.flag("--json", json, "JSON for scripts"); }

Words split_at_commas(const std::string& option, const Words& given) {
  Words parts;
  for (const std::string& word : given)
    for (std::size_t begin = 0; begin <= word.size();) {
      const std::size_t end = std::min(word.find(',', begin), word.size());
      ENSURE(end > begin, option, in_quotes(word) << " has an empty part; write names between commas");
      parts.push_back(word.substr(begin, end - begin));
      begin = end + 1;
    }
  return parts;
}

std::vector<std::int64_t> whole_numbers(const std::string& option, const Words& given, std::int64_t lowest,
                                        std::int64_t highest) {
  std::vector<std::int64_t> numbers;
  for (const std::string& word : split_at_commas(option, given)) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool too_large = error == std::errc::result_out_of_range;
    ENSURE((error == std::errc() || too_large) && end == word.data() + word.size(), option,
           in_quotes(word) << " is not a whole number");
    ENSURE(!too_large && number >= lowest && number <= highest, option, outside(word, lowest, highest));
    ENSURE(std::ranges::find(numbers, number) == numbers.end(), option, number << " is given twice");
    numbers.push_back(number);
  }
  return numbers;
}

RunFolder::RunFolder(const fs::path& folder, const std::string& command, const Session& session)
    : folder_(folder),
      arguments_(session.arguments),
      config_(session.program.config_text()),
      lock_(take_folder(folder, command)) {
  if (!fs::exists(folder / "run.json")) record();  // a call that is refused replaces no record of another one
}

void RunFolder::record() const {
  Json run = system_info();
  Words arguments = arguments_;
  arguments[0] = one_line(arguments[0]);  // the program may lie in a folder whose name is not UTF-8
  run["arguments"] = arguments;
  write_file(folder_ / "run.json", run.dump(2) + '\n');
  write_file(folder_ / "config.toml", config_);
}

void print(const Json& json) { std::cout << json.dump(2) << '\n'; }

void suggest(bool quiet, const std::string& command, const std::string& why) {
  if (!quiet) std::cerr << "Next: " << program_name() << ' ' << command << "   (" << why << ")\n";
}

std::string program_name() { return one_line(program_invocation_short_name); }

std::string shell_word(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("/._-+,=@:%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string shell_path(const fs::path& path) {
  const std::string name = path.string();
  return shell_word(name.starts_with('-') ? "./" + name : name);
}

std::string call(const Session& session) {
  std::string text = shell_word(program_name());
  for (std::size_t i = 1; i < session.arguments.size(); ++i) text += ' ' + shell_word(session.arguments[i]);
  return text;
}

}  // namespace banel
