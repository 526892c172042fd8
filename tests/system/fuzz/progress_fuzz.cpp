// The first line of an attack's checkpoint. Whatever is read is written and read again as the same.

#include "tasks/run/checkpoint.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  const Json json = parse_json(bytes, "fuzz");
  const Json written = to_json(parse_progress(Field(json, "fuzz")));
  require(to_json(parse_progress(Field(written, "again"))) == written);
}
