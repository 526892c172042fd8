#include "tasks/report/ranking.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tasks/base/stats.h"
#include "tasks/base/text.h"
#include "tasks/report/column.h"

namespace banel {

void RankBand::add(const Ranking& r) {
  const auto n = static_cast<double>(r.successes) * static_cast<double>(r.failures);
  for (std::size_t i = 0; i < area.size(); ++i) area[i] = (area[i] * pairs + r.area[i] * n) / (pairs + n);
  ++rounds;
  successes += static_cast<double>(r.successes);
  failures += static_cast<double>(r.failures);
  pairs += n;
}

std::string RankBand::text(std::size_t score) const {
  if (pairs == 0) return "-";
  if (successes < 5 || failures < 5) return fixed(area[score], 2);
  const Interval interval = roc_interval(area[score], successes, failures);
  return fixed(area[score], 2) + " (" + fixed(interval.lo, 2) + "–" + fixed(interval.hi, 2) + ")";
}

std::vector<RankBand> ranks_of(const std::vector<const Ranking*>& rounds) {
  constexpr std::array ends{0.01, 0.1, 0.5};  // share of the proposals that succeed
  std::vector<RankBand> bands(rank_bands.size());
  for (const Ranking* r : rounds) {
    const auto band = std::ranges::upper_bound(ends, r->success().value()) - ends.begin();
    if (!r->area.empty() && band < std::ssize(ends)) bands[static_cast<std::size_t>(band)].add(*r);
  }
  const auto any = [](const RankBand& band) { return band.pairs > 0; };
  return std::ranges::any_of(bands, any) ? bands : std::vector<RankBand>();
}

SubTable rank_table(const std::vector<TableRow>& rows, std::size_t band) {
  SubTable table{{{"variant", [](const TableRow& r) { return r.variant; }}}, {}};
  std::ranges::copy_if(rows, std::back_inserter(table.rows),
                       [band](const TableRow& r) { return !r.ranks.empty() && r.ranks[band].pairs > 0; });
  if (table.rows.empty()) return {};
  for (std::size_t score = 0; score < ranking_scores.size(); ++score)
    table.columns.push_back(
        {ranking_scores[score].title, [=](const TableRow& r) { return r.ranks[band].text(score); }});
  table.columns.push_back({"successes; rounds", [band](const TableRow& r) {
                             return grouped(std::llround(r.ranks[band].successes)) + "; " +
                                    std::to_string(r.ranks[band].rounds);
                           }});
  return table;
}

std::string ranking_caption(const TablePanel& panel, std::size_t band) {
  return (panel.name.empty() ? "" : panel.name + ": ") + "proposals that succeed " + rank_bands[band];
}

std::string ranking_legend() {
  return "How likely a success is to have a higher score than a failure: the area under the ROC curve. "
         "0.5 is a score that knows nothing, 1 a perfect one. κ: log p_θ − κ log p_φ with the failure model "
         "of the "
         "round; θ0 is the prior. The strings are proposals of measured rounds, judged outside the budget, "
         "without those that the failure model was fitted to. A table for each band of their success; rounds "
         "above 50 % are left out. Rounds are weighted by their pairs of a success and a failure. The 95 % "
         "interval (Hanley and McNeil 1982) is over strings and does not include differences between runs. "
         "The last column has the successes and the rounds.";
}

}  // namespace banel
