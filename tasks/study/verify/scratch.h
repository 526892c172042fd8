// A folder under TMPDIR that is removed again.
//   const Scratch scratch;  write_file(scratch.path / "table.md", text);
#pragma once
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "tensor/check.h"

namespace banel {

class Scratch {
 public:
  Scratch() {
    const char* const given = std::getenv("TMPDIR");
    const std::filesystem::path above = given && *given ? given : "/tmp";
    std::string pattern = (above / "banel-verify-XXXXXX").string();
    ENSURE_AS(::mkdtemp(pattern.data()), IoError, above.string(),
              "no folder can be made there (" << std::error_code(errno, std::generic_category()).message()
                                              << "); set TMPDIR to a folder that can be written to");
    path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path path;
};

}  // namespace banel
