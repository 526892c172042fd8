// What the figures of the several files share.
#pragma once
#include <string>

#include "tasks/report/figures.h"
#include "tasks/plot/line_chart.h"

namespace banel {

Colour method_colour(const std::string& name);  // the same in every figure; grey for most controls
Captions captions_of(const std::string& title, const std::string& subtitle, const Provenance& from);

}  // namespace banel
