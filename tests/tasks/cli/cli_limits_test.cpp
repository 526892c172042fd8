// What a shell may take away from a command: its stack, its memory, its files, the folder it stands in.
#include <doctest/doctest.h>

#include "tests/support/run_banel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using tiny::Folder;

// The command after a line of the shell: "ulimit -s 64".
Outcome after(const std::string& line, const Arguments& arguments, const fs::path& directory = {}) {
  std::string words;
  for (const std::string& word : arguments) words += " '" + word + "'";
  return Program({"/bin/sh", "-c", line + "\nexec " BANEL_PROGRAM + words}, directory).wait();
}

// One sentence with one of these exit codes, or the work is done.
void works_or_says_why(const Outcome& o) {
  CAPTURE(o.out);
  CAPTURE(o.err);
  CHECK((o.code == 0 || o.code == 1 || o.code == 4));
  if (o.code == 0) return;
  CHECK(o.err.starts_with("banel: "));
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
}

TEST_CASE("an attack with a small stack of the program or of its threads has the results of any other") {
  const Folder here;
  const Arguments threads{"--threads", "2"};
  REQUIRE(run(here.attack("usual") + threads).code == 0);
  int number = 0;
  for (const char* line :
       {"ulimit -s 64", "ulimit -s 256", "export OMP_STACKSIZE=16k", "export OMP_STACKSIZE=20480B",
        "export OMP_STACKSIZE=' 64 k '", "export GOMP_STACKSIZE=17", "export OMP_STACKSIZE=1M",
        "export OMP_STACKSIZE=1000000G"}) {
    INFO(line);
    const std::string out = "run" + std::to_string(++number);
    const Outcome o = after(line, here.attack(out) + threads);
    CAPTURE(o.err);
    CHECK(o.code == 0);
    CHECK(o.err == "");
    if (o.code == 0) CHECK((tiny::results(here.path / out) == tiny::results(here.path / "usual")));
  }
}

TEST_CASE("an attack on as many threads as may be asked for has the results of any other") {
  const Folder here;
  REQUIRE(run(here.attack("usual", {"--threads", "2"})).code == 0);
  const Outcome o = run(here.attack("many", {"--threads", "1024"}));
  CAPTURE(o.err);
  CHECK(o.code == 0);
  CHECK((tiny::results(here.path / "many") == tiny::results(here.path / "usual")));
}

TEST_CASE("under every limit of memory and files a command works or says in one line what to do" *
          doctest::test_suite("slow")) {
  const Folder here;
  const fs::path folder = here.path / "run";
  REQUIRE(run({"study", here.study(), "--out", folder, "--quiet"}).code == 0);
  const std::vector<Arguments> commands{here.attack("attack"),
                                        {"study", here.study(), "--out", here.path / "other", "--quiet"},
                                        {"report", folder, "--quiet"},
                                        {"verify", folder, "--quiet"},
                                        {"ask", folder},
                                        {"ask", "target", "1+1", "--networks", folder, "--quiet"},
                                        {"ask", "attacker", folder}};
  for (const char* line : {"ulimit -v 300000", "ulimit -v 500000", "ulimit -v 1000000", "ulimit -n 8",
                           "ulimit -f 1", "ulimit -f 8", "unset HOME"})
    for (const Arguments& command : commands) {
      INFO(line << "; " << shown(command));
      for (const char* out : {"attack", "other"}) fs::remove_all(here.path / out);
      const bool threads = command[0] != "report" || line[8] == 'v';
      works_or_says_why(after(line, threads ? command + Arguments{"--threads", "2"} : command));
    }
  CHECK(run({"report", folder, "--quiet"}).code == 0);
  CHECK(run({"verify", folder, "--quiet"}).code == 0);
}

TEST_CASE("the list of very many attacks can be interrupted") {
  const TemporaryFolder here;
  std::string values = "[1";
  for (int i = 2; i <= 1000; ++i) values += ", " + std::to_string(i);
  write_file(here.path / "many.toml",
             "title = \"T\"\ntask = \"toy1d\"\nseeds = 1000\nvariants = [{method = \"tail\", m = " + values +
                 "]}]\n");
  Program jobs({BANEL_PROGRAM, "jobs", here.path / "many.toml", "--out", here.path / "run", "--quiet"});
  CHECK(within(std::chrono::seconds(60), [&] { return fs::exists(here.path / "run" / "study.toml"); }));
  jobs.signal(SIGINT);
  CHECK(jobs.wait().code == 130);
}

TEST_CASE("a folder that the command stands in and that is gone is an error of one line") {
  const TemporaryFolder here;
  for (const Arguments& command : std::vector<Arguments>{{"study", "planted", "--quick", "--out", "run"},
                                                         {"jobs", "planted", "--out", "run"},
                                                         {"attack", "--out", "run"},
                                                         {"train", "addition", "--out", "run"},
                                                         {"toy1d", "--out", "run", "--quiet"},
                                                         {"report", "run"},
                                                         {"verify", "run"},
                                                         {"ask", "run"}}) {
    const Outcome o = after("mkdir gone && cd gone && rmdir ../gone", command, here.path);
    CAPTURE(shown(command));
    CAPTURE(o.err);
    CHECK(o.code == 4);
    CHECK(o.err.starts_with("banel: "));
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  }
}

}  // namespace
}  // namespace banel
