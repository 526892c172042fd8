// target.json and the metadata of an unfinished training, told apart by the first byte.
#include <cmath>

#include "tasks/addition/target.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  if (bytes.empty()) return;
  const std::string_view json = bytes.substr(1);
  if (bytes[0] == 't') {
    const addition::TargetReport report = addition::parse_target_report(json, "fuzz");
    require(0 <= report.error.k && report.error.k <= report.error.n &&
            std::isfinite(report.training_seconds));
  } else {
    const Training training = parse_training(json, "fuzz");
    require(training.examples >= 0 && std::isfinite(training.loss));
  }
}
