// Tables as markdown, CSV and for the terminal.
#include <algorithm>
#include <set>

#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tasks/report/column.h"

namespace banel {

namespace {

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += ' ';
    for (const char c : cell) line += c == '|' ? std::string("\\|") : std::string(1, c);
    line += " |";
  }
  return line + '\n';
}

std::string markdown_table(const std::vector<Column>& columns, const std::vector<TableRow>& rows,
                           bool emphasise) {
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  std::string md = markdown_row(titles) + markdown_row(std::vector<std::string>(titles.size(), "---"));
  for (const TableRow& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(column.cell(row));
    if (emphasise && row.is_first) cells[0] = "**" + cells[0] + "**";
    md += markdown_row(cells);
  }
  return md;
}

std::string panel_heading(const TablePanel& panel) {
  return panel.name.empty() ? "" : "## " + panel.name + "\n\n";
}

std::string ranking_text(const Table& table) {
  std::string md;
  for (std::size_t band = 0; band < rank_bands.size(); ++band)
    for (const TablePanel& panel : panels_of(table))
      if (const SubTable f = rank_table(panel.rows, band); !f.rows.empty())
        md += "## " + ranking_caption(panel, band) + "\n\n" + markdown_table(f.columns, f.rows, false) + '\n';
  return md.empty() ? md : "# Does the ratio rank successes?\n\n" + ranking_legend() + "\n\n" + md;
}

// What each variant is, once, though it may stand in several panels.
std::string variants_text(const Table& table) {
  std::string md;
  std::set<std::string> told;
  for (const TableRow& row : table.rows) {
    std::string line = "- " + row.variant;
    if (row.method != row.variant) line += " (" + row.method + ")";
    line += ": " + (row.sentence.empty() ? "" : row.sentence + "; ") + seeds_text(row) + "; " +
            settings_text(row) + '\n';
    if (told.insert(line).second) md += line;
  }
  return md;
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

template <class T>
std::string csv_if_any(const std::optional<T>& value) {
  return value ? Json(*value).dump() : "";
}

std::string shortened(const std::string& text, std::size_t width) {
  return columns_of(text) <= width ? text : first_columns(text, width - 1) + "…";
}

std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines, line;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    const std::string word = text.substr(from, end - from);
    from = end + 1;
    if (!line.empty() && columns_of(line) + 1 + columns_of(word) > width) {
      lines += line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return lines + line + '\n';
}

struct TerminalColumn {
  std::vector<std::string> cells;  // the title first
  std::size_t width = 0;
};

TerminalColumn terminal_column(const Column& column, const std::vector<TableRow>& rows) {
  TerminalColumn c{{column.title}, columns_of(column.title)};
  for (const TableRow& row : rows) {
    c.cells.push_back(column.cell(row));
    c.width = std::max(c.width, columns_of(c.cells.back()));
  }
  return c;
}

// The most important columns that fit, the variant on the left and the numbers right-aligned.
std::string terminal_rows(const std::vector<TableRow>& rows, std::size_t width) {
  constexpr std::size_t gap = 2, always = 5, longest_name = 28;
  std::vector<TerminalColumn> shown;
  std::size_t used = 0;
  for (const Column& column : terminal_columns(rows)) {
    TerminalColumn c = terminal_column(column, rows);
    if (shown.empty()) c.width = std::min(c.width, longest_name);
    if (shown.size() >= always && used + gap + c.width > width) break;
    used += (shown.empty() ? 0 : gap) + c.width;
    shown.push_back(std::move(c));
  }
  TerminalColumn& names = shown[0];
  if (used > width)
    names.width -= std::min(used - width, names.width - std::min<std::size_t>(names.width, 8));
  std::string text;
  for (std::size_t r = 0; r <= rows.size(); ++r) {
    const std::string name = shortened(names.cells[r], names.width);
    text += name + std::string(names.width - columns_of(name), ' ');
    for (std::size_t c = 1; c < shown.size(); ++c)
      text += std::string(gap + shown[c].width - columns_of(shown[c].cells[r]), ' ') + shown[c].cells[r];
    text += '\n';
  }
  return text;
}

}  // namespace

std::string main_table(const Table& table) {
  std::string md;
  for (const TablePanel& panel : panels_of(table)) {
    if (!md.empty()) md += '\n';
    md += panel_heading(panel) + panel.base + ".\n\n" +
          markdown_table(main_columns(table.rows), panel.rows, true);
  }
  return md;
}

std::string to_markdown(const Table& table) {
  std::string md = "# " + table.title;
  if (table.quick) md += ": quick run\n\n**A check that everything works, not a result.**";
  for (const std::string& text : {table.sentence, table.note, warnings_note(table.made)})
    if (!text.empty()) md += "\n\n" + text;
  md += "\n\n" + main_table(table) + '\n' + main_legend(table) + "\n\n# Other statistics and costs\n\n" +
        "Of an attack, mean over instances and seeds; measuring and the judge's own work excluded. "
        "Selected: the attacker that the paid evaluations point to, at no extra cost. Best: chosen with "
        "unpaid samples, so optimistic. Modes: shares of the distinct successes.\n\n";
  for (const TablePanel& panel : panels_of(table))
    md += panel_heading(panel) + markdown_table(detail_columns(table.rows), panel.rows, false) + '\n';
  if (!filter_table(table.rows).rows.empty())
    md += "# Does the filter keep successes?\n\n" + filter_legend() + "\n\n";
  for (const TablePanel& panel : panels_of(table))
    if (const SubTable f = filter_table(panel.rows); !f.rows.empty())
      md += panel_heading(panel) + markdown_table(f.columns, f.rows, false) + '\n';
  md += ranking_text(table) + "# Variants\n\n" + variants_text(table);
  if (!table.made.warnings.empty() || !table.made.facts.empty()) md += "\n# How it was made\n\n";
  for (const auto* list : {&table.made.warnings, &table.made.facts})
    for (const std::string& text : *list) md += "- " + text + '\n';
  return md;
}

std::string to_csv(const Table& table) {
  std::string csv =
      "task,panel,instance,variant,method,seed,evaluations,base_rate,final,selected,best,to_first,"
      "to_half,distinct,distinct_success,paid_finds,tokens,flops,seconds,ledger_hash,ended,quick\n";
  for (const TableRow& row : table.rows)
    for (const Row& r : row.attacks) {
      csv += csv_text(r.task) + ',' + csv_text(r.panel) + ',' + std::to_string(r.instance) + ',' +
             csv_text(r.variant) + ',' + csv_text(r.method) + ',' + std::to_string(r.seed) + ',' +
             std::to_string(r.evaluations);
      for (const double x : {r.base.value, r.final, r.selected, r.best}) csv += ',' + Json(x).dump();
      for (const auto& x : {r.to_first, r.to_half}) csv += ',' + csv_if_any(x);
      for (const auto& x : {r.distinct, r.distinct_success}) csv += ',' + csv_if_any(x);
      csv += ',' + std::to_string(r.paid_finds) + ',' + std::to_string(r.cost.tokens);
      for (const double x : {r.cost.flops, r.seconds}) csv += ',' + Json(x).dump();
      csv += ',' + r.ledger_hash + ',' + csv_text(r.ended) + (table.quick ? ",yes\n" : ",no\n");
    }
  return csv;
}

std::string to_terminal(const Table& table, int width) {
  const std::size_t columns = static_cast<std::size_t>(std::max(width, 40));
  std::string text = wrapped(table.title + (table.quick ? " (quick run: not a result)" : ""), columns);
  for (const TablePanel& panel : panels_of(table)) {
    text += '\n' + wrapped((panel.name.empty() ? "" : panel.name + ": ") + panel.base, columns);
    text += terminal_rows(panel.rows, columns);
    for (const TableRow& row : panel.rows)
      if (!row.ended.empty()) text += wrapped(row.variant + " ended without a round, " + row.ended, columns);
  }
  return text + '\n' +
         wrapped(
             "final: success rate after the last round, outside the budget; × base: over the base rate; "
             "distinct: different successes over samples; to one half: median evaluations, and how many "
             "runs got there",
             columns);
}

}  // namespace banel
