// Rounds that are read have possible numbers, and are written and read again as the same.
#include <cmath>

#include "tasks/run/log.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  std::int64_t nre = 0;
  for (const RoundRecord& r : parse_metrics(bytes, "fuzz")) {
    require(r.submitted >= 0 && r.nre == nre + r.submitted && r.positives >= 0 && r.positives <= r.submitted);
    for (const double x : {r.phi_loss, r.tau, r.cost.flops}) require(std::isfinite(x));
    if (r.measured)
      for (const Rate& rate :
           {r.measured->success, r.measured->valid, r.measured->distinct, r.measured->distinct_success})
        require(0 <= rate.k && rate.k <= rate.n);
    const Json json = to_json(r);
    require(to_json(round_record(Field(json, "again"), nre)) == json);
    nre = r.nre;
  }
}
