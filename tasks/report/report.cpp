#include "tasks/report/report.h"

#include <algorithm>
#include <map>
#include <set>

#include "nn/io/file.h"
#include "tasks/base/text.h"
#include "tasks/report/column.h"
#include "tasks/report/html.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_finds = 100;  // of a mode

std::string table_html(const std::string& caption, const std::vector<Column>& columns,
                       const std::vector<TableRow>& rows) {
  std::vector<std::string> titles;
  std::vector<std::vector<std::string>> cells;
  int main = -1;
  for (const Column& column : columns) titles.push_back(column.title);
  for (const TableRow& row : rows) {
    if (row.is_first) main = static_cast<int>(cells.size());
    cells.emplace_back();
    for (const Column& column : columns) cells.back().push_back(column.cell(row));
  }
  return html_table(caption, titles, cells, main);
}

std::string captioned_panel(const std::string& caption, const TablePanel& panel) {
  return panel.name.empty() ? caption : panel.name + ": " + caption;
}

std::string results_html(const Table& table) {
  std::string page = "<section class=results>\n<h2>Results</h2>\n";  // printed with closed details, too
  for (const TablePanel& panel : panels_of(table))
    page += table_html(captioned_panel("success rates. " + panel.base, panel), main_columns(table.rows),
                       panel.rows);
  page += "<p>" + html(main_legend(table)) + "</p>\n";
  std::string details;
  for (const TablePanel& panel : panels_of(table))
    details += table_html(captioned_panel("statistics over instances and seeds, cost of one attack", panel),
                          detail_columns(table.rows), panel.rows);
  page += html_details("Other statistics and costs", details);
  std::string filters;
  for (const TablePanel& panel : panels_of(table))
    if (const SubTable f = filter_table(panel.rows); !f.rows.empty())
      filters += table_html(captioned_panel("what is kept over what is proposed", panel), f.columns, f.rows);
  if (!filters.empty())
    page +=
        html_details("Does the filter keep successes?", filters + "<p>" + html(filter_legend()) + "</p>\n");
  std::string rankings;
  for (std::size_t band = 0; band < rank_bands.size(); ++band)
    for (const TablePanel& panel : panels_of(table))
      if (const SubTable f = rank_table(panel.rows, band); !f.rows.empty())
        rankings += table_html(ranking_caption(panel, band), f.columns, f.rows);
  if (!rankings.empty())
    page +=
        html_details("Does the ratio rank successes?", rankings + "<p>" + html(ranking_legend()) + "</p>\n");
  return page + "</section>\n";
}

std::string figures_html(const std::vector<Figure>& figures) {
  std::string page;
  for (const Figure& figure : figures)
    page += "<h2>" + html(figure.title) + "</h2>\n" +
            html_figure(to_svg(figure.picture), figure.title + ": " + figure.caption + '.');
  return page;
}

struct Find {
  std::string variant;
  Finding finding;
};

// What the attackers write in the end, each attempt once, by mode.
std::map<std::string, std::vector<Find>> finds_of(const Results& results, const std::string& panel) {
  std::map<std::string, std::vector<Find>> finds;
  std::set<Attempt> met;
  for (const Group& group : groups_of(results)) {
    if (group.panel != panel) continue;
    for (const Run* run : group.runs) {
      if (run->log.rounds.empty() || !run->log.rounds.back().measured) continue;
      for (const Finding& f : run->log.rounds.back().measured->findings)
        if (met.insert(f.attempt).second) finds[f.mode].push_back({group.variant, f});
    }
  }
  return finds;
}

std::string finds_html(const Results& results, const Table& table) {
  std::string page;
  for (const TablePanel& panel : panels_of(table)) {
    std::string lists;
    for (const auto& [mode, finds] : finds_of(results, panel.name)) {
      std::vector<std::vector<std::string>> cells;
      for (const Find& f : finds)
        if (cells.size() < most_finds)
          cells.push_back({f.finding.attempt, f.finding.answer, f.finding.truth, f.variant});
      lists += html_details(mode + " (" + std::to_string(finds.size()) + ")",
                            html_table(mode + ": the first " + std::to_string(cells.size()) + " of " +
                                           std::to_string(finds.size()),
                                       {"attempt", "answer", "expected", "variant"}, cells));
    }
    if (lists.empty()) lists = "<p>No attack found anything.</p>\n";
    page += (panel.name.empty() ? "" : "<h3>" + html(panel.name) + "</h3>\n") + lists;
  }
  return "<h2>Finds</h2>\n<p>Successes among the final samples of each attack, its first few.</p>\n" + page;
}

// Why an attack paid less than its budget, or "-".
std::string ended_early(const Row& r) {
  if (!r.ended.empty()) return r.ended;
  const auto budget = r.settings.find("budget");
  const bool short_of = budget != r.settings.end() && r.evaluations > 0 &&
                        static_cast<double>(r.evaluations) < budget->second.number();
  return short_of ? "after " + grouped(r.evaluations) + " evaluations" : "-";
}

std::string seeds_html(const Table& table) {
  std::string page = "<h2>Every seed</h2>\n";
  for (const TablePanel& panel : panels_of(table)) {
    std::vector<std::vector<std::string>> cells;
    for (const TableRow& row : panel.rows)
      for (const Row& r : row.attacks)
        cells.push_back({r.variant, std::to_string(r.instance), std::to_string(r.seed), rate_text(r.final),
                         rate_text(r.selected), rate_text(r.best), std::to_string(r.paid_finds),
                         ended_early(r)});
    page += html_details(
        captioned_panel(std::to_string(cells.size()) + " attacks", panel),
        html_table(captioned_panel("every attack", panel),
                   {"variant", "instance", "seed", "final", "selected", "best", "paid finds", "ended early"},
                   cells));
  }
  return page;
}

// Each variant once, as its first panel has it.
std::string settings_html(const Results& results, const Table& table) {
  std::string page = "<h2>Settings</h2>\n";
  std::set<std::string> shown;
  for (const TableRow& row : table.rows) {
    if (!shown.insert(row.variant).second) continue;
    std::vector<std::vector<std::string>> cells;
    for (const auto& [key, value] : row.attacks.at(0).settings) {
      const auto& all = method_settings();
      const auto setting = std::ranges::find(all, key, &Setting::key);
      cells.push_back({key, value.shown(), setting == all.end() ? "" : setting->sentence});
    }
    page += html_details(
        row.variant, "<p>Method " + html(row.method) +
                         (row.sentence.empty() ? "" : ": " + html(row.sentence)) + ". " +
                         html(seeds_text(row)) + ".</p>\n" +
                         html_table("settings of " + row.variant, {"setting", "value", "meaning"}, cells));
  }
  for (const auto& [name, text] : results.files)
    page += html_details(name, "<pre tabindex=0>" + html(text) + "</pre>\n");
  return page;
}

// Pictures of a report: both files are there, and their name begins with that of a figure.
void remove_figures(const fs::path& plots) {
  ENSURE_AS(!fs::is_symlink(plots), IoError, plots.string(),
            "is a symbolic link; remove it, for pictures in it would be replaced");
  if (!fs::is_directory(plots)) return;
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(plots)) {
    fs::path png = entry.path(), svg = entry.path();
    const std::string name = png.stem().string(), kind = name.substr(0, name.find('-'));
    if (why_no_figure(kind).empty() && fs::exists(png.replace_extension(".png")) &&
        fs::exists(svg.replace_extension(".svg")) && (entry.path() == png || entry.path() == svg))
      old.push_back(entry.path());
  }
  for (const fs::path& picture : old) fs::remove(picture);
  if (fs::is_empty(plots)) fs::remove(plots);
}

std::string made_html(const Made& made) {
  std::string list;
  for (const std::string& text : made.warnings) list += "<li class=warning>" + markup(text) + "</li>\n";
  for (const std::string& text : made.facts) list += "<li>" + markup(text) + "</li>\n";
  return list.empty() ? "" : "<h2>How it was made</h2>\n<ul>\n" + list + "</ul>\n";
}

}  // namespace

std::string report_page(const Results& results, const Table& table, const std::vector<Figure>& figures) {
  std::string body = "<h1>" + html(results.title) + "</h1>\n";
  if (results.quick)
    body += "<p class=warning>A quick run: it shows that everything works and is not a result.</p>\n";
  for (const std::string& text : {results.sentence, results.note, warnings_note(table.made)})
    if (!text.empty()) body += "<p>" + markup(text) + "</p>\n";
  return html_page(results.title, body + results_html(table) + figures_html(figures) +
                                      finds_html(results, table) + seeds_html(table) +
                                      settings_html(results, table) + made_html(table.made));
}

Table write_report(const fs::path& folder, const Results& results, const Registry& registry,
                   const std::vector<std::string>& show) {
  Table table = table_of(results, registry);
  std::vector<Figure> drawn;
  for (const std::string& kind : show) try {
      const std::vector<Figure> more = figures({kind}, results, table);
      drawn.insert(drawn.end(), more.begin(), more.end());
    } catch (const UsageError& error) {
      table.made.warnings.push_back("Warning: the figure " + kind + " is left out: " + error.what() + '.');
    }
  std::vector<std::string> pngs(drawn.size());  // before anything is written, for Ctrl-C may end the drawing
  parallel_for(drawn.size(), [&](std::size_t i) { pngs[i] = to_png(drawn[i].picture); });
  std::vector<Row> rows;
  for (const TableRow& row : table.rows) rows.insert(rows.end(), row.attacks.begin(), row.attacks.end());
  write_file(folder / "rows.json", rows_text(rows));
  write_file(folder / "table.md", to_markdown(table));
  write_file(folder / "table.csv", to_csv(table));
  write_file(folder / "table.txt", to_terminal(table, 80));
  remove_figures(folder / "plots");  // no picture of an earlier report stays
  if (!drawn.empty()) create_folders(folder / "plots");
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    write_file(folder / "plots" / (drawn[i].file + ".png"), pngs[i]);
    write_svg(drawn[i].picture, folder / "plots" / (drawn[i].file + ".svg"));
  }
  write_file(folder / "report.html", report_page(results, table, drawn));
  return table;
}

}  // namespace banel
