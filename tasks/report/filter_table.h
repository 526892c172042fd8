// Does the filter keep successes? How often the strings that a method keeps succeed, over how often its
// proposals do, for rounds in which theta succeeds rarely, sometimes or often. A filter that knows nothing
// has the factor 1; a perfect one has min(f, 1 / share of the proposals that succeed).
//   for (const Column& c : filter_columns(table.rows)) line += c.cell(row) + " | ";
#pragma once
#include <string>
#include <vector>

#include "tasks/report/column.h"

namespace banel {

// The measured rounds of a group, pooled by the success of their proposals: below 1 %, 10 %, 50 %, above.
// One band each; empty if no round has a filter.
std::vector<FilterBand> filter_bands(const Group&);

// The variant, and a column for each band in which some row has a factor; none if no row has any.
std::vector<Column> filter_columns(const std::vector<TableRow>&);

// The rows that have a filter.
std::vector<TableRow> with_filter(const std::vector<TableRow>&);

std::string filter_legend();

}  // namespace banel
