#include "tasks/reason/sound.h"

#include <array>
#include <cmath>

#include "tasks/base/stats.h"

namespace banel::reason {

namespace {

constexpr std::size_t kept = 16;  // beginnings that a group keeps

// Before the tree is thinned, every group has all branches.
bool is_in(const SoundSolution& branch, std::size_t group) { return !branch.group || *branch.group == group; }

double mass_of(const std::vector<SoundSolution>& branches, std::size_t group) {
  double mass = 0;
  for (const SoundSolution& b : branches) mass += is_in(b, group) ? b.mass : 0;
  return mass;
}

// Every branch with every text of the piece.
std::vector<SoundSolution> grown(const Generator& generator, const std::vector<SoundSolution>& branches,
                                 const std::vector<std::string>& piece) {
  std::vector<SoundSolution> result;
  std::vector<Attempt> asked;
  for (const SoundSolution& b : branches)
    for (const std::string& text : piece) {
      result.push_back(b);
      result.back().proposal.text += text;
      if (!text.empty()) asked.push_back(result.back().proposal.text);
    }
  const std::vector<double> log_p = generator.log_prob(asked);
  auto next = log_p.begin();
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (piece[i % piece.size()].empty()) continue;  // nothing was written, so nothing has changed
    SoundSolution& b = result[i];
    b.mass *= std::exp(*next - b.proposal.log_prob);
    b.proposal.log_prob = *next++;
  }
  return result;
}

// Some of the branches of a group, drawn at equal steps of their summed mass (systematic resampling), each
// with an equal share of it.
void thin(const std::vector<SoundSolution>& branches, std::size_t group, Rng& rng,
          std::vector<SoundSolution>& result) {
  const double share = mass_of(branches, group) / kept, begin = rng.uniform();
  double reached = 0;
  std::size_t drawn = 0;
  for (const SoundSolution& b : branches) {
    if (!is_in(b, group)) continue;
    reached += b.mass;
    for (; drawn < kept && (begin + static_cast<double>(drawn)) * share < reached; ++drawn)
      result.push_back({b.proposal, share, group});
  }
}

std::vector<SoundSolution> thinned(const std::vector<SoundSolution>& branches, Rng rng) {
  std::vector<SoundSolution> result;
  for (std::size_t group = 0; group < groups; ++group) thin(branches, group, rng, result);
  return result;
}

}  // namespace

std::vector<SoundSolution> sound_solutions(const Generator& generator, const Problem& problem,
                                           Stream random) {
  std::vector<SoundSolution> branches{{.proposal = {}, .mass = 1}};
  std::size_t level = 0;
  for (const std::vector<std::string>& piece : pieces(problem)) {
    if (branches.size() * piece.size() > most_branches) branches = thinned(branches, random[level]);
    branches = grown(generator, branches, piece);
    ++level;
  }
  return branches;
}

Estimate sum_of(const std::vector<SoundSolution>& solutions, const std::vector<bool>& counts) {
  std::array<double, groups> sums{};
  bool in_full = true;
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    sums[solutions[i].group.value_or(0)] += counts[i] ? solutions[i].mass : 0;
    in_full = in_full && !solutions[i].group;
  }
  if (in_full) return {sums[0], 0};
  return {mean(sums), sample_deviation(sums) / std::sqrt(static_cast<double>(groups))};
}

Estimate sound_success(const Generator& generator, const Problem& problem, Stream random) {
  const std::vector<SoundSolution> solutions = sound_solutions(generator, problem, random);
  return sum_of(solutions, std::vector<bool>(solutions.size(), true));
}

}  // namespace banel::reason
