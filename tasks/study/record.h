// What a run folder says of itself besides its attacks: run.json, and all finished attacks as Results.
//   write_record(run, {.study = "planted", .command = "banel study planted"});
//   const Results results = results_of(run, study, registry, instances);
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "tasks/report/report.h"
#include "tasks/study/canary.h"
#include "tasks/study/instances.h"

namespace banel {

const char*
source_commit();  // of the source tree this program was built from; "-dirty" if it differed; may be empty

struct RunRecord {
  std::string study, command, commit = source_commit();
  std::string machine = {}, kernels = {};  // CPU and cores; OpenBLAS core type
  std::optional<Canary> canary = {};
};
Json to_json(const RunRecord&, const Json& system);                      // system_info() of the machine
void write_record(const std::filesystem::path& run, const RunRecord&);   // adds the machine
std::optional<RunRecord> read_record(const std::filesystem::path& run);  // nothing if there is no run.json

// rows.json of a run. Errors: IoError if it is not there yet, InputError if it is damaged.
std::vector<Row> read_rows(const std::filesystem::path& run);

// All finished attacks of the study in the folder, in the study's order, and the note that stands above
// tables.
Results results_of(const std::filesystem::path& run, const Study&, const Registry&, Instances&);

// Writes what people look at, write_report() and for tuning the table of configurations, tuning.md.
Table write_shown(const std::filesystem::path& folder, const Study&, const Results&, const Registry&);

}  // namespace banel
