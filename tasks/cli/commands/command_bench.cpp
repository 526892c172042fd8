// `banel bench` and `banel doctor`: this build on this machine.
#include <algorithm>
#include <iostream>

#include "tasks/base/system.h"
#include "tasks/cli/commands.h"
#include "tasks/study/bench.h"
#include "tasks/study/bench_profile.h"
#include "tensor/check.h"

namespace banel {

namespace {

struct BenchArguments : Common {
  Words configs, works, threads_of;
  double seconds = 0.5;
  bool profile = false, json = false;
};

void measure_speed(const BenchArguments& o) {
  BenchSettings settings{
      .configs = o.configs, .works = o.works, .threads = {1, 2, 4, 8}, .seconds = o.seconds};
  for (const Words* names : {&o.configs, &o.works})
    for (const std::string& name : *names)
      ENSURE(std::ranges::count(*names, name) == 1, (names == &o.configs ? "--configs" : "--works"),
             name << " is given twice");
  if (settings.configs.empty())
    for (const BenchConfig& c : bench_configs()) settings.configs.push_back(c.name);
  if (settings.works.empty()) settings.works = {"train", "loglik", "sample"};
  if (!o.threads_of.empty()) {
    const auto numbers = whole_numbers("--threads", o.threads_of, 1, 1024);
    settings.threads.assign(numbers.begin(), numbers.end());
  }
  const Json found = o.profile ? bench_profile(settings) : bench(settings, o.mode());
  if (o.json) return print(found);
  std::cout << (o.profile ? profile_markdown(found) : bench_markdown(found));
}

}  // namespace

void declare_bench(Session& session) {
  auto o = std::make_shared<BenchArguments>();
  Words names;
  for (const BenchConfig& c : bench_configs()) names.push_back(c.name);
  Command& command = session.program.command(
      "bench", "speed of training, log-likelihood and sampling against the machine's limits");
  command.list("--configs", o->configs, "NAME", "S (d 48), M (d 128) or F (d 64) [all]").one_of(names);
  command.list("--works", o->works, "NAME", "train, loglik or sample [all]")
      .one_of({"train", "loglik", "sample"});
  command.list("--threads", o->threads_of, "N,N", "numbers of threads, separated by commas [1,2,4,8]");
  command.option("--seconds", o->seconds, "of each measurement, in 5 parts", 0.001, 3600).unit("seconds");
  command.flag("--profile", o->profile,
               "instead: time of each operation of a training step beside its floor, on one thread");
  add_json(command, o->json);
  command.flag("--quiet", o->quiet, "no progress on stderr");
  command.action([o] { measure_speed(*o); });

  session.program.command("doctor", "version, CPU, BLAS kernels, threads; as JSON").action([] {
    print(system_info());
  });
}

}  // namespace banel
