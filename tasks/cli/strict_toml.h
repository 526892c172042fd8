// The file of --config.
#pragma once
#include <CLI/CLI.hpp>

namespace banel {

// CLI11's TOML with what it lets pass refused: a damaged file must not be half understood, fill the memory or
// write to the terminal. Errors: InputError naming the line that is not UTF-8, has a control character, more
// than three dots in a name or an array without an end; the key that comes twice; a file of more than 100,000
// bytes.
class StrictToml final : public CLI::ConfigTOML {
 public:
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
};

}  // namespace banel
