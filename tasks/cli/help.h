// The text of --help.
#pragma once
#include <cstddef>
#include <string>

#include "tasks/cli/options.h"

namespace banel {

// Columns of the terminal: $COLUMNS, else what standard output says, and never less than 80.
std::size_t help_columns();

class HelpText {
 public:
  // `notes` ends the help of the program itself.
  static std::string of(const Command& command, const std::string& notes, std::size_t columns);

 private:
  static std::string usage(const Command& command);
  static std::string label(const Option& option);
  static std::string description(const Option& option);
};

}  // namespace banel
