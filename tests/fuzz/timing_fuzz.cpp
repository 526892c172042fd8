// Times are refused or added up.
#include <cmath>

#include "fuzz.h"
#include "tasks/attack_log.h"

using namespace banel;

FUZZ(bytes) { require(!std::isnan(parse_timing(bytes, "fuzz"))); }
