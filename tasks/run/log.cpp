#include "tasks/run/log.h"

#include <algorithm>
#include <array>
#include <limits>

namespace banel {

namespace {

constexpr std::array<const char*, 4> outcomes{"learned", "rolled_back", "restarted", "scouted"};

Outcome outcome_from(const Field& field) {
  const auto found = std::find(outcomes.begin(), outcomes.end(), field.text());
  if (found == outcomes.end()) field.refuse("is no outcome of a round");
  return static_cast<Outcome>(found - outcomes.begin());
}

Json to_json(const std::vector<Attempt>& attempts) {
  Json json = Json::array();
  for (const Attempt& x : attempts) json.push_back(json_of_bytes(x));
  return json;
}

std::vector<Attempt> attempts_from(const Field& field) {
  std::vector<Attempt> attempts;
  for (const Field& x : field.items()) attempts.push_back(bytes_from(x));
  return attempts;
}

Json to_json(const Ranking& r) {
  Json json{{"successes", r.successes}, {"failures", r.failures}};
  for (std::size_t i = 0; i < r.area.size(); ++i) json[ranking_scores[i].key] = r.area[i];
  return json;
}

Ranking ranking_from(const Field& json) {
  Ranking r{json["successes"].count(), json["failures"].count()};
  if (r.successes > 0 && r.failures > 0)
    for (const RankingScore& score : ranking_scores) r.area.push_back(json[score.key].number());
  for (const double area : r.area)
    if (area < 0 || area > 1) json.refuse("has an area outside 0..1");
  return r;
}

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

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Json to_json_or_infinite(double number) { return number == infinity ? Json("infinite") : Json(number); }

double number_or_infinite(const Field& field) {
  return field.value() == "infinite" ? infinity : field.number();
}

Json to_json(const RoundRecord& r) {
  Json line{{"round", r.number},
            {"nre", r.nre},
            {"submitted", r.submitted},
            {"positives", r.positives},
            {"assumed", to_json(r.assumed)},
            {"drawn_for_submission", r.drawn_for_submission},
            {"proposals", r.proposals},
            {"proposals_drawn", r.proposals_drawn},
            {"accepted", r.accepted},
            {"outcome", outcomes[static_cast<std::size_t>(r.outcome)]},
            {"phi_nats_per_token", r.phi_loss},
            {"tau", to_json_or_infinite(r.tau)},
            {"gradient_norm", r.gradient_norm ? Json(*r.gradient_norm) : Json(nullptr)},
            {"tokens", r.cost.tokens},
            {"flops", r.cost.flops},
            {"measured", r.measured ? to_json(*r.measured) : Json(nullptr)},
            {"examples", to_json(r.examples)}};
  if (r.filter) {
    line["phi_heldout_nats_per_token"] = to_json_or_infinite(r.filter->phi_heldout);
    line["proposal_success"] = to_json(r.filter->proposal_success);
    line["accepted_success"] = to_json(r.filter->accepted_success);
  }
  if (r.ranking) line["ranking"] = to_json(*r.ranking);
  return line;
}

RoundRecord round_record(const Field& line, std::int64_t nre_before) {
  const auto size = [&](const char* key) { return static_cast<std::size_t>(line[key].count()); };
  RoundRecord r;
  r.number = size("round");
  r.nre = line["nre"].count(nre_before);
  r.submitted = line["submitted"].integer(r.nre - nre_before, r.nre - nre_before);
  r.positives = line["positives"].integer(0, r.submitted);
  r.assumed = attempts_from(line["assumed"]);
  r.drawn_for_submission = size("drawn_for_submission");
  r.proposals = size("proposals");
  r.proposals_drawn = size("proposals_drawn");
  r.accepted = static_cast<std::size_t>(line["accepted"].integer(0, static_cast<std::int64_t>(r.proposals)));
  r.outcome = outcome_from(line["outcome"]);
  r.phi_loss = line["phi_nats_per_token"].number();
  r.tau = number_or_infinite(line["tau"]);
  if (!line["gradient_norm"].value().is_null()) r.gradient_norm = line["gradient_norm"].number();
  r.cost = {line["tokens"].count(), line["flops"].number()};
  if (!line["measured"].value().is_null()) r.measured = measurement_from(line["measured"]);
  if (line.has("proposal_success"))
    r.filter = {rate_from(line["proposal_success"]), rate_from(line["accepted_success"]),
                number_or_infinite(line["phi_heldout_nats_per_token"])};
  if (line.has("ranking")) r.ranking = ranking_from(line["ranking"]);
  r.examples = attempts_from(line["examples"]);
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
  for_each_round(lines, where, [&](const Field& line) {
    for (const auto& [key, value] : line.members()) {
      if (key != "round" && key != "seconds" && key != "measuring_seconds")
        value.refuse("is no key of this file; restore it from a copy");
      if (value.number() < 0) value.refuse("is below 0; restore the file from a copy");
    }
    seconds += line["seconds"].number();
  });
  return seconds;
}

}  // namespace banel
