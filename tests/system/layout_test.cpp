// Rules about the source files themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "nn/io/file.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

const fs::path root = BANEL_SOURCE_DIR;
const std::vector<std::string> street = {"tensor", "nn", "banel",
                                         "tasks"};  // each includes itself and what is left of it

std::vector<fs::path> sources(const std::string& room) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root / room))
    if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") files.push_back(entry.path());
  CHECK(files.size() >= 5);
  return files;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  std::vector<std::string> result;
  const std::regex regex(pattern, std::regex::multiline);
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    result.push_back((*match)[1]);
  return result;
}

TEST_CASE("the rooms include one another in one direction only") {
  for (std::size_t room = 0; room < street.size(); ++room)
    for (const fs::path& file : sources(street[room]))
      for (const std::string& included : matches(read_file(file), R"(^\s*#\s*include\s*"([^"]+)\")")) {
        const auto place = std::find(street.begin(), street.end(), included.substr(0, included.find('/')));
        INFO(file.string() << " includes " << included);
        CHECK(place != street.end());
        CHECK(place - street.begin() <= static_cast<std::ptrdiff_t>(room));
        CHECK(fs::exists(root / included));
      }
}

TEST_CASE("one source file includes cblas.h and no header does") {
  std::vector<std::string> users;
  for (const std::string& room : street)
    for (const fs::path& file : sources(room))
      if (!matches(read_file(file), R"(^\s*#\s*include\s*[<"](.*cblas.*)[>"])").empty())
        users.push_back(fs::relative(file, root).string());
  CHECK(users == std::vector<std::string>{"tensor/blas.cpp"});
}

TEST_CASE("nothing to the left of tasks reads a clock or an unseeded random source") {
  for (const char* room : {"tensor", "nn", "banel"})
    for (const fs::path& file : sources(room))
      for (
          const std::string& found : matches(
              read_file(file),
              R"((<chrono>|<ctime>|<time\.h>|<sys/time\.h>|\b_clock\b|clock_gettime|gettimeofday|\btime\(|<random>|random_device|\brand\())"))
        FAIL_CHECK(file.string() << " uses " << found);
}

TEST_CASE("the algorithm carries the line numbers of Algorithm 2 once each and in order") {
  std::vector<std::string> expected;
  for (int line = 1; line <= 11; ++line) expected.push_back(std::to_string(line));
  CHECK(matches(read_file(root / "banel" / "banel.cpp"), R"(// Alg\. 2, l\. (\d+)$)") == expected);
}

TEST_CASE("the method knows no digits and no networks") {
  for (const fs::path& file : sources("banel"))
    for (const std::string& included : matches(read_file(file), R"(^\s*#\s*include\s*"(nn/[^"]+)\")")) {
      INFO(file.string());
      CHECK((included == "nn/io/file.h" || included == "nn/io/json.h"));
    }
}

TEST_CASE("the object code of the method needs nothing of the networks and the tasks") {
  const std::string command = "nm --demangle --undefined-only '" BANEL_METHOD_LIBRARY "'";
  FILE* const listing = popen(command.c_str(), "r");
  REQUIRE(listing);
  std::string line, needed;
  for (int c; (c = std::fgetc(listing)) != EOF; line += static_cast<char>(c))
    if (c == '\n') {
      if (line.find("banel::") != line.npos) needed += line;
      line.clear();
    }
  REQUIRE(pclose(listing) == 0);
  CHECK(needed.find("banel::AppendFile") != needed.npos);  // the listing works: the ledger is a file
  for (const char* back_door : {"banel::GPT", "banel::greedy", "banel::sample", "banel::log_likelihood",
                                "load_checkpoint", "decode_safetensors", "addition", "measure"}) {
    INFO(back_door << " in:" << needed);
    CHECK(needed.find(back_door) == needed.npos);
  }
}

}  // namespace
}  // namespace banel
