// The folder that a command works in, and that of an attack as a run opens it and adds to it.
//   const FolderLock lock = take_folder(path);
//   AttackFolder folder = open_attack(path, config, prior, label);
//   folder.append();   folder.add(round, 1.2, 0.3);
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "nn/io/file.h"
#include "tasks/run/checkpoint.h"
#include "tasks/run/log.h"

namespace banel {

// Refuses a folder in which a command ("study", "attack", "train", "toy1d") must not work. Errors: IoError
// if a run or another folder of a command is above or below this one, links included: two commands would
// write there at the same time, and each would take the other's files for its own. InputError if another
// command made what is there, or if it holds files of others whose names the command would use.
void check_folder(const std::filesystem::path&, const std::string& command);

// The same; then makes the folder if it is missing and locks it, as FolderLock does.
FolderLock take_folder(const std::filesystem::path&, const std::string& command);

struct AttackFolder {
  std::filesystem::path path, ledger;
  SavedAttack saved = {};                // what the attack goes on from
  std::vector<RoundRecord> rounds = {};  // completed
  double seconds = 0;                    // worked in them

  void append();  // cuts off what a killed round left behind and opens the logs for more rounds
  void add(RoundRecord, double worked, double measuring);  // seconds; durable when it returns
  std::size_t metrics_bytes() const { return metrics_file->size(); }

  std::size_t timing_bytes = 0;  // of the lines of completed rounds
  std::unique_ptr<AppendFile> metrics_file = {}, timing_file = {};
};

// Creates the folder with its config.json, or reads what earlier calls left. Errors: InputError if it has
// another config, or if a file is damaged, cut or replaced.
AttackFolder open_attack(const std::filesystem::path&, const Json& config, const Generator& prior,
                         const Label& attack);

}  // namespace banel
