#include "tasks/run/log.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/check.h"
#include "tests/support/json.h"

namespace banel {
namespace {

// Line `round` of metrics.jsonl, with 20 evaluations in every round.
Json line(int round) {
  const Json rate = to_json(Rate{3, 10});
  return {
      {"round", round},
      {"nre", 20 * round},
      {"submitted", 20},
      {"positives", 2},
      {"assumed", {"1+2="}},
      {"drawn_for_submission", 31},
      {"proposals", 100},
      {"proposals_drawn", 140},
      {"accepted", 25},
      {"outcome", "rolled_back"},
      {"phi_nats_per_token", 1.5},
      {"tau", -0.5},
      {"gradient_norm", nullptr},
      {"tokens", 1000 * round},
      {"flops", 1e9},
      {"measured",
       {{"success", rate},
        {"valid", rate},
        {"distinct", rate},
        {"distinct_success", to_json(Rate{2, 10})},
        {"modes", {{"even", {{"samples", 3}, {"distinct", 2}}}, {"odd", {{"samples", 0}, {"distinct", 0}}}}},
        {"entropy", -0.25},
        {"findings", {{{"attempt", "1+1="}, {"answer", "3"}, {"truth", "2"}, {"mode", "even"}}}},
        {"also", {{"text", to_json(Rate{4, 10})}}},
        {"surprise", 4.5},
        {"exact", {{"value", 0.25}, {"standard_error", 0.0}}}}},
      {"examples", {"1+2="}},
      {"phi_heldout_nats_per_token", 0.0},
      {"proposal_success", rate},
      {"accepted_success", to_json(Rate{5, 25})}};
}

std::string lines(const std::vector<Json>& values) {
  std::string text;
  for (const Json& value : values) text += value.dump() + '\n';
  return text;
}

template <class Parse>
std::string refusal(Parse parse, const std::string& text) {
  try {
    parse(text, "run/log.jsonl");
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("the rounds are read back from their lines") {
  const std::vector<RoundRecord> rounds = parse_metrics(lines({line(1), line(2)}), "memory");
  REQUIRE(rounds.size() == 2);
  const RoundRecord& r = rounds[1];
  CHECK(r.nre == 40);
  CHECK(r.submitted == 20);
  CHECK(r.positives == 2);
  CHECK(r.outcome == Outcome::rolled_back);
  CHECK_FALSE(r.gradient_norm);
  CHECK(r.proposals == 100);
  CHECK(r.accepted == 25);
  CHECK(r.filter->proposal_success.k == 3);
  CHECK(r.filter->accepted_success.n == 25);
  CHECK(r.phi_loss == 1.5);
  CHECK(r.cost.tokens == 2000);
  CHECK(r.cost.flops == 1e9);
  CHECK(r.measured->success.k == 3);
  CHECK(r.measured->success.n == 10);
  CHECK(r.measured->modes[1].name == "odd");
  CHECK(r.measured->modes[0].distinct == 2);
  CHECK(r.measured->also.at("text").k == 4);
  CHECK(r.measured->entropy == -0.25);
  CHECK(r.measured->surprise == 4.5);
  CHECK(r.measured->value() == 0.25);
  REQUIRE(r.measured->findings.size() == 1);
  CHECK(r.measured->findings[0].attempt == "1+1=");
  CHECK(r.measured->findings[0].answer == "3");
  CHECK(r.measured->findings[0].truth == "2");
  CHECK(r.measured->findings[0].mode == "even");
  CHECK(parse_metrics("", "memory").empty());
  CHECK(parse_timing("{\"round\":1,\"seconds\":0.5}\n{\"round\":2,\"seconds\":2}\n", "memory") == 2.5);
}

TEST_CASE("a round is written as it is read with or without what was measured") {
  Json unmeasured = line(2);
  unmeasured["measured"] = nullptr;
  unmeasured["gradient_norm"] = 0.75;
  for (const char* key : {"phi_heldout_nats_per_token", "proposal_success", "accepted_success"})
    unmeasured.erase(key);
  const std::string text = lines({line(1), unmeasured});
  std::vector<Json> again;
  for (const RoundRecord& r : parse_metrics(text, "memory")) again.push_back(to_json(r));
  CHECK(lines(again) == text);
}

TEST_CASE("attempts and answers of a round may be any bytes") {
  RoundRecord round = parse_metrics(lines({line(1)}), "memory").at(0);
  round.assumed = round.examples = {
      "\xff"
      "7",
      "caf\xc3\xa9"};
  round.measured->findings = {{"\xff", "\x80", "2", "even"}};
  const std::string text = to_json(round).dump() + '\n';
  const RoundRecord again = parse_metrics(text, "memory").at(0);
  CHECK(again.assumed == round.assumed);
  CHECK(again.examples == round.examples);
  CHECK(again.measured->findings[0].attempt == "\xff");
  CHECK(again.measured->findings[0].answer == "\x80");
  CHECK(to_json(again).dump() + '\n' == text);
  for (const char* hex : {"f", "fg"})
    CHECK_THROWS_AS(bytes_from(Field(Json{{"hex", hex}}, "memory")), InputError);
}

TEST_CASE("a round whose values are missing or of another type or impossible is refused by line and name") {
  const auto refused = [](const char* pointer, const Json& value, const std::string& name) {
    Json second = line(2);
    at_path(second, pointer) = value;
    const std::string message = refusal(parse_metrics, lines({line(1), second}));
    CAPTURE(pointer);
    CAPTURE(message);
    CHECK(message.starts_with("run/log.jsonl: line 2: " + name + " "));
    CHECK(message.find('\n') == message.npos);
  };
  for (const char* name : {"round", "nre", "submitted", "positives", "drawn_for_submission", "proposals",
                           "proposals_drawn", "accepted", "tokens"})
    for (const Json& value :
         {Json(-1), Json(1.5), Json("2"), Json(nullptr), Json(true), Json::array(), Json(1e300),
          Json(std::numeric_limits<std::uint64_t>::max()), Json(std::numeric_limits<std::int64_t>::max()),
          Json(std::numeric_limits<std::int64_t>::min())})
      refused((std::string("/") + name).c_str(), value, name);
  refused("/nre", 41, "submitted");
  refused("/nre", 19, "nre");
  refused("/submitted", 19, "submitted");
  refused("/positives", 21, "positives");
  refused("/round", 3, "round");
  refused("/accepted", 101, "accepted");
  refused("/accepted_success", Json{{"k", 11}, {"n", 10}}, "accepted_success.k");
  for (const char* name : {"success", "valid", "distinct", "distinct_success", "also/text"}) {
    std::string rate = std::string("measured.") + name;
    std::replace(rate.begin(), rate.end(), '/', '.');
    refused((std::string("/measured/") + name).c_str(), Json{{"k", 11}, {"n", 10}}, rate + ".k");
    refused((std::string("/measured/") + name).c_str(), Json{{"k", 1}, {"n", -10}}, rate + ".n");
    refused((std::string("/measured/") + name).c_str(), Json{{"k", 1}}, rate);
    refused((std::string("/measured/") + name).c_str(), 0.5, rate);
  }
  for (const char* name : {"/phi_nats_per_token", "/phi_heldout_nats_per_token", "/tau", "/flops"}) {
    refused(name, nullptr, name + 1);  // what the writer makes of NaN
    refused(name, "1", name + 1);
  }
  for (const char* name : {"entropy", "surprise"})
    refused((std::string("/measured/") + name).c_str(), nullptr, std::string("measured.") + name);
  refused("/measured/exact/value", "1", "measured.exact.value");
  refused("/measured/modes/even/samples", 4, "measured.modes.even.samples");
  refused("/measured/modes/even/distinct", 3, "measured.modes.even.distinct");
  refused("/outcome", "lost", "outcome");
  refused("/gradient_norm", "1", "gradient_norm");
  refused("/examples", 5, "examples");
  refused("/assumed/0", 5, "assumed[0]");
  refused("/measured", 5, "measured");
}

TEST_CASE("a threshold that is infinite is read back") {
  const double infinity = std::numeric_limits<double>::infinity();
  RoundRecord round = parse_metrics(lines({line(1)}), "memory")[0];
  round.tau = round.filter->phi_heldout = infinity;
  const RoundRecord back = parse_metrics(lines({to_json(round)}), "memory")[0];
  CHECK(back.tau == infinity);
  CHECK(back.filter->phi_heldout == infinity);
}

TEST_CASE("a ranking is read back and refused if it is none") {
  Json json = line(1);
  json["ranking"] = Json{{"successes", 0}, {"failures", 7}};
  CHECK(parse_metrics(lines({json}), "memory")[0].ranking->area.empty());
  json["ranking"]["successes"] = 2;
  CHECK(refusal(parse_metrics, lines({json})).find("prior_tail") != std::string::npos);
  for (const RankingScore& score : ranking_scores) json["ranking"][score.key] = 0.25;
  const RoundRecord round = parse_metrics(lines({json}), "memory")[0];
  CHECK(round.ranking->area == std::vector<double>(ranking_scores.size(), 0.25));
  CHECK(lines({to_json(round)}) == lines({json}));
  json["ranking"]["kappa_1"] = 1.5;
  CHECK(refusal(parse_metrics, lines({json})).find("an area outside 0..1") != std::string::npos);
}

TEST_CASE("a log that is cut at any byte but a line's end is refused with the line") {
  const std::string text = lines({line(1), line(2)});
  const std::size_t first = text.find('\n');
  for (std::size_t size = 1; size < text.size(); ++size)
    if (size != first + 1) {
      const std::string place = "run/log.jsonl: line " + std::to_string(size <= first ? 1 : 2) + ": ";
      const std::string message = refusal(parse_metrics, text.substr(0, size));
      CHECK(message.starts_with(place));
    }
  CHECK(parse_metrics(text.substr(0, first + 1), "memory").size() == 1);
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":0.5}\n{\"round\":2,\"sec")
            .starts_with("run/log.jsonl: line 2: "));
}

bool possible_reading(const RoundRecord& r) {
  if (!r.measured) return true;
  const Rate& success = r.measured->success;
  return success.k >= 0 && success.k <= success.n && std::isfinite(r.measured->entropy);
}

TEST_CASE("a flipped bit in a log is refused or leaves every number of the rounds possible" *
          doctest::test_suite("slow")) {
  const std::string text = lines({line(1), line(2)});
  int refusals = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      try {
        std::int64_t nre = 0;
        for (const RoundRecord& r : parse_metrics(flipped, "flipped")) {
          const bool possible = r.nre == nre + r.submitted && r.positives >= 0 &&
                                r.positives <= r.submitted && r.cost.tokens >= 0 &&
                                std::isfinite(r.cost.flops) && possible_reading(r);
          CHECK(possible);
          nre = r.nre;
        }
      } catch (const InputError&) {
        ++refusals;
      }
    }
  CHECK(refusals > static_cast<int>(text.size()) * 4);
}

TEST_CASE("times and findings of another type are refused by line and name") {
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":null}\n")
            .starts_with("run/log.jsonl: line 1: seconds is null"));
  CHECK(refusal(parse_timing, "{\"round\":2,\"seconds\":1}\n")
            .starts_with("run/log.jsonl: line 1: round is 2"));
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":1,\"seconds\":2}\n")
            .starts_with("run/log.jsonl: line 1: the key \"seconds\" twice"));
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":-1}\n")
            .starts_with("run/log.jsonl: line 1: seconds is below 0"));
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":1,\"measuring_seconds\":-2}\n")
            .starts_with("run/log.jsonl: line 1: measuring_seconds is below 0"));
  CHECK(refusal(parse_timing, "{\"round\":1,\"seconds\":1,\"note\":2}\n")
            .starts_with("run/log.jsonl: line 1: note is no key"));
  Json other = line(1);
  other["measured"]["findings"] = 5;
  CHECK(refusal(parse_metrics, lines({other}))
            .starts_with("run/log.jsonl: line 1: measured.findings is number"));
  other["measured"]["findings"] = {{{"attempt", 5}}};
  CHECK(refusal(parse_metrics, lines({other}))
            .starts_with("run/log.jsonl: line 1: measured.findings[0].attempt is number"));
}

}  // namespace
}  // namespace banel
