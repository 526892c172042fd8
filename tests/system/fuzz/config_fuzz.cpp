// The file of --config, for the commands with the most options: read, or refused as bad input or as bad usage.
#include <sstream>

#include "tests/system/fuzz/fuzz.h"
#include "tasks/cli/commands.h"
#include "tasks/cli/strict_toml.h"

using namespace banel;

FUZZ(bytes) {
  static const Arguments arguments;
  static CLI::App app("fuzz", "banel");
  static const std::vector<Action> actions = [] {  // they own what the options are read into
    app.set_config("--config", "", "", false);
    app.allow_config_extras(false);
    app.config_formatter(std::make_shared<StrictToml>());
    return std::vector{declare_reproduce(app, arguments), declare_attack(app, arguments)};
  }();
  std::istringstream file{std::string(bytes)};
  app.clear();
  try {
    app.parse_from_stream(file);
  } catch (const CLI::ParseError&) {
  }
}
