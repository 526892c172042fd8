#include <iostream>

#include "tasks/study/bench.h"
#include "tasks/study/bench_profile.h"
#include "tasks/cli/commands.h"
#include "tensor/check.h"

namespace banel {

Action declare_bench(CLI::App& app) {
  struct Options : Common {
    BenchSettings settings;
    bool profile = false;
    std::filesystem::path json;
  };
  auto o = std::make_shared<Options>();
  std::vector<std::string> names;
  for (const BenchConfig& c : bench_configs()) names.push_back(c.name);
  o->settings.configs = names;
  o->settings.works = {"train", "loglik", "sample"};
  o->settings.threads = {1, 2, 4, 8};
  CLI::App* command = app.add_subcommand(
      "bench", "speed of training, log-likelihood and sampling against the machine's limits");
  command->add_option("--configs", o->settings.configs, "S (d 48), M (d 128), F (d 64), separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command->add_option("--works", o->settings.works, "train, loglik, sample, separated by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"train", "loglik", "sample"}))
      ->capture_default_str();
  command->add_option("--threads", o->settings.threads, "thread counts, separated by commas")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--seconds", o->settings.seconds, "time of each measurement, in 5 parts")
      ->check(number_in(0.001, 3600))
      ->capture_default_str();
  command->add_flag("--profile", o->profile,
                    "instead: time of each operation of a training step beside its floor, on one thread");
  command->add_option("--json", o->json, "also write everything measured to this file");
  o->add_quiet(command);
  return [o] {
    const auto found = o->profile ? bench_profile(o->settings) : bench(o->settings, o->mode());
    std::cout << (o->profile ? profile_markdown(found) : bench_markdown(found));
    if (!o->json.empty()) write_file(o->json, found.dump(2) + '\n');
  };
}

}  // namespace banel
