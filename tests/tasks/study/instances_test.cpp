#include "tasks/study/instances.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/addition/target.h"
#include "tasks/run/measure.h"
#include "tasks/run/registry.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

TEST_CASE("the networks that the program carries open at once and do what their reports say") {
  const TemporaryFolder here;
  const Registry all{built_in_methods(), {addition::entry()}};
  const Study study = read_study("reproduce", all, true);
  Instances instances(here.path, study, all, Access::make, ProgressMode::quiet);
  const std::uint64_t target = study.instances.front();
  const std::shared_ptr<const Task> task = instances.task(0, target);
  const Json report = read_json(instances.folder(0, target) / "target.json");
  const addition::ErrorMap map =
      addition::measure_errors(addition::target_of(*task), 5, 30'000, {3, "errors"});
  const double said = addition::parse_target_report(report.dump(), "target.json").error.value();
  CHECK(map.all.value() > 0.4 * said);  // some 20 errors: three deviations
  CHECK(map.all.value() < 1.6 * said);

  const BaseRate base = instances.base(0, target);
  CHECK(base.samples == 1'000'000);  // counted before; a sample of it agrees
  const Measurement sample = measure(*task, task->judge(), task->prior().sample(30'000, {7, "again"}));
  CHECK(sample.success.value() > 0.4 * base.value);
  CHECK(sample.success.value() < 1.6 * base.value);
}

TEST_CASE("nothing is unpacked into a folder in which something was made") {
  const TemporaryFolder here;
  const Registry all{built_in_methods(), {addition::entry()}};
  const Study study = read_study("reproduce", all, true);
  const std::uint64_t target = study.instances.front();
  Instances first(here.path, study, all, Access::make, ProgressMode::quiet);
  const std::filesystem::path folder = first.folder(0, target);
  for (const auto& file : std::filesystem::directory_iterator(folder)) std::filesystem::remove(file);
  write_file(folder / "target.json", "{}");
  Instances again(here.path, study, all, Access::make, ProgressMode::quiet);
  CHECK_THROWS_AS(again.task(0, target), InputError);
  CHECK_FALSE(std::filesystem::exists(folder / "attacker.json"));
}

}  // namespace
}  // namespace banel
