// What a study leaves in its folder for people, and the page that shows it to those who were not there.
//   write_report("runs/planted", results, registry, {"success", "bars"});
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/report/figures/figures.h"
#include "tasks/report/table.h"

namespace banel {

// Writes FOLDER/rows.json, table.md, table.csv, table.txt, plots/FIGURE.{png,svg} and report.html, and
// returns the table. A figure that cannot be drawn is left out with a warning. Errors: IoError.
Table write_report(const std::filesystem::path& folder, const Results&, const Registry&,
                   const std::vector<std::string>& show);

// report.html: results, figures, finds by mode, every seed, settings of each variant. Self-contained: no
// network, no script; it fits screens of 360 to 1440 pixels and A4 paper, and tables scroll by keyboard.
std::string report_page(const Results&, const Table&, const std::vector<Figure>&);

}  // namespace banel
