// Does the ratio rank successes? How likely each score puts a success above a failure among the proposals of
// measured rounds (run/log.h: Ranking), by how often the proposals succeed.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "tasks/run/log.h"

namespace banel {

// Rounds whose proposals succeed about equally often, pooled: each counts by its pairs of a success and a
// failure.
struct RankBand {
  std::size_t rounds = 0;
  double successes = 0, failures = 0, pairs = 0;
  std::array<double, ranking_scores.size()> area = {};  // of each score; 0 without a pair

  void add(const Ranking&);
  // "0.73 (0.70–0.76)": the area under the ROC curve and its 95 % interval, from five successes on; "-"
  // without a pair.
  std::string text(std::size_t score) const;
};

// The bands, rising, and their titles.
inline constexpr std::array rank_bands{"below 1 %", "1 to 10 %", "10 to 50 %"};
std::vector<RankBand> ranks_of(const std::vector<const Ranking*>&);  // empty without a pair

std::string ranking_legend();

}  // namespace banel
