#include "tasks/report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace banel {

namespace {

using Lists = std::vector<std::vector<double>>;  // by instance, then seed

// A number of every row.
ValueOf each(const std::function<double(const Row&)>& number) {
  return [number](const Run& run) { return std::optional<double>(number(run.row)); };
}

// The interval of the mean, and the random numbers that come after it.
Interval interval_of_mean(const Lists& lists, Rng& rng) {
  return nested_bootstrap(
      lists, [](std::span<const double> v) { return mean(v); }, rng);
}

Summary summary_of(const Lists& lists) {
  const std::vector<double> values = flat(lists);
  Summary s;
  s.mean = mean(values);
  s.median = median(values);
  s.deviation = values.size() > 1 ? sample_deviation(values) : 0;
  s.iqm = interquartile_mean(values);
  s.geometric = geometric_mean(values);
  Rng rng(0, "bootstrap");
  s.interval = interval_of_mean(lists, rng);
  s.iqm_interval = nested_bootstrap(lists, interquartile_mean, rng);
  return s;
}

std::optional<Factor> factor_of(const Group& group, double Row::*rate) {
  if (!std::ranges::all_of(group.runs, [](const Run* run) { return run->row.base.is_known(); })) return {};
  const Lists factors = by_instance(group, each([rate](const Row& r) { return r.*rate / r.base.value; }));
  std::vector<double> uncertainty;
  for (const std::vector<double>& errors : by_instance(
           group, each([](const Row& r) { return (r.base.hi - r.base.lo) / (2 * 1.96) / r.base.value; })))
    uncertainty.push_back(errors[0]);
  Rng rng(0, "bootstrap");
  const auto mean_of_all = [](std::span<const double> v) { return mean(v); };
  return Factor{mean(flat(factors)), nested_bootstrap(factors, mean_of_all, rng, 0.95, 10'000, uncertainty)};
}

constexpr std::size_t least_pairs = 5;  // fewer cannot reach .05

// p of "`first` is higher than `other`" over the instances and seeds in which both have the value.
std::optional<double> p_higher(const Group& first, const Group& other, const ValueOf& of) {
  std::vector<double> ours, theirs;
  for (const Run* a : first.runs)
    for (const Run* b : other.runs) {
      if (a->row.instance != b->row.instance || a->row.seed != b->row.seed) continue;
      const std::optional<double> mine = of(*a), its = of(*b);
      if (!mine || !its) continue;
      ours.push_back(*mine);
      theirs.push_back(*its);
    }
  if (ours.size() < least_pairs) return {};
  Rng rng(0, "permutation");
  return paired_permutation_test(ours, theirs, rng);
}

double mean_of(const Group& group, const std::function<double(const Row&)>& number) {
  return mean(flat(by_instance(group, each(number))));
}

std::optional<double> mean_if_any(const Group& group, const ValueOf& of) {
  const std::vector<double> values = flat(by_instance(group, of));
  return values.empty() ? std::optional<double>() : mean(values);
}

Reached reached(const Group& group, std::optional<std::int64_t> Row::*when) {
  std::vector<double> evaluations;
  for (const Run* run : group.runs)
    if (run->row.*when) evaluations.push_back(static_cast<double>(*(run->row.*when)));
  Reached r{.runs = group.runs.size(), .reached = evaluations.size()};
  if (evaluations.empty()) return r;
  r.median = median(evaluations);
  r.most = *std::max_element(evaluations.begin(), evaluations.end());
  return r;
}

std::string ended_of(const Group& group) {
  std::map<std::string, std::size_t> reasons;
  for (const Run* run : group.runs)
    if (!run->row.ended.empty()) ++reasons[run->row.ended];
  std::string text;
  for (const auto& [why, times] : reasons)
    text += (text.empty() ? "" : "; ") + std::to_string(times) + " of " + std::to_string(group.runs.size()) +
            ": " + why;
  return text;
}

// Of the successes of an attack, those of a mode, counted by `count`; none where there is no success.
std::optional<double> share_of_mode(const Row& row, const std::string& name, std::int64_t ModeCount::*count) {
  std::int64_t all = 0, of_mode = 0;
  for (const ModeCount& m : row.modes) {
    all += m.*count;
    if (m.name == name) of_mode += m.*count;
  }
  if (all == 0) return {};
  return static_cast<double>(of_mode) / static_cast<double>(all);
}

std::vector<ModeShare> modes_of(const Group& group) {
  std::vector<ModeShare> modes;
  for (const Run* run : group.runs) {
    if (!modes.empty()) break;
    for (const ModeCount& mode : run->row.modes) modes.push_back({.name = mode.name});
  }
  for (ModeShare& mode : modes) {
    mode.samples = mean_of(group, [&](const Row& row) {
      return row.final * share_of_mode(row, mode.name, &ModeCount::samples).value_or(0);
    });
    mode.distinct = mean_if_any(group, [&](const Run& run) {
                      return share_of_mode(run.row, mode.name, &ModeCount::distinct);
                    }).value_or(0);
  }
  return modes;
}

std::map<std::string, double> also_of(const Group& group) {
  std::map<std::string, double> also;
  for (const Run* run : group.runs)
    for (const auto& [name, rate] : run->row.also) also[name] = 0;
  for (auto& [name, rate] : also)
    rate = *mean_if_any(group, [&key = name](const Run& run) {
      const auto found = run.row.also.find(key);
      return found == run.row.also.end() ? std::optional<double>() : found->second;
    });
  return also;
}

std::vector<FilterBand> filter_of(const Group& group) {
  constexpr std::array ends{0.01, 0.1, 0.5};  // success of the proposals; the last band has no end
  std::vector<FilterBand> bands{{"below 1 %"}, {"1 to 10 %"}, {"10 to 50 %"}, {"above 50 %"}};
  bool any = false;
  for (const Run* run : group.runs)
    for (const RoundRecord& round : run->log.rounds) {
      if (!round.filter || round.filter->accepted_success.n == 0) continue;
      const Rate &given = round.filter->proposal_success, &kept = round.filter->accepted_success;
      FilterBand& band =
          bands[static_cast<std::size_t>(std::ranges::upper_bound(ends, given.value()) - ends.begin())];
      ++band.rounds;
      band.proposals.k += given.k, band.proposals.n += given.n;
      band.accepted.k += kept.k, band.accepted.n += kept.n;
      any = true;
    }
  return any ? bands : std::vector<FilterBand>();
}

std::vector<const Ranking*> rankings_of(const Group& group) {
  std::vector<const Ranking*> all;
  for (const Run* run : group.runs)
    for (const RoundRecord& round : run->log.rounds)
      if (round.ranking) all.push_back(&*round.ranking);
  return all;
}

std::optional<double> distinct_success(const Run& run) { return run.row.distinct_success; }

TableRow row_of(const Group& group, const Group* first, const Registry& registry) {
  TableRow row{.panel = group.panel, .variant = group.variant, .method = group.runs[0]->row.method};
  row.is_first = group.place == 0;
  for (const Method& method : registry.methods)
    if (method.name == row.method) {
      row.sentence = method.sentence;
      if (method.paper && method.paper->task == group.runs[0]->row.task) row.paper = method.paper;
    }
  for (const Run* run : group.runs) row.attacks.push_back(run->row);
  const ValueOf final = each([](const Row& r) { return r.final; });
  row.ended = ended_of(group);
  row.base = mean_base(group);
  row.final = summary_of(by_instance(group, final));
  row.best = summary_of(by_instance(group, each([](const Row& r) { return r.best; })));
  row.selected = mean_of(group, [](const Row& r) { return r.selected; });
  row.factor = factor_of(group, &Row::final);
  row.best_factor = factor_of(group, &Row::best);
  if (first) {
    row.p_final = p_higher(*first, group, final);
    row.p_distinct = p_higher(*first, group, distinct_success);
  }
  row.distinct = mean_if_any(group, [](const Run& run) { return run.row.distinct; });
  row.distinct_success = mean_if_any(group, distinct_success);
  row.evaluations =
      std::llround(mean_of(group, [](const Row& r) { return static_cast<double>(r.evaluations); }));
  row.paid_finds = mean_of(group, [](const Row& r) { return static_cast<double>(r.paid_finds); });
  row.to_first = reached(group, &Row::to_first);
  row.to_half = reached(group, &Row::to_half);
  row.also = also_of(group);
  row.modes = modes_of(group);
  row.filter = filter_of(group);
  row.ranks = ranks_of(rankings_of(group));
  row.tokens = mean_of(group, [](const Row& r) { return static_cast<double>(r.cost.tokens); });
  row.flops = mean_of(group, [](const Row& r) { return r.cost.flops; });
  row.seconds = mean_of(group, [](const Row& r) { return r.seconds; });
  return row;
}

// The p-values of each panel, corrected for how many there are.
void correct(std::vector<TableRow>& rows, std::optional<double> TableRow::*p) {
  std::map<std::string, std::vector<TableRow*>> panels;
  for (TableRow& row : rows)
    if (row.*p) panels[row.panel].push_back(&row);
  for (const auto& [panel, compared] : panels) {
    std::vector<double> values;
    for (const TableRow* row : compared) values.push_back(*(row->*p));
    values = holm(values);
    for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->*p = values[i];
  }
}

}  // namespace

Table table_of(const Results& results, const Registry& registry) {
  Table table{results.title, results.sentence, results.note, results.quick, {}, results.made};
  const std::vector<Group> groups = groups_of(results);
  for (const Group& group : groups) {
    const auto first = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
      return other.panel == group.panel && other.place == 0 && group.place != 0;
    });
    table.rows.push_back(row_of(group, first == groups.end() ? nullptr : &*first, registry));
  }
  correct(table.rows, &TableRow::p_final);
  correct(table.rows, &TableRow::p_distinct);
  return table;
}

}  // namespace banel
