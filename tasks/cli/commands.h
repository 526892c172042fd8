// What the commands of the program share; each command stands in its own command_NAME.cpp.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/io/file.h"
#include "tasks/base/progress.h"
#include "tasks/study/reproduce.h"
#include "tensor/parallel.h"

namespace banel {

// A command is declared with its options and returns what to do once they are parsed.
using Action = std::function<void()>;
using Arguments = std::vector<std::string>;  // argv, for the record of a run

Action declare_reproduce(CLI::App& app, const Arguments&);
Action declare_train(CLI::App* train, CLI::App& app, const Arguments&, bool target);
Action declare_attack(CLI::App& app, const Arguments&);
Action declare_tune(CLI::App& app, const Arguments&);
Action declare_scaling(CLI::App& app, const Arguments&);
Action declare_toy1d(CLI::App& app, const Arguments&);
Action declare_rules(CLI::App& app);
Action declare_report(CLI::App& app);
Action declare_verify(CLI::App& app);
Action declare_across(CLI::App& app);
Action declare_bench(CLI::App& app);
Action declare_eval(CLI::App& app);
Action declare_sample(CLI::App& app);

struct Common {  // options of several commands
  bool quiet = false;
  int threads = banel::threads();
  std::filesystem::path out;
  std::uint64_t seed = 1;

  void add_threads(CLI::App*);
  void add_quiet(CLI::App*);
  void add_seed(CLI::App*, const char* text);
  ProgressMode mode() const { return progress_mode(quiet); }
};

void add_seeds(CLI::App*, int& seeds, const char* of);  // attack seeds 1..N
void add_samples(CLI::App*, std::size_t& samples);      // measured after each round

CLI::Validator number_in(double lo, double hi);  // refuses NaN, which CLI::Range lets pass

// The run folder: created, locked against a second process, with a record of what made it.
class RunFolder {
 public:
  RunFolder(const std::filesystem::path& folder, const CLI::App& app, const Arguments&);
  void record() const;  // for a call that has done its work

 private:
  std::filesystem::path folder_;
  nlohmann::ordered_json run_;
  std::string config_;
  FolderLock lock_;
};

void print(const nlohmann::ordered_json&);

}  // namespace banel
