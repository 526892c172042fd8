// The table of a study: one row for each variant in each panel, over instances x seeds.
//   const Table table = table_of(results, registry);
//   std::cout << to_terminal(table, 80);      write_file("table.md", to_markdown(table));
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tasks/base/stats.h"
#include "tasks/report/ranking.h"
#include "tasks/report/results.h"
#include "tasks/run/registry.h"

namespace banel {

// Some values over instances x seeds. Intervals: 95 %, by bootstrap over instances, then seeds (stats.h).
struct Summary {
  double mean = 0, median = 0, deviation = 0;  // deviation of the sample; 0 for a single value
  double iqm = 0, geometric = 0;               // interquartile and geometric mean
  Interval interval{}, iqm_interval{};         // of the mean, of the IQM
};

// A success rate over the base rate of its instance, mean over instances x seeds. The interval also holds the
// uncertainty of the base rates.
struct Factor {
  double value = 0;
  Interval interval{};
};

struct Reached {                      // evaluations until something happened
  std::size_t runs = 0, reached = 0;  // all runs; those in which it happened
  double median = 0, most = 0;        // over the latter; 0 without any
};

struct ModeShare {
  std::string name = {};
  double samples = 0, distinct = 0;  // successes of this mode: of all samples; of the distinct successes
};

// Does the filter keep successes? Measured rounds whose proposals succeed about equally often, pooled. A
// filter that knows nothing keeps successes as often as it is given them; a perfect one keeps
// min(f, 1 / share of the proposals that succeed) times as many.
struct FilterBand {
  const char* title = "";  // how often the proposals succeed
  std::size_t rounds = 0;
  Rate proposals = {}, accepted = {};  // successes of the strings that were judged
};

struct TableRow {
  std::string panel = {}, variant = {}, method = {}, sentence = {};  // sentence: of the method
  bool is_first = false;  // of the study's variants: the one that the others are compared with
  std::optional<PaperFigure> paper = {};
  std::vector<Row> attacks = {};  // by instance, then seed
  std::string ended = {};  // "2 of 5: WHY" if attacks ended without a round; these count with the base rate
  double base = 0;         // mean over instances
  Summary final = {}, best = {};
  double selected = 0;
  std::optional<Factor> factor = {}, best_factor = {};         // of final and best; none if a base rate is 0
  std::optional<double> p_final = {}, p_distinct = {};         // see table_of
  std::optional<double> distinct = {}, distinct_success = {};  // means over attacks that were measured
  double paid_finds = 0;                                       // mean number
  Reached to_first = {}, to_half = {};                         // a reward; a reading of at least 1/2
  std::map<std::string, double> also = {};                     // mean success under each second reading
  std::vector<ModeShare> modes = {};          // means; `distinct` over attacks that had a success
  std::vector<FilterBand> filter = {};        // by success, rising; empty without a filter
  std::vector<RankBand> ranks = {};           // of rank_bands; empty if none was asked for
  std::int64_t evaluations = 0;               // of an attack: the mean, rounded
  double tokens = 0, flops = 0, seconds = 0;  // means; measuring and the judge excluded
};

struct Table {
  std::string title, sentence, note;
  bool quick = false;
  std::vector<TableRow> rows;  // by panel, then variant, in the study's order
  Made made = {};
};

// p_final, p_distinct: exact paired permutation test (stats.h), over the instances and seeds that both have,
// of "the study's first variant ends higher than this row" in the final rate, and in distinct successes,
// corrected for the rows of the panel by holm(). None for the first variant itself, or with fewer than
// five pairs. A method that the registry lacks has no sentence.
Table table_of(const Results&, const Registry&);

std::string main_table(const Table&);   // markdown: the results, one table a panel
std::string to_markdown(const Table&);  // the same in its frame, with every other statistic and cost
std::string to_csv(const Table&);       // a line for each attack
std::string to_terminal(const Table&, int width);  // fits the width; a wider terminal shows more columns

}  // namespace banel
