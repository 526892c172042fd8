// The table of an experiment: one row per method, three readings of every seed.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tasks/run/attack.h"

namespace banel {

// What one run achieved; success rates on measured_samples samples, outside the budget.
struct Readings {
  double final = 0;     // after the last round
  double selected = 0;  // of the round whose attacker had most rewards among the evaluations it was given:
                        // costs nothing extra
  double best = 0;      // best round, chosen with unpaid evaluations: optimistic, as the paper plots it
  std::int64_t nre = 0;
  double seconds = 0;  // of wall-clock, measuring excluded, with other runs beside it
  std::optional<double> distinct, distinct_success;  // different strings, different successes, over the
                                                     // number of final samples; none where not measured
  std::int64_t tokens = 0;                           // through any network; measuring and the oracle excluded
  double flops = 0;
};
Readings read(const AttackResult&);

struct MethodRow {
  std::string method, description;
  std::string paper;  // what the paper reports of it on its own target; empty if nothing
  std::vector<int> seeds;
  std::vector<Readings> runs;  // one for each seed
};

struct Table {
  std::string title, note;      // note: machine, sample sizes, target; every number in it is measured
  bool quick = false;           // a check that everything works, not a result: every output says so
  Rate base;                    // success rate of the pre-trained attacker
  std::vector<MethodRow> rows;  // the pre-trained attacker is added in front
};

// Means, medians, sample deviations, interquartile and geometric means over seeds, with 95 % bootstrap
// intervals over seeds (10,000 resamples); factors are over the base rate; p: paired permutation test of
// "banel ends higher than this row", in the final rate and in the final distinct successes; null where there
// is no banel row, no pair or nothing to compare.
Json to_json(const Table&);
std::string to_csv(const Table&);
std::string main_table(const Table&);   // markdown: what README shows; the best final mean first
std::string to_markdown(const Table&);  // the same in its frame, with every other statistic and cost

}  // namespace banel
