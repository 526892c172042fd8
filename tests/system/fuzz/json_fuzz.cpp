// Whatever is read is written and read again as the same.

#include "nn/io/json.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  const Json value = parse_json(bytes, "fuzz");
  require(parse_json(value.dump(), "again") == value);
}
