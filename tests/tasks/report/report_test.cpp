#include "tasks/report/report.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

// A run folder with one method; every text that a file may hold tries to break out of the page.
constexpr const char* hostile = "<script src=\"http://example.org/x.js\">alert(1)</script>";

fs::path run_folder(const TemporaryFolder& folder) {
  const fs::path run = folder.path / "run";
  fs::create_directories(run / "plots");
  fs::create_directories(run / "attacks" / "banel" / "seed1");
  const nlohmann::ordered_json row{{"method", "banel"}, {"final", {0.5, 0.25}}, {"final_mean", 0.375}, {"nre", 60}, {"quick", true}};
  write_file(run / "table.json", nlohmann::ordered_json::array({row}).dump());
  write_file(run / "table.md", std::string("# A table\n\nMeasured <here> on ") + hostile + "\n\n| method |\n");
  write_file(run / "run.json", hostile);
  write_file(run / "plots" / "success.svg", std::string("<svg xmlns=\"http://www.w3.org/2000/svg\">") + hostile + "</svg>");
  const nlohmann::ordered_json finding{{"question", hostile}, {"answer", "003"}, {"truth", "4"}};
  write_file(run / "attacks" / "banel" / "seed1" / "metrics.jsonl",
             "{\"round\":1,\"measured\":{\"findings\":[]}}\n" + nlohmann::ordered_json{{"round", 2}, {"measured", {{"findings", {finding}}}}}.dump() + "\n");
  return run;
}

TEST_CASE("the report stands alone and shows hostile text as text") {
  const TemporaryFolder folder;
  const fs::path run = run_folder(folder);
  write_report(run);
  const std::string page = read_file(run / "report.html");
  CHECK(page.find("<script") == page.npos);
  for (const char* part : {"src=\"http", "href=", "url(", "<link", "<iframe"}) CHECK(page.find(part) == page.npos);
  CHECK(page.find("&lt;script src=&quot;http://example.org") != page.npos);
  CHECK(page.find("data:image/svg+xml,") != page.npos);
}

TEST_CASE("the report has the rates every seed the costs the finds and the warning of a quick run") {
  const TemporaryFolder folder;
  const fs::path run = run_folder(folder);
  write_report(run);
  const std::string page = read_file(run / "report.html");
  for (const char* part : {"<td>0.3750</td>", "<td>0.5000</td><td>0.2500</td>", "<td>60</td>", "<code>003</code>", "not a result", "Measured &lt;here&gt;"}) {
    INFO(part);
    CHECK(page.find(part) != page.npos);
  }
}

TEST_CASE("a run without a table or with a damaged one is refused by name") {
  const TemporaryFolder folder;
  const fs::path run = run_folder(folder);
  for (const char* text : {"", "{", "[]", "{}", "[1]", R"([{"final": [1]}])", R"([{"method": 1, "final": [1]}])", R"([{"method": "", "final": [1]}])",
                           R"([{"method": "../banel", "final": [1]}])", R"([{"method": "banel"}])", R"([{"method": "banel", "final": 1}])",
                           R"([{"method": "banel", "final": ["1"]}])", R"([{"method": "banel", "final": [1]}, {"method": "banel", "final": [null]}])",
                           R"([{"method": "banel", "method": "banel", "final": [1]}])"}) {
    INFO(text);
    write_file(run / "table.json", text);
    CHECK_THROWS_WITH_AS(write_report(run), doctest::Contains("table.json: "), InputError);
  }
  fs::remove(run / "table.json");
  CHECK_THROWS_AS(write_report(run), IoError);
  CHECK(!fs::exists(run / "report.html"));
}

}  // namespace
}  // namespace banel
