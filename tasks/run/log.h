// The logs of an attack, a line a round: what tables, figures and `verify` read.
//   const std::vector<RoundRecord> rounds = parse_metrics(read_file("metrics.jsonl"), "metrics.jsonl");
//   rounds.back().measured->success.value();
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "tasks/run/measure.h"

namespace banel {

// What a filter did in a measured round, judged outside the budget on the first few strings.
struct FilterReading {
  Rate proposal_success, accepted_success;
  double phi_heldout = 0;  // nats per token on failures that phi was not fitted to; 0 without phi
};

// A score of proposals: theta log p_theta + phi log p_phi + prior log p_theta0, theta0 being the prior.
struct RankingScore {
  const char *key, *title;
  double theta, phi, prior;
};
inline constexpr std::array<RankingScore, 8> ranking_scores{{{"prior_tail", "−log p_θ0", 0, 0, -1},
                                                             {"tail", "−log p_θ", -1, 0, 0},
                                                             {"phi_tail", "−log p_φ", 0, -1, 0},
                                                             {"gain", "log p_θ/p_θ0", 1, 0, -1},
                                                             {"kappa_0.1", "κ = 0.1", 1, -0.1, 0},
                                                             {"kappa_0.3", "κ = 0.3", 1, -0.3, 0},
                                                             {"kappa_0.8", "κ = 0.8", 1, -0.8, 0},
                                                             {"kappa_1", "κ = 1", 1, -1, 0}}};

// How these scores rank the proposals of a measured round, judged outside the budget. Failures that phi was
// fitted to are left out. Scores that differ from 0 by less than 1e-4 are 0, so that rounding does not rank.
struct Ranking {
  std::int64_t successes = 0, failures = 0;
  std::vector<double> area = {};  // of each score (stats.h: roc_area); empty without a success or a failure
  Rate success() const { return {successes, successes + failures}; }
};

struct RoundRecord {                          // a line of metrics.jsonl
  std::size_t number = 0;                     // 1, 2, ...
  std::int64_t nre = 0;                       // evaluations used when this attacker was made
  std::int64_t submitted = 0, positives = 0;  // evaluations of the round, and how many were rewarded
  std::vector<Attempt> assumed = {};          // taken for failures without an evaluation
  std::size_t drawn_for_submission = 0, proposals = 0, proposals_drawn = 0, accepted = 0;
  Outcome outcome = Outcome::learned;
  double phi_loss = 0, tau = 0;  // of the failure model: nats per token on the failures; threshold
  std::optional<double> gradient_norm = {};
  Cost cost = {};                            // since the start of the run; measuring and the judge excluded
  std::optional<Measurement> measured = {};  // of the attacker that the round made
  std::optional<FilterReading> filter = {};  // if it was measured
  std::optional<Ranking> ranking = {};       // if it was measured, has phi, and AttackSettings asks for it
  std::vector<Attempt> examples = {};        // of the proposals
};
Json to_json(const RoundRecord&);

// A number that is +infinity if a failure model gives a string no probability, as a TabularGenerator may:
// "infinite" in JSON, which has no such number. NaN becomes null, which is refused.
Json to_json_or_infinite(double);
double number_or_infinite(const Field&);

// Errors: InputError naming the value that is missing or impossible, such as fewer evaluations than before.
RoundRecord round_record(const Field& line, std::int64_t nre_before);

// The lines of metrics.jsonl: rounds 1, 2, ..., whose evaluations add up. Errors: InputError naming line and
// value.
std::vector<RoundRecord> parse_metrics(std::string_view lines, std::string_view where);

// The seconds worked in all rounds of timing.jsonl, which must be rounds 1, 2, ... as well. Errors as above.
double parse_timing(std::string_view lines, std::string_view where);

}  // namespace banel
