// A study file. Whatever is read is written and read again as the same.
#include "tasks/cli/program.h"
#include "tasks/study/study.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  static const Registry all = built_in();
  for (const bool quick : {false, true}) {
    const Study study = parse_study(bytes, "fuzz", all, quick);
    require(parse_study(to_toml(study), "fuzz", all) == study);
  }
}
