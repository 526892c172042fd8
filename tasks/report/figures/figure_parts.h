// What the figures of several files share.
//   chart.captions = captions_of("Success at the end", "bar: mean over seeds", {.note = "5 seeds"});
#pragma once
#include <string>
#include <vector>

#include "tasks/plot/line_chart.h"
#include "tasks/report/figures/figures.h"

namespace banel {

struct Provenance {
  std::string note = {};  // the footer: task, samples, seeds, settings
  bool quick = false;     // the title then says that this is no result
};

constexpr std::size_t coloured_variants = distinct_colours;

Colour variant_colour(
    std::size_t place);  // of the variant at this place in the study; grey from the eighth on
Captions captions_of(const std::string& title, const std::string& subtitle, const Provenance&);

// The groups of one panel, as figures draw them.
struct PanelData {
  std::string name;           // empty if the study has one panel
  std::vector<Group> groups;  // of all variants, in the study's order; at least one has a round
  const Results& results;
  const Table& table;
  Provenance from() const { return {results.note, results.quick}; }
  std::string titled(const std::string& title) const { return name.empty() ? title : title + ": " + name; }
};

const TableRow& row_of(const PanelData&, const Group&);  // of the table

// Those with a reading, in the study's order, as many as have colours, for pictures that many variants would
// crowd; `left_out` names the rest.
std::vector<Group> first_groups(const PanelData&, std::string& left_out);

// Small multiples under one title. `left_out` stands before the footer.
DrawList side_by_side(const std::vector<LineChart>&, std::size_t columns, Captions,
                      const std::string& left_out);

struct Drawn {
  std::string title, caption;
  DrawList picture;
};
Drawn draw_success(const PanelData&);
Drawn draw_bars(const PanelData&);
Drawn draw_instances(const PanelData&);
Drawn draw_collapse(const PanelData&);
Drawn draw_modes(const PanelData&);
Drawn draw_information(const PanelData&);
Drawn draw_scaling(const PanelData&, const std::string& wanted);  // the setting on the x axis, or empty
Drawn draw_regimes(const std::vector<PanelData>&);                // of all panels

}  // namespace banel
