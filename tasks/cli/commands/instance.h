// Which instance of which task a folder is about, so that a later command needs no settings:
//   Instance it = find_instance("runs/quick", session.all);  // or an attack, or networks of `banel train`
//   it.open(Access::read, mode);      it.task->title()
// `banel train` and `banel attack` leave it as FOLDER/instance.json; a run has it in its study.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "tasks/base/progress.h"
#include "tasks/run/registry.h"

namespace banel {

struct Instance {
  std::string name;  // of the task
  std::uint64_t number = 1;
  Values settings;               // complete
  std::filesystem::path folder;  // of its networks
  std::shared_ptr<Task> task;    // made, and usable after open()

  void open(Access access, ProgressMode mode) { task->open(folder, access, mode); }
};

// Errors: UsageError for an unknown task or setting, or a value out of range.
Instance make_instance(const Registry&, const std::string& task, std::uint64_t number, const Values& settings,
                       const std::filesystem::path& folder);

// The instance of a folder; of a run with several the first one. Errors: InputError if the folder is none of
// those that commands make, or is damaged.
Instance find_instance(const std::filesystem::path& folder, const Registry&);

// Writes FOLDER/instance.json. Errors: InputError if an attack on another one is there.
void save_instance(const std::filesystem::path& folder, const Instance&);

// The run that a command reads when none is named: runs/reproduce, else runs/quick. Errors: IoError if there
// is none.
std::filesystem::path latest_run();

}  // namespace banel
