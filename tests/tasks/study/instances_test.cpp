#include "tasks/study/instances.h"

#include <doctest/doctest.h>

#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/addition/target.h"
#include "tasks/base/stats.h"
#include "tasks/run/measure.h"
#include "tasks/run/registry.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

struct Carried {  // the instance that the program carries, unpacked
  TemporaryFolder here;
  Registry all{built_in_methods(), {addition::entry()}};
  Study study = read_study("reproduce", all, true);
  std::uint64_t target = study.panels.front().instances.front();
  std::filesystem::path folder = opened();

  std::filesystem::path opened(bool from_scratch = false) {
    return Instances(here.path, study, all, Access::make, ProgressMode::quiet, from_scratch)
        .folder(0, target);
  }
};

TEST_CASE("the networks that the program carries open at once and do what their reports say" *
          doctest::test_suite("slow")) {
  Carried c;
  Instances instances(c.here.path, c.study, c.all, Access::read, ProgressMode::quiet);
  const std::shared_ptr<const Task> task = instances.task(0, c.target);
  const Json report = read_json(c.folder / "target.json");
  const addition::ErrorMap map =
      addition::measure_errors(addition::target_of(*task), 5, 30'000, {3, "errors"});
  const double said = addition::parse_target_report(report.dump(), "target.json").error.value();
  CHECK(map.all.value() > 0.4 * said);  // some 20 errors: three deviations
  CHECK(map.all.value() < 1.6 * said);

  const Measurement sample = measure(*task, task->judge(), task->prior().sample(30'000, {7, "again"}));
  CHECK(sample.valid.value() > 0.99);
  CHECK(sample.success.k > 0);
  CHECK(sample.success.value() < 3e-3);               // rare before any attack
  const BaseRate base = instances.base(0, c.target);  // reading only: it was not measured here
  CHECK(base.samples == 1'000'000);
  CHECK(clopper_pearson(sample.success.k, sample.success.n).lo < base.hi);
  CHECK(clopper_pearson(sample.success.k, sample.success.n).hi > base.lo);
}

TEST_CASE("unpacking that was killed goes on") {
  Carried c;
  const std::string report = read_file(c.folder / "target.json"),
                    weights = read_file(c.folder / "target.safetensors");
  std::filesystem::remove(c.folder / "target.json");
  std::filesystem::remove(c.folder / "attacker.json");
  write_file(c.folder / "target.json.tmp", report.substr(0, 10));
  c.opened();
  CHECK(read_file(c.folder / "target.json") == report);
  CHECK(read_file(c.folder / "target.safetensors") == weights);
}

TEST_CASE("nothing is unpacked into a folder in which something else was made") {
  Carried c;
  std::filesystem::remove(c.folder / "attacker.json");
  write_file(c.folder / "target.json", "{}");
  CHECK_THROWS_AS(c.opened(), InputError);
  CHECK_FALSE(std::filesystem::exists(c.folder / "attacker.json"));
}

TEST_CASE("a carried file that was changed is named") {
  Carried c;
  Instances instances(c.here.path, c.study, c.all, Access::read, ProgressMode::quiet);
  instances.task(0, c.target);
  CHECK(instances.changed().empty());
  std::string weights = read_file(c.folder / "target.safetensors");
  weights[weights.size() - 400] ^= 1;
  write_file(c.folder / "target.safetensors", weights);
  CHECK(instances.changed() == std::vector{c.folder / "target.safetensors"});
  CHECK(instances.has_carried());
  for (const auto& file : std::filesystem::directory_iterator(c.folder)) write_file(file.path(), "made here");
  CHECK(instances.changed().empty());
  CHECK_FALSE(instances.has_carried());
}

TEST_CASE("from scratch refuses a folder with the networks that the program carries") {
  Carried c;
  CHECK_THROWS_WITH_AS(c.opened(true), doctest::Contains("came with the program"), InputError);
}

}  // namespace
}  // namespace banel
