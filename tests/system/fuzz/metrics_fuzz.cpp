// Rounds that are read have possible numbers.
#include <cmath>

#include "tests/system/fuzz/fuzz.h"
#include "tasks/run/attack_log.h"

using namespace banel;

FUZZ(bytes) {
  std::int64_t nre = 0;
  for (const RoundRecord& r : parse_metrics(bytes, "fuzz")) {
    require(r.submitted >= 0 && r.nre == nre + r.submitted && r.positives >= 0 && r.positives <= r.submitted);
    for (const Rate& rate : {r.success, r.valid, r.distinct, r.distinct_success, r.success_leading_zero,
                             r.success_carry, r.success_other, r.proposal_success, r.accepted_success})
      require(0 <= rate.k && rate.k <= rate.n);
    for (const double x : {r.entropy, r.surprise, r.phi_loss, r.phi_heldout, r.flops}) require(std::isfinite(x));
    nre = r.nre;
  }
  parse_findings(bytes, "fuzz");
}
