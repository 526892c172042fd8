#include "tasks/model/rate.h"

#include <cmath>

#include "tasks/base/stats.h"

namespace banel {

Json to_json(const Rate& r) {
  const Interval interval = clopper_pearson(r.k, r.n);
  return {{"k", r.k}, {"n", r.n}, {"rate", r.value()}, {"lo", interval.lo}, {"hi", interval.hi}};
}

Rate rate_from(const Field& json) {
  const std::int64_t n = json["n"].count();
  const Rate rate{json["k"].integer(0, n), n};
  if (json.has("rate") && std::abs(json["rate"].number() - rate.value()) > 1e-12)
    json["rate"].refuse("is not k / n = " + std::to_string(rate.value()));
  return rate;
}

}  // namespace banel
