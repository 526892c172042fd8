#include "tasks/report/filter_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "tasks/base/text.h"

namespace banel {

namespace {

constexpr std::array highest{0.01, 0.1, 0.5};  // success of the proposals; the last band has no end
const std::array<const char*, highest.size() + 1> band_titles{"below 1 %", "1 to 10 %", "10 to 50 %",
                                                              "above 50 %"};

// The ratio of two independent shares with its 95 % interval, normal in its logarithm (Katz et al. 1978).
std::string factor_of(const FilterBand& band) {
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

std::string cell(const TableRow& row, std::size_t band) {
  if (row.filter.empty() || row.filter[band].rounds == 0) return "-";
  const FilterBand& b = row.filter[band];
  return factor_of(b) + "; " + std::to_string(b.accepted.k) + " of " + grouped(b.accepted.n) + "; " +
         std::to_string(b.rounds);
}

}  // namespace

std::vector<FilterBand> filter_bands(const Group& group) {
  std::vector<FilterBand> bands(band_titles.size());
  for (const Run* run : group.runs)
    for (const RoundRecord& round : run->log.rounds) {
      if (!round.filter || round.filter->accepted_success.n == 0) continue;
      const Rate &given = round.filter->proposal_success, &kept = round.filter->accepted_success;
      FilterBand& band =
          bands[static_cast<std::size_t>(std::ranges::upper_bound(highest, given.value()) - highest.begin())];
      ++band.rounds;
      band.proposals.k += given.k, band.proposals.n += given.n;
      band.accepted.k += kept.k, band.accepted.n += kept.n;
    }
  const bool any = std::ranges::any_of(bands, [](const FilterBand& b) { return b.rounds > 0; });
  return any ? bands : std::vector<FilterBand>();
}

std::vector<Column> filter_columns(const std::vector<TableRow>& rows) {
  std::vector<Column> columns;
  for (std::size_t band = 0; band < band_titles.size(); ++band)
    if (std::ranges::any_of(rows, [&](const TableRow& row) { return cell(row, band) != "-"; }))
      columns.push_back({band_titles[band], [band](const TableRow& row) { return cell(row, band); }});
  if (!columns.empty())
    columns.insert(columns.begin(), {"variant", [](const TableRow& row) { return row.variant; }});
  return columns;
}

std::vector<TableRow> with_filter(const std::vector<TableRow>& rows) {
  std::vector<TableRow> some;
  std::ranges::copy_if(rows, std::back_inserter(some),
                       [](const TableRow& row) { return !row.filter.empty(); });
  return some;
}

std::string filter_legend() {
  return "Success of what the filter keeps over success of the proposals it is given, with a 95 % interval "
         "over strings; then the successes kept, and the measured rounds. Columns: rounds by the success of "
         "their proposals, which are judged outside the budget. 1 is a filter that knows nothing; the first "
         "column flatters a little, because chance sorts rounds into it.";
}

}  // namespace banel
