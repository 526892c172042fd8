#include "tasks/report/column.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "tasks/base/text.h"

namespace banel {

namespace {

std::string rate_if_any(const std::optional<double>& x) { return x ? rate_text(*x) : "-"; }

std::string with_interval(double value, const Interval& interval) {
  return rate_text(value) + " (" + rate_text(interval.lo) + "–" + rate_text(interval.hi) + ")";
}

std::string times(double x) { return x < 10 ? fixed(x, 2) : grouped(std::llround(x)); }

std::string factor_text(const std::optional<Factor>& f) {
  if (!f) return "-";
  return times(f->value) + " (" + times(f->interval.lo) + "–" + times(f->interval.hi) + ")";
}

std::string p_text(const std::optional<double>& p) {
  return p ? formatted(*p < 0.001 ? "%.0e" : "%.3f", *p) : "-";
}

std::string reached_text(const Reached& r) {
  const std::string runs = std::to_string(r.reached) + " of " + std::to_string(r.runs);
  return r.reached ? grouped(std::llround(r.median)) + " (" + runs + ")" : runs;
}

// Final rates by seed; a semicolon between instances.
std::string every_seed(const TableRow& row) {
  std::string text;
  for (std::size_t i = 0; i < row.attacks.size(); ++i) {
    if (i > 0) text += row.attacks[i].instance == row.attacks[i - 1].instance ? ", " : "; ";
    text += rate_text(row.attacks[i].final);
  }
  return text;
}

// The median over instances of the mean rate over the base rate, and how many reach ten times it. For many
// instances with base rates that differ.
std::string by_instance(const TableRow& row, double Row::*rate) {
  constexpr std::size_t many = 6;
  std::map<std::uint64_t, std::vector<double>> factors;
  for (const Row& attack : row.attacks)
    if (attack.base.is_known()) factors[attack.instance].push_back(attack.*rate / attack.base.value);
  if (factors.size() < many) return "-";
  std::vector<double> means;
  for (const auto& [instance, all] : factors) means.push_back(mean(all));
  const auto tenfold = std::ranges::count_if(means, [](double x) { return x >= 10; });
  return times(median(means)) + " (" + std::to_string(tenfold) + " of " + std::to_string(means.size()) + ")";
}

std::string modes_text(const TableRow& row) {
  std::string text;
  for (const ModeShare& mode : row.modes)
    if (mode.distinct > 0)
      text += (text.empty() ? "" : ", ") + mode.name + ' ' + formatted("%.3g %%", 100 * mode.distinct);
  return text.empty() ? "-" : text;
}

std::string paper_text(const TableRow& row) {
  return row.paper ? formatted("%.4g, %.3g×", row.paper->rate, row.paper->factor) : "-";
}

// The ratio of two independent shares with its 95 % interval, normal in its logarithm (Katz et al. 1978).
std::string kept_factor(const FilterBand& band) {
  const Rate &kept = band.accepted, &given = band.proposals;
  if (given.k == 0) return "not known";
  if (kept.k == 0) return "0";
  const auto variance = [](const Rate& r) {
    return 1 / static_cast<double>(r.k) - 1 / static_cast<double>(r.n);
  };
  const double ratio = kept.value() / given.value();
  const double width = std::exp(1.96 * std::sqrt(variance(kept) + variance(given)));
  return fixed(ratio, 2) + " (" + fixed(ratio / width, 2) + "–" + fixed(ratio * width, 2) + ")";
}

std::string band_text(const FilterBand& band) {
  if (band.rounds == 0) return "-";
  return kept_factor(band) + "; " + std::to_string(band.accepted.k) + " of " + grouped(band.accepted.n) +
         "; " + std::to_string(band.rounds);
}

// One column for each second reading.
std::vector<Column> also_columns(const std::vector<TableRow>& rows) {
  std::set<std::string> names;
  for (const TableRow& row : rows)
    for (const auto& [name, rate] : row.also) names.insert(name);
  std::vector<Column> columns;
  for (const std::string& name : names)
    columns.push_back({"final, " + name, [name](const TableRow& row) {
                         const auto found = row.also.find(name);
                         return found == row.also.end() ? "-" : rate_text(found->second);
                       }});
  return columns;
}

std::vector<Column> that_tell(std::vector<Column> columns, const std::vector<TableRow>& rows) {
  std::erase_if(columns, [&](const Column& column) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](const TableRow& row) { return column.cell(row) == "-"; });
  });
  return columns;
}

const Column variant_name{"variant", [](const TableRow&r) { return r.variant; }},
    ended{"ended early", [](const TableRow&r) { return r.ended.empty() ? "-" : r.ended; }},
    final_mean{"final: mean", [](const TableRow&r) { return rate_text(r.final.mean); }},
    p_final{"p", [](const TableRow&r) { return p_text(r.p_final); }},
    distinct_successes{"distinct successes",
                       [](const TableRow&r) { return rate_if_any(r.distinct_success); }},
    paid_finds{"paid finds", [](const TableRow&r) { return fixed(r.paid_finds, 1); }},
    to_first{"to first", [](const TableRow&r) { return reached_text(r.to_first); }},
    to_half{"to one half", [](const TableRow&r) { return reached_text(r.to_half); }},
    median_factor{"median × base (tenfold)", [](const TableRow&r) { return by_instance(r, &Row::final); }},
    selected_factor{"selected: median × base",
                    [](const TableRow&r) { return by_instance(r, &Row::selected); }},
    times_base{"× base (95 %)", [](const TableRow&r) { return factor_text(r.factor); }},
    evaluations_spent{"evaluations", [](const TableRow&r) { return grouped(r.evaluations); }},
    flops{"FLOPs", [](const TableRow&r) { return formatted("%.1e", r.flops); }},
    seconds{"seconds", [](const TableRow&r) { return fixed(r.seconds, 1); }}, seeds{"every seed", every_seed};

}  // namespace

std::string rate_text(double x) {
  if (x != 0 && x < 1e-4) return formatted("%.1e", x);
  return formatted(x != 0 && x < 0.01 ? "%.5f" : "%.4f", x);
}

std::string rate_text(const BaseRate& base) {
  if (base.samples == 0 && base.hi == 1 && base.lo < 1) return "not known";
  if (base.lo == base.hi) return rate_text(base.value) + " (exact)";
  const std::string n = base.samples ? ", n = " + grouped(base.samples) : "";
  return rate_text(base.value) + " (" + rate_text(base.lo) + "–" + rate_text(base.hi) + n + ")";
}

std::vector<Column> main_columns(const std::vector<TableRow>& rows) {
  std::vector<Column> columns{
      variant_name,       {"paper", paper_text},
      final_mean,         seeds,
      times_base,         median_factor,
      selected_factor,    p_final,
      distinct_successes, {"p, distinct", [](const TableRow& r) { return p_text(r.p_distinct); }}};
  for (const Column& column : also_columns(rows)) columns.push_back(column);
  columns.insert(columns.end(), {paid_finds, to_first, to_half, evaluations_spent, flops, ended});
  return that_tell(columns, rows);
}

std::vector<Column> detail_columns(const std::vector<TableRow>& rows) {
  return that_tell(
      {variant_name,
       {"final: mean (95 %)",
        [](const TableRow& r) { return with_interval(r.final.mean, r.final.interval); }},
       {"median", [](const TableRow& r) { return rate_text(r.final.median); }},
       {"std", [](const TableRow& r) { return rate_text(r.final.deviation); }},
       {"IQM (95 %)", [](const TableRow& r) { return with_interval(r.final.iqm, r.final.iqm_interval); }},
       {"geometric mean", [](const TableRow& r) { return rate_text(r.final.geometric); }},
       {"selected: mean", [](const TableRow& r) { return rate_text(r.selected); }},
       {"best: mean", [](const TableRow& r) { return rate_text(r.best.mean); }},
       {"best: × base (95 %)", [](const TableRow& r) { return factor_text(r.best_factor); }},
       {"distinct", [](const TableRow& r) { return r.distinct ? fixed(*r.distinct, 2) : "-"; }},
       {"modes", modes_text},
       {"tokens", [](const TableRow& r) { return formatted("%.2e", r.tokens); }},
       seconds},
      rows);
}

SubTable filter_table(const std::vector<TableRow>& rows) {
  SubTable table{{variant_name}, {}};
  std::ranges::copy_if(rows, std::back_inserter(table.rows),
                       [](const TableRow& r) { return !r.filter.empty(); });
  if (table.rows.empty()) return {};
  for (std::size_t band = 0; band < table.rows[0].filter.size(); ++band)
    table.columns.push_back(
        {table.rows[0].filter[band].title, [band](const TableRow& r) { return band_text(r.filter[band]); }});
  table.columns = that_tell(std::move(table.columns), table.rows);
  return table;
}

std::vector<Column> terminal_columns(const std::vector<TableRow>& rows) {
  const auto renamed = [](Column column, const char* title) {
    column.title = title;
    return column;
  };
  std::vector<Column> columns{
      variant_name,
      renamed(final_mean, "final"),
      {"× base", [](const TableRow& r) { return r.factor ? times(r.factor->value) : "-"; }},
      selected_factor,
      median_factor,
      renamed(distinct_successes, "distinct"),
      to_half,
      p_final,
      to_first,
      paid_finds,
      {"95 % of × base",
       [](const TableRow& r) {
         return r.factor ? times(r.factor->interval.lo) + "–" + times(r.factor->interval.hi) : "-";
       }},
      {"best", [](const TableRow& r) { return rate_text(r.best.mean); }}};
  for (const Column& column : also_columns(rows)) columns.push_back(column);
  columns.insert(columns.end(), {evaluations_spent, flops, seconds, seeds});
  return that_tell(columns, rows);
}

std::vector<TablePanel> panels_of(const Table& table) {
  std::vector<TablePanel> panels;
  for (const TableRow& row : table.rows) {
    if (panels.empty() || panels.back().name != row.panel) panels.push_back({row.panel, {}, {}});
    panels.back().rows.push_back(row);
  }
  for (TablePanel& panel : panels) {
    std::map<std::uint64_t, BaseRate> bases;
    for (const TableRow& row : panel.rows)
      for (const Row& attack : row.attacks) bases[attack.instance] = attack.base;
    const BaseRate& base = bases.begin()->second;
    if (bases.size() > 1) {
      std::vector<double> values;
      for (const auto& [instance, rate] : bases) values.push_back(rate.value);
      const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
      panel.base = "Base rate " + rate_text(mean(values)) + " (mean of " + std::to_string(values.size()) +
                   " instances, " + rate_text(*lo) + " to " + rate_text(*hi) + ")";
    } else {
      panel.base = "Base rate " + rate_text(base);
    }
  }
  return panels;
}

std::string warnings_note(const Made& made) {
  const std::size_t n = made.warnings.size();
  if (n == 0) return "";
  return "**" + std::to_string(n) + (n == 1 ? " warning" : " warnings") + "** under How it was made.";
}

std::string main_legend(const Table& table) {
  std::string first;  // that the others are compared with; empty if no row has a p-value
  std::size_t fewest = 10;
  bool many = false;
  for (const TableRow& row : table.rows) {
    if (row.p_final) first = table.rows[0].variant;
    fewest = std::min(fewest, row.attacks.size());
    many = many || by_instance(row, &Row::final) != "-";
  }
  std::string text =
      "Final: success rate of the attacker after the last round, outside the budget. × base: over the base "
      "rate, whose uncertainty the 95 % bootstrap interval over instances, then seeds, includes. ";
  if (fewest < 10)
    text +=
        "Intervals of " + std::to_string(fewest) + " attacks are too narrow; those of two are their range. ";
  if (many)
    text +=
        "Median × base: over instances, and how many of them reach ten times the base rate; selected: of "
        "the attacker that the paid evaluations point to. ";
  if (!first.empty())
    text += "p: " + first +
            " ends higher; one-sided exact permutation test over the attacks on these instances, corrected "
            "for the rows (Holm). ";
  return text +
         "Distinct successes: different strings that succeed, over the number of samples. Paid finds: "
         "different rewarded strings among the evaluations of an attack. To first, to one half: evaluations, "
         "or attempts of a method that evaluates none, to the first reward and to a success rate of one "
         "half; the median of the runs that got there. Evaluations: the mean of an attack.";
}

std::string filter_legend() {
  return "Success of what the filter keeps over success of the proposals it is given, with a 95 % interval "
         "over strings; then the successes kept, and the measured rounds. Columns: rounds by the success of "
         "their proposals, which are judged outside the budget. 1 is a filter that knows nothing; the first "
         "column flatters a little, because chance sorts rounds into it.";
}

std::string seeds_text(const TableRow& row) {
  std::set<std::uint64_t> instances, numbers;
  for (const Row& attack : row.attacks) {
    instances.insert(attack.instance);
    numbers.insert(attack.seed);
  }
  return (instances.size() > 1 ? "instances " : "instance ") + listed_numbers(instances) + "; seeds " +
         listed_numbers(numbers);
}

std::string settings_text(const TableRow& row) {
  return listed(row.attacks.at(0).settings,
                [](const auto& setting) { return setting.first + ' ' + setting.second.shown(); });
}

}  // namespace banel
