// What a table knows of one attack: a typed row of rows.json.
//   Row row = read_row(folder, task, method, base);     row.final > 100 * row.base.value
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasks/run/attack.h"

namespace banel {

// A success rate before any attack: counted, or exact.
struct BaseRate {
  double value = 0, lo = 0, hi = 0;  // 95 % Clopper-Pearson; value, value if exact
  std::int64_t samples = 0;          // 0: exact
};

struct Row {
  std::string task, panel;          // name of the task; of the settings of it that the row belongs to
  std::uint64_t instance = 0;
  std::string variant, method;      // the row's name in tables; the registry's name of the method
  Values settings;                  // of the method
  std::uint64_t seed = 1;
  std::string ended;                // empty, or why the attack ended without a round
  BaseRate base;
  double final = 0;                 // success rate after the last round, outside the budget
  double selected = 0;              // of the attacker whose own evaluations earned most: costs nothing extra
  double best = 0;                  // of the best reading, chosen with unpaid samples: optimistic
  std::int64_t samples = 0;         // of a reading; 0: exact or paid
  std::optional<std::int64_t> to_first, to_half;  // evaluations to the first reward; to a reading >= 1/2
  std::optional<double> distinct, distinct_success;  // of the final samples
  std::int64_t paid_finds = 0;      // distinct rewarded attempts among the paid evaluations
  std::vector<ModeCount> modes;     // of the final samples
  std::map<std::string, double> also;  // final success under the task's second readings
  std::int64_t evaluations = 0;     // paid; 0 for methods that ask nothing
  double seconds = 0;               // of work, measuring excluded
  Cost cost;
  std::string ledger_hash;          // of the last evaluation
};
Json to_json(const Row&);
Row row_from(const Field&);  // errors: InputError naming what is missing or impossible

// The numbers of an attack's files; task, panel, instance, variant and base are the caller's.
Row read_row(const std::filesystem::path& folder, const Method&, std::uint64_t seed);

}  // namespace banel
