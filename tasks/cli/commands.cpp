#include "tasks/cli/commands.h"

#include <iostream>
#include <limits>

#include "nn/io/checkpoint.h"
#include "tasks/base/system.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

void Common::add_threads(CLI::App* app) {
  app->add_option("--threads", threads, "threads; the results do not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
}
void Common::add_quiet(CLI::App* app) { app->add_flag("--quiet", quiet, "no progress on stderr"); }
void Common::add_seed(CLI::App* app, const char* text) {
  app->add_option("--seed", seed, text)
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
}

void add_seeds(CLI::App* app, int& seeds, const char* of) {
  app->add_option("--seeds", seeds, std::string("attack seeds 1..N of each ") + of)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void add_samples(CLI::App* app, std::size_t& samples) {
  app->add_option("--samples", samples, "samples per reading (some 10 of a run), outside the budget")
      ->check(CLI::Range(100, 10'000'000))
      ->capture_default_str();
}

CLI::Validator number_in(double lo, double hi) {
  std::ostringstream text;
  text << lo << " - " << hi;
  const std::string range = text.str();
  return CLI::Validator(
      [=](std::string& given) {
        double x = 0;
        const bool inside = CLI::detail::lexical_cast(given, x) && x >= lo && x <= hi;
        return inside ? std::string() : "Value " + given + " not in range " + range;
      },
      "FLOAT in [" + range + "]");
}

namespace {
const fs::path& make(const fs::path& folder) {
  create_folders(folder);
  return folder;
}
}  // namespace

RunFolder::RunFolder(const fs::path& folder, const CLI::App& app, const Arguments& arguments)
    : folder_(folder), run_(system_info()), config_(app.config_to_str(false)), lock_(make(folder)) {
  run_["arguments"] = arguments;
  if (!fs::exists(folder / "run.json"))
    record();  // a call that is refused must not replace the record of another
}

void RunFolder::record() const {
  write_file(folder_ / "run.json", run_.dump(2) + '\n');
  write_file(folder_ / "config.toml", config_);
}

void print(const nlohmann::ordered_json& json) { std::cout << json.dump(2) << '\n'; }

}  // namespace banel
