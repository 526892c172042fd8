#include "tasks/study/across.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tasks/study/reproduce.h"
#include "tasks/base/stats.h"
#include "tasks/base/text.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

Rate base_of(const fs::path& folder) {
  const fs::path pretrained = folder / "pretrained" / "attacker.json", scaling = folder / "base.json";
  if (fs::exists(pretrained)) return parse_base_rate(read_file(pretrained), pretrained.string());
  const Json json = read_json(scaling);
  return rate_from(Field(json, scaling.string()));
}

// The folders that hold seed1, seed2, ..., by name.
std::map<std::string, fs::path> groups_in(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  const fs::path place = fs::exists(folder / "attacks") ? folder / "attacks" : folder;
  ENSURE_AS(fs::is_directory(place), InputError, folder.string(), "is not the folder of a run");
  for (const auto& entry : fs::directory_iterator(place))
    if (fs::exists(entry.path() / "seed1" / "metrics.jsonl"))
      found[entry.path().filename().string()] = entry.path();
  return found;
}

using Reading = std::function<double(const AttackResult&)>;

double final_rate(const AttackResult& r) { return read(r).final; }
double best_rate(const AttackResult& r) { return read(r).best; }

double rate_at_stop(const AttackResult& r) {
  const std::vector<RoundRecord> readings = r.readings();
  return stopped(readings).success.value();
}

double evaluations_from_best(const AttackResult& r) {
  const std::vector<RoundRecord> readings = r.readings();
  const auto best = std::max_element(readings.begin(), readings.end(), [](const auto& x, const auto& y) {
    return x.success.value() < y.success.value();
  });
  return static_cast<double>(std::abs(stopped(readings).nre - best->nre));
}

// One list for each target; divided by the target's base rate where factors are asked for.
std::vector<std::vector<double>> values(const Group& g, const Reading& of, bool factors = false) {
  std::vector<std::vector<double>> result;
  for (const Group::OnTarget& target : g.targets) {
    result.emplace_back();
    for (const AttackResult& run : target.runs)
      result.back().push_back(of(run) / (factors ? target.base.value() : 1));
  }
  return result;
}

std::vector<double> flat(const std::vector<std::vector<double>>& lists) {
  std::vector<double> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

double mean_of(const Group& g, const Reading& of) { return mean(flat(values(g, of))); }

std::string mean_with_interval(const std::vector<std::vector<double>>& lists, const char* format) {
  Rng rng(0, "bootstrap");
  const Interval interval = stratified_bootstrap(
      lists, [](std::span<const double> v) { return mean(v); }, rng);
  return formatted(format, mean(flat(lists))) + " (" + formatted(format, interval.lo) + "–" +
         formatted(format, interval.hi) + ")";
}

// Median over the runs of the first reading at which half of the samples succeed, and how many get there.
std::string until_half(const Group& g) {
  std::vector<double> evaluations;
  std::size_t runs = 0;
  for (const Group::OnTarget& target : g.targets)
    for (const AttackResult& run : target.runs) {
      ++runs;
      const std::vector<RoundRecord> readings = run.readings();
      const auto half = std::find_if(readings.begin(), readings.end(),
                                     [](const RoundRecord& r) { return r.success.value() >= 0.5; });
      if (half != readings.end()) evaluations.push_back(static_cast<double>(half->nre));
    }
  std::string reached = std::to_string(evaluations.size()) + " of " + std::to_string(runs);
  if (evaluations.empty()) return reached;
  return fixed(median(evaluations), 0) + ", " +
         fixed(*std::max_element(evaluations.begin(), evaluations.end()), 0) + " (" + reached + ")";
}

double mean_base(const Group& g) {
  std::vector<double> rates;
  for (const Group::OnTarget& target : g.targets) rates.push_back(target.base.value());
  return mean(rates);
}

std::string success_rows(const std::vector<Group>& groups) {
  std::string md =
      "| run | final: mean (95 %) | lowest | × pretrained, final (95 %) | best: × | evaluations until 0.5: "
      "median, most (runs) | distinct strings | share of the first row's gain: final, best | p |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  for (const Group& g : groups) {
    const std::vector<double> final = flat(values(g, final_rate)),
                              first = flat(values(groups[0], final_rate));
    const auto gain = [&](const Reading& of) {
      const double base = mean_base(g);
      return fixed((mean_of(g, of) - base) / (mean_of(groups[0], of) - base), 3);
    };
    Rng rng(0, "permutation");
    const bool paired = &g != &groups[0] && first.size() == final.size();
    md += "| " + g.name + " | " + mean_with_interval(values(g, final_rate), "%.4f") + " | " +
          fixed(*std::min_element(final.begin(), final.end()), 4) + " | " +
          mean_with_interval(values(g, final_rate, true), "%.1f") + " | " +
          fixed(mean(flat(values(g, best_rate, true))), 1) + " | " + until_half(g) + " | " +
          formatted("%.2f",
                    mean_of(g, [](const AttackResult& r) { return r.rounds.back().distinct.value(); })) +
          " | " + gain(final_rate) + ", " + gain(best_rate) + " | " +
          (paired ? formatted("%.2g", paired_permutation_test(first, final, rng)) : "-") + " |\n";
  }
  return md;
}

std::string coverage_rows(const std::vector<Group>& groups) {
  std::string md =
      "| run | leading zero | carry chain | other | distinct successes | valid | entropy, nats |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Group& g : groups) {
    const auto rate = [&](Rate RoundRecord::*of) {
      return formatted("%.4f",
                       mean_of(g, [of](const AttackResult& r) { return (r.rounds.back().*of).value(); }));
    };
    md += "| " + g.name + " | " + rate(&RoundRecord::success_leading_zero) + " | " +
          rate(&RoundRecord::success_carry) + " | " + rate(&RoundRecord::success_other) + " | " +
          rate(&RoundRecord::distinct_success) + " | " + rate(&RoundRecord::valid) + " | " +
          fixed(mean_of(g, [](const AttackResult& r) { return r.rounds.back().entropy; }), 1) + " |\n";
  }
  return md;
}

// What the filter does with successes and with failures: how many of each the proposals of the rounds held,
// and which share of them was kept, estimated from the proposals and kept ones that were looked at.
struct Filtered {
  double successes = 0, failures = 0, successes_kept = 0, failures_kept = 0;
  void add(const RoundRecord& r) {
    const auto proposals = static_cast<double>(r.proposals), accepted = static_cast<double>(r.accepted);
    successes += r.proposal_success.value() * proposals;
    failures += (1 - r.proposal_success.value()) * proposals;
    successes_kept += r.accepted_success.value() * accepted;
    failures_kept += (1 - r.accepted_success.value()) * accepted;
  }
};

std::string share(double part, double whole) {
  return whole > 0 ? formatted("%.1f %%", 100 * part / whole) : "-";
}

// The rounds of a third of the evaluations, over all runs of a group.
std::string third_row(const Group& g, std::int64_t first, std::int64_t last) {
  std::vector<RoundRecord> readings, fitted;
  Filtered filtered;
  for (const Group::OnTarget& target : g.targets)
    for (const AttackResult& run : target.runs)
      for (const RoundRecord& r : run.rounds)
        if (first < r.nre && r.nre <= last) {
          if (!r.measured) continue;
          filtered.add(r);
          readings.push_back(r);
          if (r.phi_heldout > 0) fitted.push_back(r);
        }
  const auto average = [](const std::vector<RoundRecord>& rounds, int digits, const auto& of) {
    std::vector<double> all;
    for (const RoundRecord& r : rounds) all.push_back(of(r));
    return all.empty() ? "-" : fixed(mean(all), digits);
  };
  if (readings.empty()) return "";
  const double rejected_successes = filtered.successes - filtered.successes_kept,
               rejected_failures = filtered.failures - filtered.failures_kept;
  return "| " + g.name + " | " + grouped(last) + " | " +
         average(readings, 3, [](const RoundRecord& r) { return r.valid.value(); }) + " | " +
         average(readings, 3, [](const RoundRecord& r) { return r.distinct.value(); }) + " | " +
         average(readings, 1, [](const RoundRecord& r) { return r.entropy; }) + " | " +
         average(readings, 1, [](const RoundRecord& r) { return r.surprise; }) + " | " +
         average(fitted, 2, [](const RoundRecord& r) { return r.phi_loss; }) + " | " +
         average(fitted, 2, [](const RoundRecord& r) { return r.phi_heldout; }) + " | " +
         share(filtered.successes, filtered.successes + filtered.failures) + " | " +
         share(filtered.successes_kept, filtered.successes) + " | " +
         share(filtered.failures_kept, filtered.failures) + " | " +
         (rejected_successes >= 1 ? fixed(rejected_failures / rejected_successes, 1) : "-") + " |\n";
}

std::string collapse_rows(const std::vector<Group>& groups) {
  std::string md =
      "| run | evaluations, up to | valid | distinct | entropy, nats | surprise, nats | loss of p_φ, nats "
      "per "
      "token | on unseen failures | successes among the proposals | successes kept | failures kept | "
      "failures per success rejected |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Group& g : groups) {
    std::int64_t end = 0;
    for (const Group::OnTarget& target : g.targets)
      for (const AttackResult& run : target.runs) end = std::max(end, run.rounds.back().nre);
    for (int third = 0; third < 3; ++third) md += third_row(g, end * third / 3, end * (third + 1) / 3);
  }
  return md;
}

std::string stopping_rows(const std::vector<Group>& groups) {
  std::string md =
      "| run | runs that the rule stops before the end | success where it stops | at the end | in the best "
      "reading | away from the best: median, most |\n"
      "|---|---|---|---|---|---|\n";
  for (const Group& g : groups) {
    const double early = mean_of(g, [](const AttackResult& r) {
      const std::vector<RoundRecord> readings = r.readings();
      return &stopped(readings) != &readings.back();
    });
    const std::vector<double> away = flat(values(g, evaluations_from_best));
    md += "| " + g.name + " | " + formatted("%.0f %%", 100 * early) + " | " +
          fixed(mean_of(g, rate_at_stop), 4) + " | " + fixed(mean_of(g, final_rate), 4) + " | " +
          fixed(mean_of(g, best_rate), 4) + " | " + fixed(median(away), 0) + ", " +
          fixed(*std::max_element(away.begin(), away.end()), 0) + " |\n";
  }
  return md;
}

}  // namespace

std::vector<Group> read_groups(const std::vector<fs::path>& folders) {
  ENSURE(!folders.empty(), "across", "no folder of a run is named");
  std::vector<Group> groups;
  for (const auto& [name, path] : groups_in(folders[0])) groups.push_back({name, {}});
  for (const fs::path& folder : folders) {
    const auto here = groups_in(folder);
    const Rate base = base_of(folder);
    ENSURE_AS(base.k > 0, InputError, folder.string(), "its pre-trained attacker had no success at all");
    std::erase_if(groups, [&](const Group& g) { return !here.contains(g.name); });
    for (Group& g : groups) {
      g.targets.push_back({base, {}});
      const fs::path& place = here.at(g.name);
      for (int seed = 1; fs::exists(place / ("seed" + std::to_string(seed))); ++seed)
        g.targets.back().runs.push_back(read_attack(place / ("seed" + std::to_string(seed))));
    }
  }
  ENSURE_AS(!groups.empty(), InputError, "across", "no method is in every one of the folders");
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return mean_of(a, final_rate) > mean_of(b, final_rate);
  });
  const auto ours =
      std::find_if(groups.begin(), groups.end(), [](const Group& g) { return g.name == "banel"; });
  if (ours != groups.end()) std::rotate(groups.begin(), ours, ours + 1);
  return groups;
}

const RoundRecord& stopped(const std::vector<RoundRecord>& readings) {
  ENSURE(!readings.empty(), "stopping rule", "there is no reading");
  for (std::size_t k = readings.size(); k-- > 1;)
    if (readings[k].valid.value() >= 0.5) return readings[k];
  return readings.front();
}

std::string across(const std::vector<Group>& groups) {
  ENSURE(!groups.empty(), "across", "there is nothing to compare");
  const std::size_t targets = groups[0].targets.size();
  const std::vector<AttackResult>& runs = groups[0].targets[0].runs;
  return std::to_string(targets) + (targets == 1 ? " target, " : " targets, ") + std::to_string(runs.size()) +
         " seeds each; " + grouped(runs[0].rounds.back().success.n) +
         " samples per reading; intervals: bootstrap over the seeds of these targets, 95 %; p: the first row "
         "ends "
         "higher, paired permutation test over targets and seeds.\n\n" +
         success_rows(groups) + "\nSuccess rate at the end by failure mode:\n\n" + coverage_rows(groups) +
         "\nThe rounds of each third of the evaluations. Surprise: mean of -log p of the samples under the "
         "pre-trained attacker. Kept: by the filter, of the proposals that would succeed or fail.\n\n" +
         collapse_rows(groups) +
         "\nThe label-free rule: hand over the last reading of which at least half of the samples are valid. "
         "Away from the best: evaluations between it and the best reading, earlier or later.\n\n" +
         stopping_rows(groups);
}

}  // namespace banel
