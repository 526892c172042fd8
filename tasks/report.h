// One page that shows a run: for people who were not there.
#pragma once
#include <filesystem>
#include <string>

namespace banel {

// Writes RUN/report.html from the files of a finished `banel reproduce`: table.json and its note,
// plots/*.svg, what every method found (attacks/*/seed*/metrics.jsonl), run.json and config.toml. The page is
// self-contained: no network, no script. Errors: IoError or InputError naming the file that is
// missing or damaged.
void write_report(const std::filesystem::path& run);

// Text for a place between tags or inside a quoted attribute.
std::string html(const std::string& text);

}  // namespace banel
