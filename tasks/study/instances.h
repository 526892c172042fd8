// The instances of a study, opened when they are first needed, and the success rate of each prior.
//   Instances instances("runs/planted/instances", study, registry, Access::make, ProgressMode::plain);
//   instances.task(0, 1)->title();      instances.base(0, 1).value      // panel 0, instance 1
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tasks/report/row.h"
#include "tasks/study/study.h"

namespace banel {

// Writes what the program carries of an instance (tasks/networks) to its folder, so that opening it makes
// nothing. Leaves a folder alone in which anything else was made, and does nothing for other instances.
void unpack_carried(const std::filesystem::path& folder, const TaskEntry&, const Values&,
                    std::uint64_t instance);

class Instances {
 public:
  // With Access::read nothing is made or measured: what is missing is an InputError. An instance that the
  // program carries (tasks/networks) is unpacked instead of made. With from_scratch it is made, and a folder
  // in which it was unpacked is an InputError. The study must outlive it.
  Instances(std::filesystem::path folder, const Study&, const Registry&, Access, ProgressMode,
            bool from_scratch = false);

  // The folder is that of the instance's settings without TaskEntry::judging, so panels and studies that
  // differ only in these share it. While another process makes the instance, this one waits.
  std::shared_ptr<const Task> task(std::size_t panel, std::uint64_t instance);

  const std::filesystem::path& folder(std::size_t panel,
                                      std::uint64_t instance);  // where it is kept; opens it

  // Task::exact_success of the prior if the task knows it; else of base_samples samples, counted once and
  // kept in base-SAMPLES-FINGERPRINT.json. Unknown, 0 in [0, 1], if the task judges nothing outside the
  // budget.
  BaseRate base(std::size_t panel, std::uint64_t instance);

  // Takes a base rate as known, unless a file has it: base() then asks no network.
  void assume(std::size_t panel, std::uint64_t instance, const BaseRate&);

  // Measures again what was measured of every open instance, its base rate and Task::measured_again(), and
  // compares: seen(file, what it says, what was found).
  using Seen = std::function<void(const std::filesystem::path&, const Json&, const Json&)>;
  void verify_measured(const Seen& seen) const;

  // The files of open instances that came with the program and differ from what it carries. An instance of
  // which every file differs was made here.
  std::vector<std::filesystem::path> changed() const;
  bool has_carried() const;  // whether any open instance came with the program

  // Opens all and measures their base rates.
  void open_all();

  // "TITLE: WARNING" of each open instance that has one (Task::warning), or of those that did not come with
  // the program, whose networks nobody can train longer.
  std::set<std::string> warnings(bool only_made_here = false) const;

 private:
  struct Open {
    std::filesystem::path folder;
    std::shared_ptr<Task> task;
    std::optional<BaseRate> base = {};
  };
  Open& open(std::size_t panel, std::uint64_t instance);
  std::filesystem::path base_file(const Open&) const;
  Measurement measured_base(const Open&, std::uint64_t instance) const;

  std::filesystem::path folder_;
  const Study& study_;
  const Registry& registry_;
  Access access_;
  ProgressMode mode_;
  bool from_scratch_;
  std::map<std::pair<std::size_t, std::uint64_t>, Open> open_;
};

}  // namespace banel
