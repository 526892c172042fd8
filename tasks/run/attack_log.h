// The logs of an attack, one line for every round: what tables and plots read.
#pragma once
#include <string_view>
#include <vector>

#include "tasks/run/measure.h"

namespace banel {

struct RoundRecord {                          // a line of metrics.jsonl
  std::int64_t nre = 0;                       // evaluations used when this attacker was made
  std::int64_t positives = 0, submitted = 0;  // of the evaluations that its predecessor submitted
  std::vector<Attempt> assumed = {};          // what its predecessor wrote and nobody evaluated
  std::int64_t proposals = 0, accepted = 0;
  double phi_loss = 0;                      // nats per token on the failures
  bool measured = true;                     // if not, what follows is 0 as far as the surprise
  Rate proposal_success, accepted_success;  // of the first ones
  double phi_heldout = 0;                   // nats per token on failures that phi has not seen
  Rate success;                             // of the attacker, as all that follows
  Rate valid, distinct, distinct_success, success_leading_zero, success_carry, success_other;
  double entropy = 0, surprise = 0;  // nats per string; surprise: to the pre-trained attacker
  std::int64_t tokens = 0;           // since the start of the run; measuring and the oracle excluded
  double flops = 0;
};

// One line of a round, after so many evaluations. Errors: InputError naming the value that is missing or
// impossible.
RoundRecord round_record(const Field& line, std::int64_t nre_before);

// The lines of metrics.jsonl: rounds 1, 2, ..., whose evaluations add up. Errors: InputError naming line and
// value.
std::vector<RoundRecord> parse_metrics(std::string_view lines, std::string_view where);

// The seconds worked in all rounds of timing.jsonl, which must be rounds 1, 2, ... as well. Errors as above.
double parse_timing(std::string_view lines, std::string_view where);

// What the attacker of the last line had found: up to 5 questions. Errors as above.
std::vector<Finding> parse_findings(std::string_view metrics, std::string_view where);

}  // namespace banel
