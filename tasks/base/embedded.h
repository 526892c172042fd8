// Files that are compiled into the program (base/embed.cmake).
//   extern const std::span<const EmbeddedFile> study_files;      study_files[0].name == "canary.toml"
#pragma once
#include <span>
#include <string_view>

namespace banel {

struct EmbeddedFile {
  std::string_view name, bytes;
};

}  // namespace banel
