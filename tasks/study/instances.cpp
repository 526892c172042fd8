#include "tasks/study/instances.h"

#include <algorithm>

#include "nn/io/file.h"
#include "tasks/base/embedded.h"
#include "tasks/base/stats.h"
#include "tasks/run/measure.h"
#include "tensor/check.h"
#include "tensor/hash.h"

namespace banel {

namespace fs = std::filesystem;

extern const std::span<const EmbeddedFile> network_files;

namespace {

// "addition-1-9adc705d272ce8db"
std::string folder_name(const TaskEntry& entry, const Values& values, std::uint64_t instance) {
  std::string made;
  for (const auto& [key, value] : values)
    if (std::find(entry.judging.begin(), entry.judging.end(), key) == entry.judging.end())
      made += key + '=' + value.shown() + '\n';
  const std::string number = entry.shares_folder ? "" : std::to_string(instance) + '-';
  return path_name(entry.name) + '-' + number + hex(fnv1a(made));
}

// What the program carries of an instance: its files in the folder, and their bytes. Weights come before the
// report that tells of them, so a call that is killed between them leaves an instance that is not finished.
using CarriedFile = std::pair<fs::path, std::string_view>;
std::vector<CarriedFile> carried_files(const fs::path& folder, const std::string& name) {
  const std::string prefix = name + '.';
  std::vector<CarriedFile> files;
  for (const EmbeddedFile& file : network_files)
    if (file.name.starts_with(prefix))
      files.emplace_back(folder / file.name.substr(prefix.size()), file.bytes);
  return files;
}

bool is_there(const CarriedFile& file) {
  return fs::exists(file.first) && read_file(file.first) == file.second;
}

bool came_with_program(const fs::path& folder) {
  return std::ranges::any_of(carried_files(folder, folder.filename().string()), is_there);
}

void refuse_carried(const fs::path& folder) {
  for (const CarriedFile& file : carried_files(folder, folder.filename().string()))
    ENSURE_AS(
        !is_there(file), InputError, file.first.string(),
        "was not made here but came with the program; choose another --out, or remove " << folder.string());
}

}  // namespace

void unpack_carried(const fs::path& folder, const TaskEntry& entry, const Values& values,
                    std::uint64_t instance) {
  const auto files = carried_files(folder, folder_name(entry, values, instance));
  if (files.empty()) return;
  create_folders(folder);
  for (const fs::directory_entry& made : fs::directory_iterator(folder)) {
    const std::string name = made.path().filename().string();
    const bool carried = std::ranges::any_of(
        files, [&](const auto& f) { return f.first == made.path() && read_file(f.first) == f.second; });
    if (!carried && name != ".lock" && !name.ends_with(".tmp")) return;
  }
  for (const auto& [path, bytes] : files)
    if (!fs::exists(path)) write_file(path, bytes);
}

Instances::Instances(fs::path folder, const Study& study, const Registry& registry, Access access,
                     ProgressMode mode, bool from_scratch)
    : folder_(std::move(folder)),
      study_(study),
      registry_(registry),
      access_(access),
      mode_(mode),
      from_scratch_(from_scratch) {}

Instances::Open& Instances::open(std::size_t panel, std::uint64_t instance) {
  const auto [place, is_new] = open_.try_emplace({panel, instance});
  Open& open = place->second;
  if (!is_new) return open;
  try {
    const TaskEntry& entry = registry_.task(study_.panels[panel].task);
    const Values values = completed(entry.settings, study_.panels[panel].settings, entry.name);
    open.folder = folder_ / folder_name(entry, values, instance);
    open.task = entry.make(values, instance);
    if (access_ == Access::read) {
      open.task->open(open.folder, access_, mode_);
    } else {
      create_folders(open.folder);
      const FolderLock lock = FolderLock::when_free(open.folder);
      from_scratch_ ? refuse_carried(open.folder) : unpack_carried(open.folder, entry, values, instance);
      open.task->open(open.folder, access_, mode_);
    }
  } catch (...) {
    open_.erase(place);
    throw;
  }
  return open;
}

std::shared_ptr<const Task> Instances::task(std::size_t panel, std::uint64_t instance) {
  return open(panel, instance).task;
}

const fs::path& Instances::folder(std::size_t panel, std::uint64_t instance) {
  return open(panel, instance).folder;
}

fs::path Instances::base_file(const Open& at) const {
  const std::string of = hex(fnv1a(at.task->fingerprint()));
  return at.folder / ("base-" + std::to_string(study_.base_samples) + '-' + of + ".json");
}

Measurement Instances::measured_base(const Open& at, std::uint64_t instance) const {
  const Task& task = *at.task;
  return measure(task, task.judge(), task.prior().sample(study_.base_samples, {instance, "attacker base"}));
}

BaseRate Instances::base(std::size_t panel, std::uint64_t instance) {
  Open& at = open(panel, instance);
  if (at.base) return *at.base;
  if (const std::optional<Estimate> exact = at.task->exact_success({at.task->prior()})) {
    const double margin = 1.96 * exact->standard_error;
    at.base = {exact->value, std::max(0.0, exact->value - margin), std::min(1.0, exact->value + margin), 0};
  } else if (at.task->reading_samples() == 0) {
    at.base = {0, 0, 1, 0};
  } else {
    const fs::path file = base_file(at);
    if (access_ == Access::make && !fs::exists(file)) {
      const FolderLock lock = FolderLock::when_free(at.folder);
      if (!fs::exists(file)) write_file(file, to_json(measured_base(at, instance)).dump(2) + '\n');
    }
    const Json json = read_json(file);
    const Rate rate = measurement_from(Field(json, file.string())).success;
    const Interval interval = clopper_pearson(rate.k, rate.n);
    at.base = {rate.value(), interval.lo, interval.hi, rate.n};
  }
  return *at.base;
}

void Instances::assume(std::size_t panel, std::uint64_t instance, const BaseRate& base) {
  Open& at = open(panel, instance);
  if (!fs::exists(base_file(at))) at.base = base;
}

void Instances::verify_measured(const Seen& seen) const {
  for (const auto& [key, at] : open_) {
    if (fs::exists(base_file(at)) && at.task->repeatable())
      seen(base_file(at), read_json(base_file(at)), to_json(measured_base(at, key.second)));
    for (const auto& [name, again] : at.task->measured_again())
      seen(at.folder / name, read_json(at.folder / name), parse_json(again, name));
  }
}

std::vector<fs::path> Instances::changed() const {
  std::vector<fs::path> files;
  for (const auto& [key, at] : open_) {
    const std::vector<CarriedFile> carried = carried_files(at.folder, at.folder.filename().string());
    if (came_with_program(at.folder))
      for (const CarriedFile& file : carried)
        if (!is_there(file)) files.push_back(file.first);
  }
  return files;
}

bool Instances::has_carried() const {
  return std::ranges::any_of(open_, [](const auto& entry) { return came_with_program(entry.second.folder); });
}

void Instances::open_all() {
  for (std::size_t panel = 0; panel < study_.panels.size(); ++panel)
    for (const std::uint64_t instance : study_.panels[panel].instances) base(panel, instance);
}

std::set<std::string> Instances::warnings(bool only_made_here) const {
  std::set<std::string> all;
  for (const auto& [key, at] : open_)
    if (const std::string warning = at.task->warning();
        !warning.empty() && !(only_made_here && came_with_program(at.folder)))
      all.insert(at.task->title() + ": " + warning);
  return all;
}

}  // namespace banel
