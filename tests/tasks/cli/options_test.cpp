// The command line of a small program: what is accepted, what is refused and in which words.
#include "tasks/cli/options.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <sstream>

#include "nn/io/file.h"
#include "tasks/cli/command_line.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Example {
  CommandLine program{"prog", "does things with words", "prog 1.2"};
  int seeds = 3;
  std::uint64_t seed = 1;
  double rate = 0.001;
  std::string method = "banel", name;
  fs::path out;
  bool quick = false, full = false;
  Words settings, rest;
  Paths files;
  std::string called, config;

  Example() {
    program.notes("Exit codes: 0 ok.");
    program.renamed("old", "prog study");
    Command& study = program.command("study", "runs a study and prints its table");
    study.positional("name", name, "which study").optional();
    study.option("--seeds", seeds, "attack seeds 1..N", 1, 1000);
    study.option("--seed", seed, "of all", 0, std::numeric_limits<std::int64_t>::max());
    study.option("--rate", rate, "learning rate", 1e-8, 1.0).unit("a step");
    study.option("--method,-m", method, "how to attack").one_of({"banel", "grpo", "tail"});
    study.option("--out", out, "run folder").placeholder("FOLDER");
    Option& quick_option = study.flag("--quick,-q", quick, "smaller networks");
    study.flag("--full", full, "larger networks").excludes(quick_option);
    study.list("--set", settings, "KEY=VALUE", "a setting");
    study.action([this] { called = "study", config = program.config_text(); });
    Command& show = program.command("show", "prints files");
    show.positional("file", files, "what to print");
    show.rest("word", rest, "for the printer");
    show.action([this] { called = "show", config = program.config_text(); });
    Command& train = program.command("train", "one of the networks");
    Command& target = train.command("target", "the network that adds");
    target.option("--out", out, "folder").required();
    target.action([this] { called = "target", config = program.config_text(); });
  }

  std::string run(const Words& words) {
    std::ostringstream text;
    program.run(words, text);
    return text.str();
  }
  std::string refusal(const Words& words) {
    try {
      run(words);
    } catch (const UsageError& error) {
      return error.what();
    } catch (const InputError& error) {
      return std::string("file ") + error.what();
    }
    return "accepted";
  }
};

TEST_CASE("values of every type go to their variables") {
  Example e;
  e.run({"study", "planted", "--seeds", "7", "--rate=0.5", "-m", "grpo", "--out", "a folder", "-q", "--set",
         "f=8", "--set=k=1"});
  CHECK(e.called == "study");
  CHECK(e.name == "planted");
  CHECK(e.seeds == 7);
  CHECK(e.rate == 0.5);
  CHECK(e.method == "grpo");
  CHECK(e.out == "a folder");
  CHECK(e.quick);
  CHECK(!e.full);
  CHECK(e.settings == Words{"f=8", "k=1"});
  CHECK(e.seed == 1);
}

TEST_CASE("positional arguments and words after two dashes are kept apart where a command takes both") {
  Example e;
  e.run({"show", "a", "b", "--", "--seeds", "--", "c"});
  CHECK(e.files == Paths{"a", "b"});
  CHECK(e.rest == Words{"--seeds", "--", "c"});
  e.run({"study", "--", "-name"});
  CHECK(e.name == "-name");
  CHECK(e.refusal({"show"}) == "FILE: is required; see prog show --help");
}

TEST_CASE("a command may have commands of its own and the name of one may be a value of another") {
  Example e;
  e.run({"train", "target", "--out", "x"});
  CHECK(e.called == "target");
  e.run({"study", "train"});
  CHECK(e.name == "train");
  CHECK(e.refusal({"train"}) == "a command is missing; see prog train --help");
  CHECK(e.refusal({"train", "target"}) == "--out: is required; see prog train target --help");
}

TEST_CASE("a refused value is named with its option and what would be accepted") {
  const std::vector<std::pair<Words, std::string>> refused{
      {{"--seeds", "0"}, "--seeds: 0 is outside 1..1000; see prog study --help"},
      {{"--seeds", "-5"}, "--seeds: -5 is outside 1..1000; see prog study --help"},
      {{"--seeds=99999999999999999999"},
       "--seeds: 99999999999999999999 is outside 1..1000; see prog study --help"},
      {{"--seeds", "7.5"}, "--seeds: '7.5' is not a whole number; see prog study --help"},
      {{"--seeds", "7x"}, "--seeds: '7x' is not a whole number; see prog study --help"},
      {{"--seeds", " 7"}, "--seeds: ' 7' is not a whole number; see prog study --help"},
      {{"--rate", "nan"}, "--rate: nan is outside 1e-08..1; see prog study --help"},
      {{"--rate", "inf"}, "--rate: inf is outside 1e-08..1; see prog study --help"},
      {{"--rate", "1e999"}, "--rate: 1e999 is outside 1e-08..1; see prog study --help"},
      {{"--rate", "fast"}, "--rate: 'fast' is not a number; see prog study --help"},
      {{"--method", "bnael"}, "--method: 'bnael' is unknown; did you mean banel?"},
      {{"--method", "x"}, "--method: 'x' is none of banel, grpo, tail; see prog study --help"},
      {{"--quick=no"}, "--quick: takes no value; see prog study --help"},
      {{"a", "b"}, "b: is one argument too many; see prog study --help"}};
  for (const auto& [words, message] : refused) {
    Example e;
    CHECK(e.refusal(Words{"study"} + words) == message);
    CHECK(e.called.empty());
  }
}

TEST_CASE("missing values and repeated options and excluded ones are refused alike for every type") {
  Example e;
  for (const std::string option : {"--seeds", "--rate", "--method", "--out", "--set", "--quick"}) {
    CHECK(e.refusal({"study", option + "="}) ==
          option + ": a value is missing after '='; see prog study --help");
    if (option == "--quick") continue;
    CHECK(e.refusal({"study", option}) == option + ": a value is missing; see prog study --help");
    CHECK(e.refusal({"study", option, "--quick"}) ==
          option + ": a value is missing before the option --quick; see prog study --help");
    if (option == "--seeds" || option == "--rate") continue;
    CHECK(e.refusal({"study", option, ""}) == option + ": is empty; give it a value; see prog study --help");
  }
  const std::vector<Words> twice{{"--seeds", "1", "--seeds", "1"},
                                 {"--rate=1", "--rate=1"},
                                 {"-m", "tail", "--method", "tail"},
                                 {"--out", "a", "--out", "a"},
                                 {"--quick", "-q"}};
  for (const Words& words : twice)
    CHECK(e.refusal(Words{"study"} + words)
              .ends_with(": is given twice; once is enough; see prog study --help"));
  CHECK(e.refusal({"study", "--full", "--quick"}) ==
        "--quick: cannot be given with --full; see prog study --help");
}

TEST_CASE("unknown commands and options suggest the nearest name") {
  Example e;
  CHECK(e.refusal({"stduy"}) == "stduy: is no command of prog; did you mean study?");
  CHECK(e.refusal({"train", "tagret"}) == "tagret: is no command of prog train; did you mean target?");
  CHECK(e.refusal({"paint"}) == "paint: is no command of prog; see prog --help");
  CHECK(e.refusal({"study", "--seds", "3"}) == "--seds: is no option of prog study; did you mean --seeds?");
  CHECK(e.refusal({"study", "--sedes=3"}) == "--sedes: is no option of prog study; did you mean --seeds?");
  CHECK(e.refusal({"study", "--paint"}) == "--paint: is no option of prog study; see prog study --help");
  CHECK(e.refusal({"--paint", "study"}) == "--paint: is no option of prog; see prog --help");
  CHECK(e.refusal({"old", "x"}) == "old: this command is prog study; see prog --help");
  CHECK(e.refusal({}) == "a command is missing; see prog --help");
}

TEST_CASE("control characters are refused in names and accepted in paths and never reach the message") {
  Example e;
  for (const Words& words : std::vector<Words>{{"--method", "a\nb"},
                                               {"--set", "a\x1b[31m"},
                                               {"na\tme"},
                                               {"--out", "\xff"},
                                               {"--\x1b[31m"},
                                               {"\n", "\n"}}) {
    const std::string message = e.refusal(Words{"study"} + words);
    CAPTURE(message);
    CHECK(message != "accepted");
    CHECK(message.find_first_of("\n\t\x1b\xff") == message.npos);
  }
  e.run({"study", "--out", "line\nbreak"});
  CHECK(e.out == "line\nbreak");
}

TEST_CASE("the written configuration repeats the call whatever its paths and words are") {
  const TemporaryFolder folder;
  Example first;
  first.run({"study", "it's \"x\" # y", "--seeds", "7", "--rate", "1e-07", "--out", "a#b\n\"c\"\\d/\xc3\xa9",
             "--quick", "--set", "a=[1]", "--set", "b='#'"});
  write_file(folder.path / "c.toml", first.config);
  Example second;
  second.run({"--config", folder.path / "c.toml", "study"});
  CHECK(second.name == first.name);
  CHECK(second.seeds == 7);
  CHECK(second.rate == 1e-07);
  CHECK(second.out == first.out);
  CHECK(second.quick);
  CHECK(second.settings == first.settings);
  CHECK(second.config == first.config);

  Example nested, again;
  nested.run({"train", "target", "--out", "x"});
  CHECK(nested.config == "# prog train target\n[train.target]\nout = \"x\"\n");
  write_file(folder.path / "c.toml", nested.config);
  again.run({"train", "target", "--config", folder.path / "c.toml"});
  CHECK(again.out == "x");
  nested.run({"show", "f", "--", "-x"});
  CHECK(nested.config == "# prog show\n[show]\nfile = [\"f\"]\nword = [\"-x\"]\n");
}

TEST_CASE("the command line wins over the file of --config and options of other commands are only checked") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "c.toml";
  write_file(
      file,
      "[study]\r\nseeds = 5\r\nquick = true\r\nset = [\"a=1\"]\r\n[train.target]\r\nout = \"elsewhere\"\r\n");
  Example e;
  e.run({"study", "--config", file, "--seeds", "9", "--full", "--set", "b=2"});
  CHECK(e.seeds == 9);
  CHECK(e.full);
  CHECK(!e.quick);
  CHECK(e.settings == Words{"b=2"});
  CHECK(e.out.empty());
}

TEST_CASE("a file of --config is refused by the line and the key that are wrong") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "c.toml";
  const std::vector<std::pair<std::string, std::string>> refused{
      {"[study]\nseeds = 0\n", "line 2: study.seeds: 0 is outside 1..1000"},
      {"[study]\nseeds = \"3\"\n", "line 2: study.seeds: must be a whole number"},
      {"[study]\nrate = nan\n", "line 2: study.rate: nan is outside 1e-08..1"},
      {"[study]\nseeds = 1\nseeds = 1\n", "line 3: "},
      {"[study]\nsedes = 1\n", "line 2: study.sedes: is not a key that is known here; did you mean seeds?"},
      {"[stduy]\nseeds = 1\n", "line 1: stduy: is not a key that is known here; did you mean study?"},
      {"seeds = 1\n", "line 1: seeds: is not a key"},
      {"study = 1\n", "line 1: study: must be a table"},
      {"[study]\nmethod = \"x\"\n", "line 2: study.method: 'x' is none of banel, grpo, tail"},
      {"[study]\nname = \"a\\nb\"\n", "line 2: study.name: 'a?b' contains a control character"},
      {"[study]\nname = \"\"\n", "line 2: study.name: is empty"},
      {"[study]\nset = \"a=1\"\n", "line 2: study.set: must be an array"},
      {"[study]\nset = [\"a=1\", 2]\n", "line 2: study.set[1]: must be text"},
      {"[study]\nquick = 1\n", "line 2: study.quick: must be true or false"},
      {"[study]\nquick = true\nfull = true\n", "line 3: study.full: cannot be given with quick"},
      {"[train.target]\nfolder = \"x\"\n", "line 2: train.target.folder: is not a key"}};
  for (const auto& [text, reason] : refused) {
    write_file(file, text);
    Example e;
    const std::string message = e.refusal({"--config", file, "study"});
    CAPTURE(message);
    CHECK(message.starts_with("file " + file.string() + ": "));
    CHECK(message.find(reason) != message.npos);
    CHECK(e.called.empty());
  }
  Example e;
  CHECK_THROWS_AS(e.run({"--config", folder.path / "missing.toml", "study"}), IoError);
  CHECK(e.refusal({"--config", file, "study", "--config", file}) ==
        "--config: is given twice; once is enough; see prog study --help");
}

TEST_CASE("help shows every option with its range and unit and default and fits the terminal") {
  Example e;
  ::setenv("COLUMNS", "20", 1);
  const std::string help = e.run({"study", "--seeds", "0", "--help"}), top = e.run({"--help"});
  for (const char* part :
       {"usage: prog study [NAME] [OPTIONS]", "--seeds N", "1..1000 [3]", "1e-08..1 a step [0.001]",
        "banel, grpo, tail [banel]", "--out FOLDER", "--quick, -q", "not with --full", "--set KEY=VALUE",
        "--config FILE", "0 or more [1]"})
    CHECK(help.find(part) != help.npos);
  for (const char* part :
       {"usage: prog COMMAND", "study", "runs a study", "train", "Exit codes", "--version"})
    CHECK(top.find(part) != top.npos);
  CHECK(e.run({"train", "target", "-h"}).find("usage: prog train target --out PATH [OPTIONS]") !=
        std::string::npos);
  CHECK(e.run({"show", "--help"}).find("usage: prog show FILE... [OPTIONS] -- WORD...") != std::string::npos);
  CHECK(e.run({"--version"}) == "prog 1.2\n");
  CHECK(e.called.empty());

  const auto longest_line = [](const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
    return longest;
  };
  Example wordy;
  std::string words;
  for (int i = 0; i < 100; ++i) words += "word ";
  wordy.program.command("wordy", words);
  const std::string narrow = wordy.run({"--help"});
  CHECK(longest_line(narrow) <= 80);
  CHECK(longest_line(narrow) > 60);
  ::setenv("COLUMNS", "132", 1);
  CHECK(longest_line(wordy.run({"--help"})) <= 132);
  CHECK(longest_line(wordy.run({"--help"})) > 100);
  ::unsetenv("COLUMNS");
}

TEST_CASE("an option knows whether it was given") {
  CommandLine program("prog", "x", "1");
  int a = 1, b = 2;
  Command& go = program.command("go", "x");
  const Option &first = go.option("--a", a, "a", 0, 9), &second = go.option("--b", b, "b", 0, 9);
  std::string given;
  go.action([&] { given = std::string(first.given() ? "a" : "") + (second.given() ? "b" : ""); });
  std::ostringstream out;
  program.run({"go", "--b", "2"}, out);
  CHECK(given == "b");
  program.run({"go"}, out);
  CHECK(given.empty());
}

}  // namespace
}  // namespace banel
