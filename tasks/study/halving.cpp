#include "tasks/study/halving.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "tasks/base/stats.h"
#include "tasks/base/text.h"
#include "tasks/study/plan.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

std::string configuration_name(const std::string& variant, int number, std::int64_t budget) {
  return variant + " #" + std::to_string(number) + " at " + std::to_string(budget);
}

bool is_whole(const std::string& key) {
  const std::vector<Setting>& all = method_settings();
  return std::any_of(all.begin(), all.end(), [&](const Setting& s) { return s.key == key && s.whole; });
}

// u: uniform in [0, 1).
Value drawn(const Range& range, bool whole, double u) {
  if (!range.choices.empty())
    return range.choices[static_cast<std::size_t>(u * static_cast<double>(range.choices.size()))];
  const double low = whole ? range.low - 0.5 : range.low, high = whole ? range.high + 0.5 : range.high;
  const double x = range.log ? range.low * std::pow(range.high / range.low, u) : low + (high - low) * u;
  return whole ? std::clamp(std::round(x), range.low, range.high) : x;
}

std::vector<const Variant*> tuned(const Study& study) {
  std::vector<const Variant*> variants;
  for (const Variant& v : study.variants)
    if (!v.ranges.empty()) variants.push_back(&v);
  return variants;
}

std::vector<int> all_configurations(const Halving& h) {
  std::vector<int> numbers(static_cast<std::size_t>(h.configurations));
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}

// Mean final success of a variant over panels, instances and seeds.
double score(const fs::path& run, const Study& stage, const std::string& name, const Registry& registry) {
  std::vector<double> finals;
  for (const PlannedAttack& a : planned(stage)) {
    const Variant& v = stage.variants[a.variant];
    if (v.name != name) continue;
    check_stop();
    const fs::path folder = run / attack_folder(stage, a);
    finals.push_back(read_row(folder, read_attack(folder), registry.method(v.method), a.seed, {}).final);
  }
  return mean(finals);
}

std::optional<double> score(const std::vector<Row>& rows, const std::string& name) {
  std::vector<double> finals;
  for (const Row& row : rows)
    if (row.variant == name) finals.push_back(row.final);
  return finals.empty() ? std::optional<double>() : mean(finals);
}

std::string settings_text(const Variant& drawn, const std::map<std::string, Range>& ranges) {
  std::string text;
  for (const auto& [key, range] : ranges) {
    if (!drawn.settings.contains(key)) continue;
    const Value& value = drawn.settings.at(key);
    text += (text.empty() ? "" : ", ") + key + ' ' +
            (value.is_number() ? formatted("%.4g", value.number()) : value.text());
  }
  return text.empty() ? "as the method has them" : text;
}

std::string cell(const std::optional<double>& x) { return x ? fixed(*x, 4) : "–"; }

// Lines of the table for one variant; returns the scores at the first budget.
std::vector<double> add_lines(std::string& md, const Halving& h, const Variant& v,
                              const std::vector<Row>& rows) {
  struct Tried {
    std::vector<std::optional<double>> scores;  // by budget
    std::size_t reached = 0;                    // budgets
  };
  std::vector<Tried> all;
  for (int number = 1; number <= h.configurations; ++number) {
    Tried& tried = all.emplace_back();
    for (const std::int64_t budget : h.budgets) {
      tried.scores.push_back(score(rows, configuration_name(v.name, number, budget)));
      tried.reached += tried.scores.back().has_value();
    }
  }
  const auto chosen = std::max_element(all.begin(), all.end(), [](const Tried& a, const Tried& b) {
    return a.reached != b.reached ? a.reached < b.reached
                                  : a.reached && *a.scores[a.reached - 1] < *b.scores[b.reached - 1];
  });
  std::vector<double> first;
  for (const Tried& tried : all) {
    const int number = static_cast<int>(&tried - all.data()) + 1;
    const std::string mark = &tried == &*chosen ? "**" : "";
    md += "| " + v.name + " | " + mark + '#' + std::to_string(number) + mark + " | " +
          settings_text(configuration(h, v, number), v.ranges) + " |";
    for (const std::optional<double>& x : tried.scores) md += ' ' + mark + cell(x) + mark + " |";
    md += '\n';
    if (tried.scores[0]) first.push_back(*tried.scores[0]);
  }
  return first;
}

}  // namespace

Variant configuration(const Halving& halving, const Variant& variant, int number) {
  Variant result = variant;
  result.ranges.clear();
  if (number == 1) return result;
  Rng random(halving.seed, "configurations", 0, static_cast<std::uint32_t>(number));
  for (const auto& [key, range] : variant.ranges)
    result.settings.insert_or_assign(key, drawn(range, is_whole(key), random.uniform()));
  return result;
}

Study stage_of(const Study& study, std::size_t stage, const std::vector<std::vector<int>>& numbers) {
  Study result = study;
  const Halving& h = *study.halving;
  result.halving.reset();
  result.budget = h.budgets[stage];
  result.variants.clear();
  std::size_t place = 0;
  for (const Variant& v : study.variants) {
    if (v.ranges.empty()) {
      if (stage + 1 == h.budgets.size()) result.variants.push_back(v);
      continue;
    }
    for (const int number : numbers[place]) {
      result.variants.push_back(configuration(h, v, number));
      result.variants.back().name = configuration_name(v.name, number, result.budget);
    }
    ++place;
  }
  return result;
}

std::vector<int> best_configurations(const std::vector<int>& numbers, const std::vector<double>& scores,
                                     int keep) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : numbers[a] < numbers[b];
  });
  const auto each = static_cast<std::size_t>(keep);
  order.resize((order.size() + each - 1) / each);
  std::vector<int> best;
  for (const std::size_t i : order) best.push_back(numbers[i]);
  return best;
}

std::vector<Study> stages_of(const fs::path& run, const Study& study, const Registry& registry) {
  if (!study.halving) return {study};
  const Halving& h = *study.halving;
  const std::vector<const Variant*> variants = tuned(study);
  std::vector<std::vector<int>> numbers(variants.size(), all_configurations(h));
  std::vector<Study> stages{stage_of(study, 0, numbers)};
  while (stages.size() < h.budgets.size() && missing(run, stages.back()).empty()) {
    for (std::size_t i = 0; i < variants.size(); ++i) {
      std::vector<double> scores;
      for (const int number : numbers[i])
        scores.push_back(score(run, stages.back(),
                               configuration_name(variants[i]->name, number, stages.back().budget),
                               registry));
      numbers[i] = best_configurations(numbers[i], scores, h.keep);
    }
    stages.push_back(stage_of(study, stages.size(), numbers));
  }
  return stages;
}

void for_each_attack(const fs::path& run, const Study& study, const Registry& registry,
                     const std::function<void(const Study& stage, const PlannedAttack&)>& visit) {
  for (const Study& stage : stages_of(run, study, registry))
    for (const PlannedAttack& a : planned(stage)) {
      check_stop();
      visit(stage, a);
    }
}

void for_each_unchosen_attack(const fs::path& run, const Study& study, const Registry& registry,
                              const std::function<void(const Study& stage, const PlannedAttack&)>& visit) {
  if (!study.halving) return;
  std::set<fs::path> present;
  for_each_attack(run, study, registry, [&](const Study& stage, const PlannedAttack& a) {
    present.insert(attack_folder(stage, a));
  });
  const std::vector<std::vector<int>> numbers(study.variants.size(), all_configurations(*study.halving));
  for (std::size_t stage = 0; stage < study.halving->budgets.size(); ++stage) {
    const Study whole = stage_of(study, stage, numbers);
    for (const PlannedAttack& a : planned(whole)) {
      check_stop();
      const fs::path folder = attack_folder(whole, a);
      if (fs::exists(run / folder) && !present.contains(folder)) visit(whole, a);
    }
  }
}

// The i-th smallest of n scores is the best of k with probability C(i-1, k-1) / C(n, k).
std::vector<double> expected_best(std::vector<double> scores) {
  std::sort(scores.begin(), scores.end());
  const std::size_t n = scores.size();
  std::vector<double> best;
  for (std::size_t k = 1; k <= n; ++k) {
    double weight = static_cast<double>(k) / static_cast<double>(n), sum = 0;  // of i = n
    for (std::size_t i = n; i >= k; --i) {
      sum += weight * scores[i - 1];
      if (i > k) weight *= static_cast<double>(i - k) / static_cast<double>(i - 1);
    }
    best.push_back(sum);
  }
  return best;
}

std::string tuning_table(const Study& study, const std::vector<Row>& rows) {
  const Halving& h = *study.halving;
  std::string md =
      "Successive halving: " + std::to_string(h.configurations) +
      " configurations of each method: the one that the study states, and others drawn with seed " +
      std::to_string(h.seed) + "; the best 1/" + std::to_string(h.keep) +
      " go on to the next budget. Mean final success over instances and seeds; the chosen ones are in "
      "bold.\n\n| method | configuration | settings |";
  std::string rule = "\n|---|---|---|", curves;
  for (const std::int64_t budget : h.budgets) {
    md += " at " + grouped(budget) + " evaluations |";
    rule += "---|";
  }
  md += rule + '\n';
  for (const Variant* v : tuned(study)) {
    const std::vector<double> best = expected_best(add_lines(md, h, *v, rows));
    curves += "| " + v->name + " |";
    for (std::size_t k = 1; k <= static_cast<std::size_t>(h.configurations); k *= 2)
      curves += ' ' + cell(k <= best.size() ? std::optional(best[k - 1]) : std::nullopt) + " |";
    curves += '\n';
  }
  md += "\nExpected best of k configurations at " + grouped(h.budgets[0]) + " evaluations:\n\n| method |";
  rule = "\n|---|";
  for (int k = 1; k <= h.configurations; k *= 2) {
    md += " k = " + std::to_string(k) + " |";
    rule += "---|";
  }
  return md + rule + '\n' + curves;
}

}  // namespace banel
