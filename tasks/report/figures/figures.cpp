#include "tasks/report/figures/figures.h"

#include <algorithm>

#include "tasks/base/text.h"
#include "tasks/base/words.h"
#include "tasks/plot/bar_chart.h"
#include "tasks/report/figures/figure_parts.h"
#include "tensor/check.h"

namespace banel {

namespace {

struct Kind {
  const char* name;
  // Exactly one of these is set.
  Drawn (*draw)(const PanelData&) = nullptr;
  Drawn (*draw_by)(const PanelData&, const std::string& key) = nullptr;
  Drawn (*draw_all)(const std::vector<PanelData>&) = nullptr;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{{"success", draw_success},
                                     {"bars", draw_bars},
                                     {"instances", draw_instances},
                                     {"collapse", draw_collapse},
                                     {"modes", draw_modes},
                                     {"information", draw_information},
                                     {"scaling", nullptr, draw_scaling},
                                     {"regimes", nullptr, nullptr, draw_regimes}};
  return all;
}

const Kind& kind_of(const std::string& name) {
  const std::string why = why_no_figure(name);
  ENSURE(why.empty(), "show", in_quotes(name) << ' ' << why);
  return *std::ranges::find(kinds(), name, &Kind::name);
}

std::vector<PanelData> panels_of(const Results& results, const Table& table) {
  std::vector<PanelData> panels;
  for (Group& group : groups_of(results)) {
    if (panels.empty() || panels.back().name != group.panel)
      panels.push_back({group.panel, {}, results, table});
    panels.back().groups.push_back(std::move(group));
  }
  ENSURE(!panels.empty(), "figure", "there is nothing to draw; no attack has finished");
  for (const PanelData& panel : panels) {
    const bool any = std::any_of(panel.groups.begin(), panel.groups.end(), [](const Group& group) {
      return std::any_of(group.runs.begin(), group.runs.end(),
                         [](const Run* r) { return !r->log.rounds.empty(); });
    });
    ENSURE(any, "figure", panel.titled("every attack ended without a round, so there is nothing to draw"));
  }
  return panels;
}

// A panel's name as part of a file's name.
std::string file_part(const std::string& panel) {
  std::string part = panel;
  std::replace_if(
      part.begin(), part.end(),
      [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_'; }, '-');
  return part;
}

}  // namespace

Colour variant_colour(std::size_t place) {
  constexpr Colour other{150, 150, 150};
  return place < coloured_variants ? series_colour(place) : other;
}

Captions captions_of(const std::string& title, const std::string& subtitle, const Provenance& from) {
  std::string footer = from.note;
  for (const char* mark : {"**", "`"})  // of markdown, for which a picture has no markup
    for (std::size_t at; (at = footer.find(mark)) != footer.npos;)
      footer.erase(at, std::string_view(mark).size());
  return {(from.quick ? "QUICK RUN, not a result: " : "") + title, subtitle, footer, {}};
}

const TableRow& row_of(const PanelData& panel, const Group& group) {
  const auto row = std::find_if(panel.table.rows.begin(), panel.table.rows.end(), [&](const TableRow& r) {
    return r.panel == group.panel && r.variant == group.variant;
  });
  ENSURE(row != panel.table.rows.end(), "figure", group.variant << " is not in the table of these results");
  return *row;
}

Drawn draw_bars(const PanelData& panel) {
  const double rows = static_cast<double>(std::max<std::size_t>(panel.groups.size(), 2));
  BarChart chart{.width = 860, .height = 170 + 27 * rows};
  Drawn drawn{panel.titled("Success rate after the last round"), {}, {}};
  bool quoted = false;
  chart.x = {.label = "success rate", .scale = Scale::log, .ticks = Ticks::percent, .hi = 1};
  chart.reference = Reference{mean_base(panel.groups[0]), "base rate"};
  for (const Group& group : panel.groups) {
    const TableRow& row = row_of(panel, group);
    Bar bar{group.variant,
            row.final.mean,
            row.final.interval.lo,
            row.final.interval.hi,
            variant_colour(group.place),
            {}};
    if (row.paper) bar.mark = row.paper->rate;
    quoted = quoted || row.paper;
    chart.bars.push_back(std::move(bar));
  }
  std::stable_sort(chart.bars.begin(), chart.bars.end(),
                   [](const Bar& a, const Bar& b) { return a.value > b.value; });
  drawn.caption = std::string("bar: mean; line: its 95 % bootstrap interval over instances and seeds") +
                  (quoted ? "; diamond: the paper's figure, on its own instance" : "");
  chart.captions = captions_of(drawn.title, drawn.caption, panel.from());
  drawn.picture = draw(chart);
  return drawn;
}

std::string why_no_figure(const std::string& show) {
  const std::string name = show.substr(0, show.find(':'));
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) {
    if (kind.name == name) return "";
    names.emplace_back(kind.name);
  }
  return "is no figure" + did_you_mean(name, names) + "; there are " + listed(names);
}

std::vector<Figure> figures(const std::vector<std::string>& show, const Results& results,
                            const Table& table) {
  std::vector<Figure> all;
  if (show.empty()) return all;
  const std::vector<PanelData> panels = panels_of(results, table);
  for (const std::string& word : show) {
    const std::size_t colon = std::min(word.find(':'), word.size());
    const Kind& kind = kind_of(word.substr(0, colon));
    const std::string key = word.substr(std::min(colon + 1, word.size()));
    ENSURE(key.empty() || kind.draw_by, "show",
           in_quotes(key) << " is out of place; only scaling takes a setting");
    const auto add = [&](Drawn drawn, const std::string& panel) {
      std::string file = kind.name;
      for (const std::string& part : {key, panel})
        if (!part.empty()) file += '-' + file_part(part);
      while (std::any_of(all.begin(), all.end(), [&](const Figure& f) { return f.file == file; }))
        file += "-2";
      all.push_back({file, std::move(drawn.title), std::move(drawn.caption), std::move(drawn.picture)});
    };
    if (kind.draw_all) {
      add(kind.draw_all(panels), "");
      continue;
    }
    for (const PanelData& panel : panels)
      add(kind.draw_by ? kind.draw_by(panel, key) : kind.draw(panel), panel.name);
  }
  return all;
}

}  // namespace banel
