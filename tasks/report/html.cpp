#include "tasks/report/html.h"

#include <cctype>
#include <string_view>

namespace banel {

namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
p, li { max-width: 48rem; }
.box { overflow-x: auto; margin: 1rem 0; } .box:focus-visible { outline: 2px solid #0072b2; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums;
  overflow-wrap: normal; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: right;
  vertical-align: top; }
td { white-space: nowrap; } td.long { white-space: normal; min-width: 14rem; text-align: left; }
th { vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
tr.main { font-weight: bold; background: var(--soft); }
figure { margin: 1rem 0; }
figure img { display: block; width: 100%; max-width: 56rem; background: #fff;
  border-radius: 6px; }
figcaption { max-width: 48rem; font-size: 0.9rem; }
summary { cursor: pointer; padding: 0.3rem 0; }
pre { background: var(--soft); padding: 0.8rem; overflow-x: auto; font-size: 0.8rem; }
.warning { border-left: 4px solid #d55e00; padding: 0.2rem 0.8rem; background: var(--soft); }
@page { size: A4; margin: 1.5cm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; } h2, h3 { break-after: avoid; }
  figure, tr { break-inside: avoid; } .box { overflow: visible; } table { font-size: 6pt; }
  th, td { padding: 0.1rem 0.15rem; } td { white-space: normal; } td.long { min-width: 9em; }
  figure img { width: auto; max-width: 100%; max-height: 20cm; }
  .results details::details-content { content-visibility: visible; block-size: auto; }
}
)";

// An SVG as a URL.
std::string data_url(const std::string& svg) {
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

// Puts pairs of a mark between an opening and a closing tag; a mark without a partner stays as it is.
std::string tagged(const std::string& text, const std::string& mark, const std::string& tag) {
  std::string out;
  std::size_t from = 0;
  while (true) {
    const std::size_t open = text.find(mark, from);
    const std::size_t close = open == text.npos ? text.npos : text.find(mark, open + mark.size());
    if (close == text.npos) return out + text.substr(from);
    out += text.substr(from, open - from) + '<' + tag + '>' +
           text.substr(open + mark.size(), close - open - mark.size()) + "</" + tag + '>';
    from = close + mark.size();
  }
}

}  // namespace

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

std::string markup(const std::string& text) { return tagged(tagged(html(text), "**", "b"), "`", "code"); }

std::string html_table(const std::string& caption, const std::vector<std::string>& titles,
                       const std::vector<std::vector<std::string>>& cells, int main) {
  constexpr std::size_t longest = 40;  // longer text may break into lines
  std::string table = "<div class=box tabindex=0 role=region aria-label=\"" + html(caption) +
                      "\"><table><caption>" + markup(caption) + "</caption>\n<thead><tr>";
  for (const std::string& title : titles) table += "<th scope=col>" + html(title) + "</th>";
  table += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < cells.size(); ++r) {
    table += static_cast<int>(r) == main ? "<tr class=main>" : "<tr>";
    for (const std::string& cell : cells[r])
      table += (cell.size() > longest ? "<td class=long>" : "<td>") + html(cell) + "</td>";
    table += "</tr>\n";
  }
  return table + "</tbody></table></div>\n";
}

std::string html_figure(const std::string& svg, const std::string& caption) {
  return "<figure><img alt=\"" + html(caption) + "\" src=\"" + data_url(svg) + "\"><figcaption>" +
         markup(caption) + "</figcaption></figure>\n";
}

std::string html_details(const std::string& summary, const std::string& body) {
  return "<details><summary>" + markup(summary) + "</summary>\n" + body + "</details>\n";
}

std::string html_page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
         "content=\"width=device-width,initial-scale=1\">\n<title>" +
         html(title) + "</title><style>" + style + "</style></head>\n<body>\n<main>\n" + body +
         "</main>\n</body></html>\n";
}

}  // namespace banel
