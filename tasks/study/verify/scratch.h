// A folder under TMPDIR that is removed again.
//   const Scratch scratch;  write_file(scratch.path / "table.md", text);
#pragma once
#include <cstdlib>
#include <filesystem>

#include "tensor/check.h"

namespace banel {

class Scratch {
 public:
  Scratch() {
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "banel-verify-XXXXXX").string();
    ENSURE_AS(!error && ::mkdtemp(pattern.data()), IoError, pattern,
              "this folder cannot be made; set TMPDIR to a folder that can be written to");
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
