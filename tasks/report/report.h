// One page that shows a run: for people who were not there.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "nn/io/json.h"

namespace banel {

// Writes RUN/report.html from the files of a finished `banel reproduce`: table.json and its note,
// plots/*.svg, what every method found (attacks/*/seed*/metrics.jsonl), run.json and config.toml. The page is
// self-contained: no network, no script. Errors: IoError or InputError naming the file that is
// missing or damaged.
void write_report(const std::filesystem::path& run);

// The rows of table.json, each with a method that can be a folder and the final rate of every seed. Errors:
// InputError naming the line, or the value that is missing or impossible.
Json parse_rows(std::string_view json, std::string_view where);
bool is_quick(const Json& rows);  // whether they say that the run was a check and not a result
// The tables that the page makes of them: results and costs, and every seed.
std::string results_html(const Json& rows);
std::string seeds_html(const Json& rows);

// Text for a place between tags or inside a quoted attribute.
std::string html(const std::string& text);

}  // namespace banel
