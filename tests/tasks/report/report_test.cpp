#include "tasks/report/report.h"

#include <doctest/doctest.h>

#include <set>

#include "nn/io/file.h"
#include "tasks/report/html.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/made_results.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// Every text that a study or a log may hold tries to break out of the page.
const std::string hostile = "<script src=\"http://example.org/x.js\">alert(1)</script>";

Results hostile_results() {
  std::vector<Run> runs{made_run(hostile, 1, {250, 500}), made_run(hostile, 2, {100, 250})};
  runs[0].row.settings = {{"screen", hostile}};
  runs[0].log.rounds.back().measured->findings = {{hostile, hostile, hostile, hostile}};
  runs[1].row.ended = hostile;
  Results results = made_results(runs);
  results.title = results.sentence = results.note = hostile;
  results.files[hostile] = hostile;
  return results;
}

std::string page(const Results& results, const std::vector<std::string>& show = {"bars"}) {
  const Table table = table_of(results, {});
  return report_page(results, table, figures(show, results, table));
}

TEST_CASE("the page stands alone and shows hostile text as text") {
  const std::string text = page(hostile_results(), {"success", "bars", "collapse", "modes"});
  CHECK(text.find("<script") == text.npos);
  for (const char* part : {"src=\"http", "href=", "url(", "<link", "<iframe"})
    CHECK(text.find(part) == text.npos);
  check_has(text, "&lt;script src=&quot;http://example.org");
  check_has(text, "data:image/svg+xml,");
}

TEST_CASE("the page has the rates every seed the finds by mode the settings and the warning of a quick run") {
  Results results = made_results({made_run("ours", 1, {250, 500}), made_run("ours", 2, {100, 250})});
  results.quick = true;
  results.files["study.toml"] = "seeds = 2 < 3";
  const std::string text = page(results);
  for (const char* part :
       {"<td>0.3750</td>", "0.5000, 0.2500", "<summary>zeros (2)</summary>", "<td>0500+1=</td>",
        "<td>budget</td><td>1000</td>", "not a result", "seeds = 2 &lt; 3"})
    check_has(text, part);
}

TEST_CASE("tables are reached by keyboard and pictures have a caption") {
  const std::string text = page(made_results({made_run("ours", 1, {250, 500})}));
  std::size_t tables = 0, boxes = 0;
  for (std::size_t at = text.find("<table"); at != text.npos; at = text.find("<table", at + 1)) ++tables;
  for (std::size_t at = text.find("tabindex=0 role=region"); at != text.npos;
       at = text.find("tabindex=0 role=region", at + 1))
    ++boxes;
  CHECK(tables == boxes);
  CHECK(tables >= 4);
  check_has(text, "<figcaption>Success rate after the last round: bar: mean");
}

TEST_CASE("marks of markdown become markup and lonely ones stay") {
  CHECK(markup("a **b** `c<d`") == "a <b>b</b> <code>c&lt;d</code>");
  CHECK(markup("2 ** 3") == "2 ** 3");
  CHECK(html("a & b &lt;") == "a &amp; b &amp;lt;");
  Results results = made_results({made_run("ours", 1, {250})});
  results.note = "It is **not** a result.";
  check_has(page(results), "It is <b>not</b> a result.");
}

TEST_CASE("a report leaves rows tables figures and the page") {
  const TemporaryFolder folder;
  const Results results = made_results({made_run("ours", 1, {250, 500}), made_run("other", 1, {1, 2})});
  const Table table = write_report(folder.path, results, {}, {"success", "bars"});
  CHECK(table.rows.size() == 2);
  for (const char* file : {"rows.json", "table.md", "table.csv", "report.html", "plots/success.png",
                           "plots/success.svg", "plots/bars.png", "plots/bars.svg"}) {
    INFO(file);
    CHECK(fs::exists(folder.path / file));
  }
  const std::string rows = read_file(folder.path / "rows.json");
  CHECK(parse_rows(rows, "rows.json").size() == 2);
}

TEST_CASE("a report removes the pictures of an earlier one and nothing else") {
  const TemporaryFolder folder;
  const Results results = made_results({made_run("ours", 1, {250, 500}), made_run("other", 1, {1, 2})});
  write_report(folder.path, results, {}, {"success", "bars"});
  for (const char* other : {"holiday.png", "notes.txt", "success-2.png"})
    write_file(folder.path / "plots" / other, "");
  for (const char* old : {"scaling-phi_epochs.png", "scaling-phi_epochs.svg"})
    write_file(folder.path / "plots" / old, "");
  write_report(folder.path, results, {}, {"bars"});
  std::set<std::string> left;
  for (const auto& file : fs::directory_iterator(folder.path / "plots")) left.insert(file.path().filename());
  CHECK((left == std::set<std::string>{"bars.png", "bars.svg", "holiday.png", "notes.txt", "success-2.png"}));
  for (const std::string& file : left)
    if (!file.starts_with("bars")) fs::remove(folder.path / "plots" / file);
  write_report(folder.path, results, {}, {});
  CHECK(!fs::exists(folder.path / "plots"));
}

TEST_CASE("a report follows no link to the pictures of somebody else") {
  const TemporaryFolder folder, others;
  for (const char* picture : {"bars.png", "bars.svg"}) write_file(others.path / picture, "");
  fs::create_directory_symlink(others.path, folder.path / "plots");
  const Results results = made_results({made_run("ours", 1, {250, 500}), made_run("other", 1, {1, 2})});
  CHECK_THROWS_WITH_AS(write_report(folder.path, results, {}, {"bars"}), doctest::Contains("symbolic link"),
                       IoError);
  CHECK(others.names().size() == 2);
}

}  // namespace
}  // namespace banel
