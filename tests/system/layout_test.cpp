// Rules about the source files themselves.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>
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
const std::vector<std::string> tasks = {"tasks/addition", "tasks/planted", "tasks/reason", "tasks/toy1d"};

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

// What is too large for a reader: lines in a file, characters in a line, units in a folder (a header and its
// source are one). Tables in Markdown are as wide as they need; study files and generated results are no
// source.
constexpr std::ptrdiff_t most_lines = 300, most_lines_of_a_test = 400, most_characters = 110, most_units = 14;

struct Exception {
  std::string path;
  std::ptrdiff_t units;
};
const std::vector<Exception> larger_folders = {
    {"tests/banel", 15},  // one test a unit of banel/, and one of a whole run
};

std::ptrdiff_t characters(const std::string& line) {
  return std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });  // UTF-8
}

// What is too large in this file, one sentence each.
std::vector<std::string> too_large(const std::string& file, const std::string& text) {
  std::vector<std::string> result;
  std::istringstream lines(text);
  std::ptrdiff_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const bool table = file.ends_with(".md") && line.starts_with("|");
    if (characters(line) > most_characters && !table)
      result.push_back(file + ": line " + std::to_string(number) + " is wider than 110 characters");
  }
  const std::ptrdiff_t most = inside(file, "tests") ? most_lines_of_a_test : most_lines;
  if (number > most) result.push_back(file + " has more than " + std::to_string(most) + " lines");
  return result;
}

std::ptrdiff_t most_units_in(const std::string& folder) {
  for (const Exception& exception : larger_folders)
    if (exception.path == folder) return exception.units;
  return most_units;
}

// Every file that people read and write, from the top folder; results, transcripts and builds are none.
std::vector<std::string> written_files() {
  std::vector<std::string> files;
  for (const char* top : {"tensor", "nn", "banel", "tasks", "tests", ".ci"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string file = fs::relative(entry.path(), root).string();
      const std::string kind = entry.path().extension().string();
      const bool prose_or_code =
          std::set<std::string>{".h", ".cpp", ".cmake", ".txt", ".py", ".sh", ".bash", ".md"}.contains(kind);
      const bool made = inside(file, "tasks/results") || inside(file, "tests/tasks/cli/transcripts");
      if (entry.is_regular_file() && !made && (prose_or_code || inside(file, ".ci"))) files.push_back(file);
    }
  for (const char* file : {"CMakeLists.txt", "README.md"}) files.emplace_back(file);
  CHECK(files.size() > 300);
  return files;
}

TEST_CASE("files and lines and folders are small enough to read") {
  std::map<std::string, std::set<std::string>> units;
  for (const std::string& file : written_files()) {
    for (const std::string& found : too_large(file, read_file(root / file))) FAIL_CHECK(found);
    const fs::path path = file;
    if (path.extension() != ".md" && path.extension() != ".txt")
      units[path.parent_path().string()].insert(path.stem().string());
  }
  for (const auto& [folder, names] : units) {
    const std::string found = folder + " has " + std::to_string(names.size()) + " units";
    INFO(found);
    CHECK(std::ssize(names) <= most_units_in(folder));
  }
}

TEST_CASE("the rule about sizes can fail") {
  CHECK(too_large("nn/gpt.h", std::string(110, 'x') + "\n").empty());
  CHECK(too_large("nn/gpt.h", std::string(111, 'x') + "\n").size() == 1);
  CHECK(too_large("README.md", "|" + std::string(200, 'x') + "|\n").empty());
  CHECK(too_large("nn/gpt.cpp", std::string(300, '\n')).empty());
  CHECK(too_large("nn/gpt.cpp", std::string(301, '\n')).size() == 1);
  CHECK(too_large("tests/nn/gpt_test.cpp", std::string(400, '\n')).empty());
  CHECK(too_large("tests/nn/gpt_test.cpp", std::string(401, '\n')).size() == 1);
}

TEST_CASE("one source file includes cblas.h and no header does") {
  std::vector<std::string> users;
  for (const char* top : {"tensor", "nn", "banel", "tasks"})
    for (const fs::path& file : sources(top))
      if (!matches(read_file(file), R"(^\s*#\s*include\s*[<"](.*cblas.*)[>"])").empty())
        users.push_back(fs::relative(file, root).string());
  CHECK(users == std::vector<std::string>{"tensor/blas.cpp"});
}

TEST_CASE("only sources of nn/io include the JSON library because it takes seconds to compile") {
  std::size_t users = 0;
  for (const char* top : {"tensor", "nn", "banel", "tasks"})
    for (const fs::path& file : sources(top))
      if (!matches(read_file(file), R"(^\s*#\s*include\s*[<"](nlohmann.*)[>"])").empty()) {
        CHECK(file.parent_path() == root / "nn" / "io");
        CHECK(file.extension() == ".cpp");
        ++users;
      }
  CHECK(users > 0);
}

TEST_CASE("nothing to the left of tasks reads a clock or an unseeded random source") {
  const char* const pattern =
      R"((<chrono>|<ctime>|<time\.h>|<sys/time\.h>|\b_clock\b|clock_gettime|gettimeofday|\btime\()"
      R"(|<random>|random_device|\brand\())";
  for (const char* room : {"tensor", "nn", "banel"})
    for (const fs::path& file : sources(room))
      for (const std::string& found : matches(read_file(file), pattern))
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
