// A folder for the files of one test.
//
//   const TemporaryFolder folder;
//   write_file(folder.path / "a", "text");
//   CHECK(folder.names() == std::set<std::string>{"a"});
#pragma once
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

namespace banel {

// An empty folder when it is made; gone with all its files when it is destroyed.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "banel_test_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TemporaryFolder() {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(path);
  }
  std::set<std::string> names() const {
    std::set<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(path))
      result.insert(entry.path().filename().string());
    return result;
  }
  std::filesystem::path path;
};

}  // namespace banel
