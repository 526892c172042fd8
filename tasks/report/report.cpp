#include "tasks/report/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "nn/io/file.h"
#include "tasks/run/attack_log.h"
#include "tasks/base/text.h"
#include "tensor/check.h"

namespace banel {

namespace fs = std::filesystem;

namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
.box { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
tr.main { font-weight: bold; background: var(--soft); }
figure { margin: 1rem 0; } figure img { width: 100%; max-width: 56rem; background: #fff; border-radius: 6px; }
pre { background: var(--soft); padding: 0.8rem; overflow-x: auto; font-size: 0.8rem; }
.warning { border-left: 4px solid #d55e00; padding: 0.2rem 0.8rem; background: var(--soft); }
@media print { body { max-width: none; } h2 { break-after: avoid; } figure { break-inside: avoid; } }
)";

struct Picture {
  const char *file, *title, *text;
};
constexpr Picture pictures[] = {
    {"success", "Success against evaluations",
     "Success rate of every method against the evaluations it spent, with bands over seeds."},
    {"bars", "Success at the end",
     "Success rate of every method after its last round, with intervals over seeds."},
    {"modes", "What is found", "Success rate split by failure mode over the rounds."},
    {"collapse", "What is lost",
     "Share of valid and of different strings, entropy, and what the pre-trained attacker thinks of them."}};

std::string number(const Json& row, const char* key, const char* format) {
  if (!row.contains(key) || !row[key].is_number()) return "–";
  return formatted(format, row[key].get<double>());
}

std::string rate(const Json& row, const char* key) {
  const bool small = row.contains(key) && row[key].is_number() && row[key].get<double>() < 0.01;
  return number(row, key, small ? "%.5f" : "%.4f");
}

// An image inside the page; as an image it cannot disturb the rest, whatever it contains.
std::string inlined(const std::string& svg) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string url = "data:image/svg+xml,";
  for (const char c : svg) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("-_.~ =:/,;()").find(c) != std::string_view::npos)
      url += c;
    else
      (url += '%') += {hex[byte >> 4], hex[byte & 15]};
  }
  return url;
}

std::string cells(const char* tag, const std::vector<std::string>& texts) {
  std::string row;
  for (const std::string& text : texts)
    row += std::string("<") + tag + ">" + text + "</" + std::string(tag, 2) + ">";
  return row + "</tr>\n";
}

std::string results(const Json& rows) {
  std::string table =
      "<div class=box><table><caption>Success rates over seeds; factors over the pre-trained attacker, 95 % "
      "bootstrap "
      "intervals; p: paired permutation test that banel ends higher.</caption>\n<tr>" +
      cells("th scope=col", {"method", "final: mean", "median", "IQM (95 %)", "geometric mean",
                             "× pre-trained (95 %)", "p", "selected", "best", "× best"});
  for (const Json& r : rows) {
    const std::string name = r.at("method").get<std::string>();
    table += (name == "banel" ? "<tr class=main>" : "<tr>") +
             cells("td", {html(name), rate(r, "final_mean"), rate(r, "final_median"),
                          rate(r, "final_iqm") + " (" + rate(r, "final_iqm_lo") + "–" +
                              rate(r, "final_iqm_hi") + ")",
                          rate(r, "final_geometric_mean"),
                          number(r, "factor_final", "%.1f") + " (" + number(r, "factor_final_lo", "%.1f") +
                              "–" + number(r, "factor_final_hi", "%.1f") + ")",
                          number(r, "p_banel_higher", "%.3f"), rate(r, "selected_mean"), rate(r, "best_mean"),
                          number(r, "factor_best", "%.1f")});
  }
  return table + "</table></div>\n";
}

std::string costs(const Json& rows) {
  std::string table =
      "<div class=box><table><caption>Cost of one run, mean over seeds; measuring and the target's own work "
      "excluded.</caption>\n<tr>" +
      cells("th scope=col", {"method", "evaluations", "tokens", "FLOPs", "seconds", "distinct at the end",
                             "distinct successes", "p"});
  for (const Json& r : rows)
    table += "<tr>" +
             cells("td", {html(r.at("method").get<std::string>()), number(r, "nre", "%.0f"),
                          number(r, "tokens", "%.2e"), number(r, "flops", "%.2e"),
                          number(r, "seconds", "%.1f"), number(r, "distinct", "%.2f"),
                          number(r, "distinct_success", "%.4f"), number(r, "p_banel_more_distinct", "%.3f")});
  return table + "</table></div>\n";
}

std::string figures(const fs::path& run) {
  std::string page;
  for (const Picture& p : pictures) {
    const fs::path file = run / "plots" / (std::string(p.file) + ".svg");
    if (!fs::exists(file)) continue;
    page += std::string("<h2>") + p.title + "</h2>\n<figure><img alt=\"" + p.text + "\" src=\"" +
            inlined(read_file(file)) + "\"><figcaption>" + p.text + "</figcaption></figure>\n";
  }
  return page;
}

// What the first seed of every method found in its last round, as the log has it.
std::string findings(const fs::path& run, const Json& rows) {
  std::string table =
      "<div class=box><table><caption>Questions found (first seed, after the last round)</caption>\n<tr>" +
      cells("th scope=col", {"method", "question", "the target's answer", "the sum"});
  for (const Json& r : rows) {
    const std::string name = r.at("method").get<std::string>();
    const fs::path log = run / "attacks" / name / "seed1" / "metrics.jsonl";
    if (!fs::exists(log)) continue;
    for (const Finding& f : parse_findings(read_file(log), log.string()))
      table +=
          "<tr>" + cells("td", {html(name), "<code>" + html(f.question) + "</code>",
                                "<code>" + html(f.answer) + "</code>", "<code>" + html(f.truth) + "</code>"});
  }
  return table + "</table></div>\n";
}

std::string settings(const fs::path& run) {
  std::string page;
  for (const char* file : {"run.json", "config.toml"})
    if (fs::exists(run / file))
      page += std::string("<details><summary>") + file + "</summary><pre>" + html(read_file(run / file)) +
              "</pre></details>\n";
  return page;
}

}  // namespace

Json parse_rows(std::string_view json, std::string_view where) {
  Json rows = parse_json(json, where);
  const std::vector<Field> fields = Field(rows, std::string(where)).items();
  ENSURE_AS(!fields.empty(), InputError, where, "holds no rows; run `banel reproduce` again");
  for (const Field& row : fields) {
    const std::string& name = row["method"].text();
    const auto in_name = [](char c) { return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), in_name))
      row["method"].refuse("is not the name of a method");
    for (const Field& rate : row["final"].items()) rate.number();
  }
  return rows;
}

bool is_quick(const Json& rows) { return rows[0].contains("quick") && rows[0]["quick"] == true; }

std::string results_html(const Json& rows) { return results(rows) + costs(rows); }

std::string seeds_html(const Json& rows) {
  std::string table = "<div class=box><table><caption>Final success rate of every seed</caption>\n";
  for (const Json& r : rows) {
    table += "<tr><td>" + html(r.at("method").get<std::string>()) + "</td>";
    for (const Json& x : r.at("final")) table += "<td>" + rate({{"x", x}}, "x") + "</td>";
    table += "</tr>\n";
  }
  return table + "</table></div>\n";
}

std::string html(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '"')
      safe += "&quot;";
    else
      safe += c;
  }
  return safe;
}

void write_report(const fs::path& run) {
  const fs::path table_json = run / "table.json";
  const Json rows = parse_rows(read_file(table_json), table_json.string());
  const bool quick = is_quick(rows);
  const std::string md = read_file(run / "table.md");
  const std::size_t title = md.find('\n'), table = md.find("\n|");
  const std::string note = title == md.npos || table == md.npos ? "" : md.substr(title, table - title);
  write_file(
      run / "report.html",
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
      "content=\"width=device-width,initial-scale=1\">\n<title>BaNEL on addition</title><style>" +
          std::string(style) + "</style></head>\n<body>\n<h1>BaNEL on addition</h1>\n" +
          (quick ? "<p class=warning>A quick run: it shows that everything works and is not a result.</p>\n"
                 : "") +
          "<p>An attacker looks for questions that a target network answers wrongly, learning from its "
          "failures "
          "alone. Success rates are measured on fresh samples outside the budget. <b>Final</b>: after the "
          "last round. "
          "<b>Selected</b>: the round that the paid evaluations point to; costs nothing extra. "
          "<b>Best</b>: chosen "
          "with unpaid evaluations, optimistic. The controls show what novelty alone reaches.</p>\n<p>" +
          html(note) + "</p>\n<h2>Results</h2>\n" + results_html(rows) + figures(run) +
          "<h2>Examples</h2>\n" + findings(run, rows) + "<h2>Every seed</h2>\n" + seeds_html(rows) +
          "<h2>Settings and versions</h2>\n" + settings(run) + "</body></html>\n");
}

}  // namespace banel
