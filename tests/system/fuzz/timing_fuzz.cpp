// Times are refused or added up.
#include <cmath>

#include "tasks/run/log.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) { require(!std::isnan(parse_timing(bytes, "fuzz"))); }
