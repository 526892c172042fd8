// Pieces of a page: escaped text, tables, pictures inside the file.
//   page += html_table("Results", {"variant", "final"}, {{"banel", "0.68"}}, 0);
#pragma once
#include <string>
#include <vector>

namespace banel {

// Text for a place between tags or inside a quoted attribute.
std::string html(const std::string& text);

// The same with **bold** and `code` as markup, for notes that are written for markdown too.
std::string markup(const std::string& text);

// A table in a box that scrolls, by keyboard too. `cells` are text; row `main` is emphasised if there is one.
std::string html_table(const std::string& caption, const std::vector<std::string>& titles,
                       const std::vector<std::vector<std::string>>& cells, int main = -1);

// A picture inside the page; as an image it cannot disturb the rest, whatever it contains.
std::string html_figure(const std::string& svg, const std::string& caption);

// Something to open: `body` is HTML.
std::string html_details(const std::string& summary, const std::string& body);

// The whole file around a body.
std::string html_page(const std::string& title, const std::string& body);

}  // namespace banel
