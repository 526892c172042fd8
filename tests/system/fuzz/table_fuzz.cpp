// table.json: the tables of the report have no tag but their own.
#include <nlohmann/json.hpp>

#include "tests/system/fuzz/fuzz.h"
#include "tasks/report/report.h"

using namespace banel;

FUZZ(bytes) {
  const Json rows = parse_rows(bytes, "fuzz");
  for (const std::string& html : {results_html(rows), seeds_html(rows)}) {
    for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
      const char tag = html[at + 1] == '/' ? html[at + 2] : html[at + 1];
      require(std::string_view("dtc").find(tag) != std::string_view::npos);  // div, table, tr, th, td, caption
    }
  }
}
