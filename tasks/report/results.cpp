#include "tasks/report/results.h"

#include <algorithm>
#include <tuple>

#include "tasks/base/stats.h"

namespace banel {

namespace {

// The listed names, then those that only runs have, in the order met.
std::vector<std::string> in_order(std::vector<std::string> names, const Results& results,
                                  std::string Row::*name) {
  for (const Run& run : results.runs)
    if (std::find(names.begin(), names.end(), run.row.*name) == names.end()) names.push_back(run.row.*name);
  return names;
}

}  // namespace

std::vector<Group> groups_of(const Results& results) {
  const std::vector<std::string> variants = in_order(results.variants, results, &Row::variant);
  std::vector<Group> groups;
  for (const std::string& panel : in_order(results.panels, results, &Row::panel))
    for (std::size_t place = 0; place < variants.size(); ++place) {
      Group group{panel, variants[place], place, {}};
      for (const Run& run : results.runs)
        if (run.row.panel == panel && run.row.variant == variants[place]) group.runs.push_back(&run);
      std::stable_sort(group.runs.begin(), group.runs.end(), [](const Run* a, const Run* b) {
        return std::tie(a->row.instance, a->row.seed) < std::tie(b->row.instance, b->row.seed);
      });
      if (!group.runs.empty()) groups.push_back(std::move(group));
    }
  return groups;
}

std::vector<std::vector<double>> by_instance(const Group& group, const ValueOf& of) {
  std::map<std::uint64_t, std::vector<double>> values;
  for (const Run* run : group.runs)
    if (const std::optional<double> value = of(*run)) values[run->row.instance].push_back(*value);
  std::vector<std::vector<double>> lists;
  for (auto& [instance, list] : values) lists.push_back(std::move(list));
  return lists;
}

std::vector<double> flat(const std::vector<std::vector<double>>& lists) {
  std::vector<double> all;
  for (const std::vector<double>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

double mean_base(const Group& group) {
  std::map<std::uint64_t, double> bases;
  for (const Run* run : group.runs) bases[run->row.instance] = run->row.base.value;
  std::vector<double> values;
  for (const auto& [instance, base] : bases) values.push_back(base);
  return mean(values);
}

}  // namespace banel
