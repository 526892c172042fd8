// Results made by hand, for the tests of tables, figures and the page.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tasks/report/results.h"

namespace banel {

// One run whose readings have these numbers of successes of 1,000 samples, 250 evaluations apart; a fifth of
// the successes is of the mode "zeros", the others are "carries". Base rate: 5e-4.
inline Run made_run(const std::string& variant, std::uint64_t seed, const std::vector<int>& successes) {
  Run run;
  Row& row = run.row;
  row = {.task = "made", .instance = 1, .variant = variant, .method = variant, .seed = seed};
  row.settings = {{"budget", 1000}};
  row.base = {5e-4, 3e-4, 8e-4, 10'000};
  row.samples = 1000;
  for (const int k : successes) {
    Measurement m;
    m.success = {k, 1000};
    m.valid = {900, 1000};
    m.distinct = {500, 1000};
    m.distinct_success = {k / 2, 1000};
    m.modes = {{"zeros", k / 5, k / 10}, {"carries", k - k / 5, k / 2 - k / 10}};
    m.entropy = 10;
    m.surprise = 20;
    if (k > 0) m.findings = {{"0" + std::to_string(k) + "+1=", "7", "8", "zeros"}};
    RoundRecord round{.number = run.log.rounds.size() + 1};
    round.submitted = 250;
    round.nre = 250 * static_cast<std::int64_t>(round.number);
    round.measured = m;
    row.final = m.success.value();
    row.best = std::max(row.best, row.final);
    row.modes = m.modes;
    row.distinct = 0.5;
    row.distinct_success = m.distinct_success.value();
    row.evaluations = round.nre;
    run.log.rounds.push_back(round);
  }
  row.selected = row.final;
  row.cost = {700, 8000};
  row.seconds = run.log.seconds = 1.5;
  return run;
}

inline Results made_results(const std::vector<Run>& runs) {
  return {.title = "A study", .sentence = "Made by hand.", .note = "note", .runs = runs};
}

// Runs of one variant whose final rates are these, by seed; selected is twice and best three times as high.
inline std::vector<Run> runs_with(const std::string& variant, const std::vector<double>& finals,
                                  std::uint64_t instance = 1, double base = 0.004) {
  std::vector<Run> runs;
  for (const double final : finals) {
    runs.push_back(made_run(variant, runs.size() + 1, {1}));
    Row& row = runs.back().row;
    row.instance = instance;
    row.base = {base, base / 2, base * 2, 1000};
    row.final = final;
    row.selected = 2 * final;
    row.best = 3 * final;
    row.distinct_success = final / 2;
    row.evaluations = 60;
  }
  return runs;
}

inline std::vector<Run> operator+(std::vector<Run> a, const std::vector<Run>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline void check_has(const std::string& text, const std::string& part) {
  INFO(part << " in " << text);
  CHECK(text.find(part) != text.npos);
}

}  // namespace banel
