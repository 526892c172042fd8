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
// A room includes itself and what stands left of it.
const std::vector<std::string> street = {"tensor",     "nn",           "nn/io",        "banel",
                                         "tasks/base", "tasks/model",  "tasks/task.h", "tasks/run",
                                         "tasks/plot", "tasks/report", "tasks/study",  "tasks/cli"};
// A task sees what stands left of tasks/run; a view file of it, which draws figures, all but study and cli.
const std::vector<std::string> tasks = {"tasks/addition", "tasks/planted", "tasks/toy1d"};

bool inside(const std::string& file, const std::string& room) {
  return file == room || file.starts_with(room + "/");
}

std::size_t place(const std::string& room) {
  return static_cast<std::size_t>(std::find(street.begin(), street.end(), room) - street.begin());
}

// The place of the last room that holds the file, since nn/io is a folder of nn; street.size() if none does.
std::size_t place_of(const std::string& file) {
  for (std::size_t room = street.size(); room-- > 0;)
    if (inside(file, street[room])) return room;
  return street.size();
}

// Why the file may not include the other; empty if it may.
std::string refusal(const std::string& file, const std::string& included) {
  for (const std::string& task : tasks) {
    if (inside(included, task))
      return inside(file, task) || inside(file, "tasks/cli") ? "" : "names a concrete task";
    const bool view = file.find("_figure.") != file.npos;
    if (inside(file, task))
      return place_of(included) < place(view ? "tasks/study" : "tasks/run") ? "" : "is a task's file";
  }
  return place_of(included) <= place_of(file) && place_of(file) < street.size() ? "" : "stands left of it";
}

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
  for (const char* top : {"tensor", "nn", "banel", "tasks"})
    for (const fs::path& path : sources(top))
      for (const std::string& included : matches(read_file(path), R"(^\s*#\s*include\s*"([^"]+)\")")) {
        const std::string file = fs::relative(path, root).string();
        INFO(file << " includes " << included);
        CHECK(refusal(file, included) == "");
        CHECK(fs::exists(root / included));
      }
}

TEST_CASE("the rule about includes can fail") {
  CHECK(refusal("tasks/run/attack.cpp", "tasks/report/row.h") != "");
  CHECK(refusal("tasks/run/attack.cpp", "tasks/addition/addition.h") != "");
  CHECK(refusal("tasks/toy1d/toy1d.cpp", "tasks/plot/canvas.h") != "");
  CHECK(refusal("nn/gpt.cpp", "nn/io/file.h") != "");
  CHECK(refusal("tasks/toy1d/toy1d_figure.cpp", "tasks/plot/canvas.h") == "");
  CHECK(refusal("tasks/cli/program.cpp", "tasks/addition/addition.h") == "");
}

TEST_CASE("one source file includes cblas.h and no header does") {
  std::vector<std::string> users;
  for (const char* top : {"tensor", "nn", "banel", "tasks"})
    for (const fs::path& file : sources(top))
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
