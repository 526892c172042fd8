// Success rates with their uncertainty: k of n, and estimates that may be exact.
//   Rate rate; rate.count(true); rate.count(false);     rate.value() == 0.5;   to_json(rate) has the interval
#pragma once
#include <cstdint>
#include <optional>

#include "nn/io/json.h"

namespace banel {

struct Rate {  // k of n
  std::int64_t k = 0, n = 0;
  void count(bool hit) { k += hit, ++n; }
  double value() const { return n ? static_cast<double>(k) / static_cast<double>(n) : 0; }
};
Json to_json(const Rate&);     // {"k", "n", "rate", "lo", "hi"}: Clopper-Pearson, 95 %
Rate rate_from(const Field&);  // errors: InputError if it is none

// A rate that was measured otherwise than by counting.
struct Estimate {
  double value = 0;
  double standard_error = 0;  // 0: exact
};

}  // namespace banel
