// Sessions of a user, word for word. In transcripts/NAME.txt a line "$ COMMAND" goes to the shell, in a
// folder of the session's own; below it stands what both streams say and, unless it is 0, [the exit code].
#include <doctest/doctest.h>
#include <gnu/libc-version.h>

#include <cstdlib>
#include <sstream>

#include "tests/support/json.h"
#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

const fs::path transcripts = fs::path(BANEL_SOURCE_DIR) / "tests/tasks/cli/transcripts";

// What the commands of a transcript say now.
std::string said_now(const std::string& transcript, const fs::path& folder) {
  const std::string path = fs::path(BANEL_PROGRAM).parent_path().string() + ":" + std::getenv("PATH");
  std::istringstream lines(transcript);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("$ ")) continue;
    const Outcome o = Program({"/bin/bash", "-c", "exec 2>&1; " + line.substr(2)}, folder,
                              {{"PATH", path}, {"COLUMNS", "80"}, {"OMP_NUM_THREADS", "1"}})
                          .wait();
    text += (text.empty() ? "" : "\n") + line + '\n' + o.out;
    if (!text.ends_with('\n')) text += '\n';
    if (o.code != 0) text += '[' + std::to_string(o.code) + "]\n";
  }
  return text;
}

void check_transcript(const std::string& name) {
  const TemporaryFolder folder;
  const fs::path kept = transcripts / (name + ".txt"), now = fs::current_path() / (name + ".now.txt");
  const std::string before = read_file(kept), after = said_now(before, folder.path);
  if (before == after) return;
  write_file(now, after);
  FAIL("compare " << kept.string() << " with " << now.string()
                  << "; if the program should say this, say so in the commit and put it there");
}

TEST_CASE("every help text is the one of the transcript") { check_transcript("help"); }

TEST_CASE("every refusal names the value and the cure as in the transcript") { check_transcript("refused"); }

TEST_CASE("a session from training to verification says what the transcript says" *
          doctest::test_suite("slow")) {
  const std::string machine =
      json_of(run({"doctor"}).out).at("blas_kernels").text() + "-glibc-" + gnu_get_libc_version();
  if (!fs::exists(transcripts / "../../study/records" / machine)) {
    MESSAGE("skipped: " << machine << " rounds differently from the machine of the transcript");
    return;
  }
  check_transcript("session");
}

}  // namespace
}  // namespace banel
