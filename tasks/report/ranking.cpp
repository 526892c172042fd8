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
  const Interval interval = roc_interval(area[score], successes, failures);
  return fixed(area[score], 2) + " (" + fixed(interval.lo, 2) + "–" + fixed(interval.hi, 2) + ")";
}

std::vector<RankBand> ranks_of(const std::vector<const Ranking*>& rounds) {
  constexpr double border = 0.01, end = 0.5;  // share of the proposals that succeed
  std::vector<RankBand> bands(rank_bands.size());
  for (const Ranking* r : rounds) {
    const double share = r->success().value();
    if (r->area.empty() || share > end) continue;
    bands[share < border ? 0 : 1].add(*r);
  }
  const auto any = [](const RankBand& band) { return band.pairs > 0; };
  return std::ranges::any_of(bands, any) ? bands : std::vector<RankBand>();
}

FilterTable rank_table(const std::vector<TableRow>& rows, std::size_t band) {
  FilterTable table{{{"variant", [](const TableRow& r) { return r.variant; }}}, {}};
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
  return "How likely a success has a higher score than a failure (area under the ROC curve, with a 95 % "
         "interval over strings; Hanley and McNeil 1982): 0.5 is a score that knows nothing, 1 a perfect "
         "one. "
         "Scores: log p_θ − κ log p_φ for several κ with the failure model of the round, and the "
         "log-likelihoods alone, θ0 being the prior. Over the proposals of measured rounds, judged outside "
         "the "
         "budget, by the share of them that succeed; the last column has their successes and the rounds.";
}

}  // namespace banel
