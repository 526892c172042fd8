// The program banel, run as a user runs it, in folders with the tiny networks.
#pragma once
#include <algorithm>

#include "nn/io/checkpoint.h"
#include "tests/support/program.h"
#include "tests/support/tiny_networks.h"

namespace banel {

inline Outcome run(const Arguments& arguments, const std::filesystem::path& directory = {}) {
  return Program(Arguments{BANEL_PROGRAM} + arguments, directory).wait();
}

inline std::string shown(const Arguments& arguments) {
  std::string text = "banel";
  for (const std::string& word : arguments) text += ' ' + word;
  return text;
}

// The program must refuse with this exit code, nothing on stdout, and one line on stderr that has all of `named`.
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

// A folder with the tiny networks.
struct Networks {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path / "networks";
  Networks() {
    std::filesystem::create_directory(path);
    save_checkpoint(path / "target.safetensors", tiny::target());
    save_checkpoint(path / "attacker.safetensors", tiny::attacker());
  }
  // Three rounds in about a quarter of a second.
  Arguments attack(const std::string& out, const Arguments& more = {}) const {
    return Arguments{"attack",     "--networks", path,           "--out",       folder.path / out,
                     "--quiet",    "--budget",   "60",           "--per-round", "20",
                     "--accepted", "30",         "--phi-epochs", "2",           "--distil-epochs",
                     "1",          "--samples",  "100",          "--seed",      "5"} +
           more;
  }
  // Twenty rounds in a second or two: long enough to be interrupted.
  Arguments long_attack(const std::string& out) const {
    return {"attack",     "--networks", path,           "--out",       folder.path / out,
            "--quiet",    "--budget",   "800",          "--per-round", "40",
            "--accepted", "200",        "--phi-epochs", "4",           "--distil-epochs",
            "2",          "--samples",  "500",          "--seed",      "5"};
  }
};

// What a run leaves for tables and for later runs, without its times.
inline std::map<std::string, std::string> results(const std::filesystem::path& folder) {
  std::map<std::string, std::string> result;
  for (const char* name : {"ledger.jsonl", "metrics.jsonl", "config.json"})
    result[name] = read_file(folder / name);
  const GPT attacker = load_checkpoint(folder / "attacker.safetensors").model;
  result["weights"] = std::string(reinterpret_cast<const char*>(attacker.parameters.values.data()),
                                  attacker.parameters.values.size() * sizeof(real));
  return result;
}

}  // namespace banel
