// What a table knows of one attack: a typed row of rows.json.
//   Row row = read_row(folder, read_attack(folder), method, 1, base);     row.final > 100 * row.base.value
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/run/attack.h"

namespace banel {

// A success rate before any attack: counted, or exact.
struct BaseRate {
  double value = 0, lo = 0, hi = 0;  // 95 % interval; value, value if exact; 0, 1 if not known
  std::int64_t samples = 0;          // 0: the task knows it (Task::exact_success)
  bool is_known() const { return value > 0 && (samples > 0 || lo == hi || hi < 1); }  // so that it can divide
};

struct Row {
  std::string task = {}, panel = {};  // panel: which of the study's settings of the task
  std::uint64_t instance = 0;
  std::string variant = {}, method = {};  // the row's name in tables; the registry's name of the method
  Values settings = {};                   // of the method
  std::uint64_t seed = 1;
  std::string ended = {};  // empty, or why the attack ended without a round
  BaseRate base = {};
  double final = 0;          // success rate after the last round, outside the budget
  double selected = 0;       // of the attacker whose own evaluations earned most: costs nothing extra
  double best = 0;           // of the best reading, chosen with unpaid samples: optimistic
  std::int64_t samples = 0;  // of a reading; 0: exact or paid
  // Evaluations to the first reward, and to a reading of at least 1/2; none if that never happened.
  std::optional<std::int64_t> to_first = {}, to_half = {};
  std::optional<double> distinct = {}, distinct_success = {};  // of the final samples
  std::int64_t paid_finds = 0;              // distinct rewarded attempts among the paid evaluations
  std::vector<ModeCount> modes = {};        // of the final samples
  std::map<std::string, double> also = {};  // final success under the task's second readings
  std::int64_t evaluations = 0;             // paid; 0 for methods that ask nothing
  double seconds = 0;                       // of work, measuring excluded
  Cost cost = {};
  std::string ledger_hash = {};  // of the last evaluation
  std::string warning = {};      // Task::warning
};
// In JSON, base is one number beside base_lo, base_hi and base_samples; "modes" holds each mode's share of
// the distinct successes, "mode_counts" its [samples, distinct successes]. What is absent is null, but the
// warning then has no key.
Json to_json(const Row&);
Row row_from(const Field&);  // errors: InputError naming what is missing or impossible

// rows.json as a whole: an array with a line for each row. Errors of parse_rows: InputError "WHERE: ...".
std::string rows_text(const std::vector<Row>&);
std::vector<Row> parse_rows(std::string_view text, std::string_view where);

// The row of a finished attack, from its files alone, whose log is `log`; task, panel, instance and variant
// are left to the caller. final, best and every reading are Measurement::value(), exact where the task knows
// it. selected: of the measured attackers that a later round evaluated, the one with the largest share of
// rewards in that round, the latest of equal ones; final if none earned a reward. An attack that ended
// without a round hands over the prior, so its three rates are the base rate, and `ended` says why. Errors:
// InputError naming a damaged file.
Row read_row(const std::filesystem::path& folder, const AttackResult& log, const Method&, std::uint64_t seed,
             const BaseRate& base);

}  // namespace banel
