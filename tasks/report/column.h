// The columns of a table as text, for markdown, terminal and page alike.
//   for (const Column& c : main_columns(table.rows)) line += c.cell(row) + " | ";
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tasks/report/table.h"

namespace banel {

struct Column {
  std::string title;
  std::function<std::string(const TableRow&)> cell;  // "-" where there is nothing to tell
};

// The result; columns in which no row has anything to tell are left out.
std::vector<Column> main_columns(const std::vector<TableRow>&);
// Other statistics, and the cost of an attack.
std::vector<Column> detail_columns(const std::vector<TableRow>&);
// Does the filter keep successes? The rows that have a filter, a column for each band; empty if none has.
struct SubTable {
  std::vector<Column> columns = {};
  std::vector<TableRow> rows = {};
};
SubTable filter_table(const std::vector<TableRow>&);
// Does the ratio rank successes? The rows with such rounds, a column for each score; empty if none has.
SubTable rank_table(const std::vector<TableRow>&, std::size_t band);
// Short ones, the most important first.
std::vector<Column> terminal_columns(const std::vector<TableRow>&);

struct TablePanel {
  std::string name;  // empty if the study has one panel
  std::string base;  // "Base rate 0.00041 (0.00037–0.00045, n = 100,000)"
  std::vector<TableRow> rows;
};
std::vector<TablePanel> panels_of(const Table&);

std::string warnings_note(const Made&);  // that there are some, and where; empty if there are none
std::string main_legend(const Table&);   // what the columns mean, in one paragraph
std::string filter_legend();             // the same of filter_table
std::string ranking_caption(const TablePanel&, std::size_t band);  // of rank_table
std::string rate_text(double);                                     // a success rate: 0.6795, 0.00409, 5.0e-06
std::string rate_text(
    const BaseRate&);  // "0.00047 (0.00043–0.00052, n = 1,000,000)", "0.25 (exact)", "not known"
std::string seeds_text(const TableRow&);     // "instances 1, 2; seeds 1, 2, 3"
std::string settings_text(const TableRow&);  // "budget 7500, m 50, ..."; of its first attack

}  // namespace banel
