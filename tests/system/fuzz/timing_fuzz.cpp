// Times are refused or added up.
#include <cmath>

#include "tests/system/fuzz/fuzz.h"
#include "tasks/run/log.h"

using namespace banel;

FUZZ(bytes) { require(!std::isnan(parse_timing(bytes, "fuzz"))); }
