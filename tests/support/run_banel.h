// The program banel, run as a user runs it, on tiny jobs: networks of 2-digit addition that `banel train`
// makes in a second, an attack of three rounds on them, and a study of four attacks.
#pragma once
#include <algorithm>
#include <map>

#include "nn/io/file.h"
#include "tests/support/program.h"

namespace banel {

inline Outcome run(const Arguments& arguments, const std::filesystem::path& directory = {}) {
  return Program(Arguments{BANEL_PROGRAM} + arguments, directory).wait();
}

inline std::string shown(const Arguments& arguments) {
  std::string text = "banel";
  for (const std::string& word : arguments) text += ' ' + word;
  return text;
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

// The program must refuse with this exit code, nothing on stdout, and one line on stderr that has all of
// `named`.
inline void refused(int code, const Arguments& arguments, const std::vector<std::string>& named,
                    const std::filesystem::path& directory = {}) {
  const Outcome o = run(arguments, directory);
  INFO(shown(arguments));
  CAPTURE(o.err);
  CHECK(o.code == code);
  CHECK(o.out == "");
  CHECK(o.err.rfind("banel: ", 0) == 0);
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK((!o.err.empty() && o.err.back() == '\n'));
  for (const std::string& text : named) {
    CAPTURE(text);
    CHECK(o.err.find(text) != o.err.npos);
  }
}

}  // namespace banel

namespace banel::tiny {

inline const Arguments& training() {
  static const Arguments words{
      "--set", "digits=2",          "--set", "target_width=16",       "--set", "target_layers=1",
      "--set", "target_heads=2",    "--set", "target_examples=12000", "--set", "check_every=12000",
      "--set", "stop_error=1",      "--set", "check_questions=200",   "--set", "final_questions=500",
      "--set", "attacker_width=16", "--set", "attacker_heads=2",      "--set", "attacker_examples=12000"};
  return words;
}

// The words without `--set SETTING`, for a method that has no use for it.
inline Arguments without(Arguments words, const std::string& setting) {
  const auto at = std::find(words.begin(), words.end(), setting);
  words.erase(at - 1, at + 1);
  return words;
}

// A folder with networks of its own, copied from those that one call made.
struct Folder {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path, networks = path / "networks";

  Folder() {
    static const TemporaryFolder made;
    static const Outcome training_done =
        run(Arguments{"train", "addition", "--quiet", "--out", made.path / "networks"} + training());
    REQUIRE_MESSAGE(training_done.code == 0, training_done.err);
    std::filesystem::copy(made.path / "networks", networks, std::filesystem::copy_options::recursive);
  }

  // Three rounds in about a quarter of a second.
  Arguments attack(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"attack",   "--quiet",   "--networks",   networks, "--out",
                     path / out, "--samples", "100",          "--seed", "5",
                     "--set",    "budget=60", "--set",        "m=20",   "--set",
                     "n=30",     "--set",     "phi_epochs=2", "--set",  "theta_epochs=1"} +
           more;
  }
  // Twenty rounds in a second or two: long enough to be interrupted. The target errs on nearly everything, so
  // only a method that learns from rewarded attempts too has work in every round.
  Arguments long_attack(const std::string& out) const {
    return {"attack",   "--quiet",        "--networks", networks,       "--out",
            path / out, "--samples",      "500",        "--seed",       "5",
            "--method", "all-attempts",   "--set",      "budget=800",   "--set",
            "m=40",     "--set",          "n=200",      "--set",        "phi_epochs=4",
            "--set",    "theta_epochs=2", "--set",      "early_abort=0"};
  }

  // Two methods and two seeds on networks of its own.
  std::filesystem::path study() const {
    std::string settings =
        "title = \"Tiny\"\nsentence = \"A check of the program.\"\ntask = \"addition\"\nseeds = 2\nbudget = "
        "40\n"
        "samples = 100\nbase_samples = 500\nvariants = [{method = \"banel\", m = 20, n = 20, phi_epochs = 1, "
        "theta_epochs = 1}, \"memory\"]\nshow = [\"bars\"]\n[settings]\n";
    for (const std::string& word : training())
      if (word != "--set") settings += word + "\n";
    write_file(path / "tiny.toml", settings);
    return path / "tiny.toml";
  }
};

// All files of a folder, by name; the lock is empty.
inline std::map<std::string, std::string> files(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      all[std::filesystem::relative(entry.path(), folder)] = read_file(entry.path());
  return all;
}

// What an attack leaves for tables and for later runs, without its times.
inline std::map<std::string, std::string> results(const std::filesystem::path& folder) {
  std::map<std::string, std::string> result;
  for (const char* name : {"ledger.jsonl", "metrics.jsonl", "config.json", "attacker.safetensors"})
    result[name] = read_file(folder / name);
  return result;
}

}  // namespace banel::tiny
