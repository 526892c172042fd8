// The file of --config: options as TOML, one table a command.
//
//   [attack]
//   method = "tail"
//   set = ["budget=3000"]
#pragma once
#include <filesystem>
#include <string>

#include "tasks/cli/options.h"

namespace banel {

class TomlValue;

class ConfigFile {
 public:
  // Gives the options of all commands of the program the values that the file has for them, checked as if
  // they were typed. Errors: InputError "FILE: line 3: attack.samples: ..."; IoError if the file cannot be
  // read.
  static void read(const std::filesystem::path& file, Command& program);

  // The values of the options of a command and of those above it, as such a file.
  static std::string text(Command& command);

 private:
  static void read(const TomlValue& table, Command& command);
  static OptionValue value(const Option& option, const TomlValue& from);
};

}  // namespace banel
