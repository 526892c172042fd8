#include "tasks/run/attack_log.h"

#include <nlohmann/json.hpp>

namespace banel {

namespace {

// Calls visit(line) with the lines of rounds 1, 2, ...
void for_each_round(std::string_view lines, std::string_view where,
                    const std::function<void(const Field&)>& visit) {
  std::int64_t round = 0;
  for_each_line(lines, where, [&](const Field& line) {
    ++round;
    line["round"].integer(round, round);
    visit(line);
  });
}

}  // namespace

RoundRecord round_record(const Field& line, std::int64_t nre_before) {
  RoundRecord r;
  r.nre = line["nre"].count(nre_before);
  r.submitted = line["submitted"].integer(r.nre - nre_before, r.nre - nre_before);
  r.positives = line["positives"].integer(0, r.submitted);
  for (const Field& x : line["assumed"].items()) r.assumed.push_back(x.text());
  const Field measured = line["measured"];
  if (r.measured = !measured.value().is_null(); r.measured) {
    const auto rate = [&](const char* name) { return rate_from(measured[name]); };
    r.success = rate("success");
    r.valid = rate("valid");
    r.distinct = rate("distinct");
    r.distinct_success = rate("distinct_success");
    r.success_leading_zero = rate("success_leading_zero");
    r.success_carry = rate("success_carry");
    r.success_other = rate("success_other");
    r.entropy = measured["entropy"].number();
    r.surprise = measured["surprise"].number();
    r.proposal_success = rate_from(line["proposal_success"]);
    r.accepted_success = rate_from(line["accepted_success"]);
    r.phi_heldout = line["phi_heldout_nats_per_token"].number();
  }
  r.proposals = line["proposals"].count();
  r.accepted = line["accepted"].integer(0, r.proposals);
  r.phi_loss = line["phi_nats_per_token"].number();
  r.tokens = line["tokens"].count();
  r.flops = line["flops"].number();
  return r;
}

std::vector<RoundRecord> parse_metrics(std::string_view lines, std::string_view where) {
  std::vector<RoundRecord> rounds;
  for_each_round(lines, where, [&](const Field& line) {
    rounds.push_back(round_record(line, rounds.empty() ? 0 : rounds.back().nre));
  });
  return rounds;
}

double parse_timing(std::string_view lines, std::string_view where) {
  double seconds = 0;
  for_each_round(lines, where, [&](const Field& line) { seconds += line["seconds"].number(); });
  return seconds;
}

std::vector<Finding> parse_findings(std::string_view metrics, std::string_view where) {
  std::vector<Finding> findings;
  for_each_round(metrics, where, [&](const Field& line) {
    if (line["measured"].value().is_null()) return;
    findings.clear();
    for (const Field& f : line["measured"]["findings"].items())
      findings.push_back({f["question"].text(), f["answer"].text(), f["truth"].text()});
  });
  return findings;
}

}  // namespace banel
