// target.json, attacker.json and the metadata of an unfinished training, told apart by the first byte.
#include <cmath>

#include "tests/system/fuzz/fuzz.h"
#include "tasks/model/pretrain.h"

using namespace banel;

FUZZ(bytes) {
  if (bytes.empty()) return;
  const std::string_view json = bytes.substr(1);
  if (bytes[0] == 't') {
    const TargetReport report = parse_target_report(json, "fuzz");
    require(0 <= report.error.k && report.error.k <= report.error.n && std::isfinite(report.training_seconds));
  } else if (bytes[0] == 'a') {
    const Rate base = parse_base_rate(json, "fuzz");
    require(0 <= base.k && base.k <= base.n);
  } else {
    const Training training = parse_training(json, "fuzz");
    require(training.examples >= 0 && training.checks.is_array() && std::isfinite(training.loss));
  }
}
