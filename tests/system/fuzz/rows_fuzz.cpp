// rows.json: whatever is read is written and read again as the same, and the page made of it has no tag but
// its own.

#include "tasks/report/report.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  Results results;
  for (const Row& row : parse_rows(bytes, "fuzz")) {
    require(to_json(row_from(Field(to_json(row), "again"))) == to_json(row));
    results.runs.push_back({row});
  }
  if (results.runs.empty()) return;
  const std::string page = report_page(results, table_of(results, {}), {});
  for (const char* tag : {"<script", "<img", "<iframe"}) require(page.find(tag) == page.npos);
}
