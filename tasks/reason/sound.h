// How likely a generator writes sound reasoning: the sum of its probabilities of all wordings of the
// reference reasoning (problem.h), and of nothing else. The right answer by wrong steps does not count.
//
// The wordings form a tree, a level a piece. It is walked from the top with the probability of every
// beginning. A tree of at most `most_branches` is walked in full and the sum is exact. A larger one is
// thinned before it grows too wide: each of eight groups keeps some of its beginnings, drawn in proportion to
// their probability, and passes the whole of it on to them. Every group's sum is unbiased (Del Moral 2004);
// their spread gives the standard error. Beginnings that the generator prefers are drawn, however narrow it
// has become. Regions and screens choose among the wordings that are drawn, so of a thinned tree they may
// miss what little they leave.
//
//   sound_success(theta, problem, {1, "wordings"}).value
#pragma once
#include <optional>

#include "banel/generator.h"
#include "tasks/model/rate.h"
#include "tasks/reason/problem.h"

namespace banel::reason {

inline constexpr std::size_t most_branches = 2048, groups = 8;

struct SoundSolution {
  Proposal proposal;                      // the text, and log p of it in nats
  double mass = 0;                        // how much of its group's sum it stands for
  std::optional<std::size_t> group = {};  // none if the tree was walked in full
};

std::vector<SoundSolution> sound_solutions(const Generator&, const Problem&, Stream random);

// Over the solutions that `counts` marks: the sum of the masses, the mean over the groups if there are
// groups.
Estimate sum_of(const std::vector<SoundSolution>&, const std::vector<bool>& counts);

// Of all of them.
Estimate sound_success(const Generator&, const Problem&, Stream random);

}  // namespace banel::reason
