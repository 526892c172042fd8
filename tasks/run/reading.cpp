#include "tasks/run/reading.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_set>

#include "tasks/base/stats.h"
#include "tasks/model/gpt_generator.h"
#include "tensor/hash.h"

namespace banel {

namespace {

constexpr std::size_t filter_strings = 500, surprise_strings = 1000;
constexpr double rounding = 1e-4;  // of log-likelihoods, in nats

// The evaluations of the last reading, 0 before the first.
std::int64_t measured_at(const std::vector<RoundRecord>& rounds) {
  const auto last = std::find_if(rounds.rbegin(), rounds.rend(), [](const auto& r) { return r.measured; });
  return last == rounds.rend() ? 0 : last->nre;
}

// The first few strings of a filter's input or output, judged outside the budget.
struct FilterSample {
  Rate success;
  std::vector<Attempt> failures;
};

FilterSample judged(std::span<const Attempt> attempts, const Judge& judge) {
  attempts = attempts.first(std::min(filter_strings, attempts.size()));
  const std::vector<Verdict> verdicts = judge(attempts);
  FilterSample sample;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    sample.success.count(verdicts[i].reward == Reward::success);
    if (verdicts[i].reward == Reward::failure) sample.failures.push_back(attempts[i]);
  }
  return sample;
}

// -log p_phi per token of failures that phi was not fitted to; 0 without phi.
double heldout(const Round& round, const std::vector<Attempt>& failures) {
  if (!round.phi || failures.empty()) return 0;
  double nats = 0;
  for (double log_prob : round.phi->log_prob(failures)) nats -= log_prob;
  return nats / static_cast<double>(tokens_of(failures));
}

}  // namespace

std::string fingerprint(const Generator& model) { return hex(fnv1a(model.state())); }

Screen unseen(const Task& task, const Method& method,
              const std::function<std::span<const Evaluation>()>& paid) {
  struct Past {
    std::size_t evaluations = 0;
    std::unordered_set<Attempt> attempts;
    std::unordered_set<std::string> refuted;
  };
  return [&task, remembers = method.remembers, paid,
          memory = std::make_shared<Past>()](std::span<const Attempt> attempts) {
    const bool claims = remembers == Method::Remembers::claims;
    if (remembers == Method::Remembers::nothing) return std::vector<bool>(attempts.size(), true);
    for (const std::span<const Evaluation> all = paid(); memory->evaluations < all.size();
         ++memory->evaluations) {
      const Evaluation& e = all[memory->evaluations];
      if (!claims)
        memory->attempts.insert(e.attempt);
      else if (e.verdict.reward == Reward::failure)
        memory->refuted.insert(task.claim(e.attempt));
    }
    std::vector<bool> may;
    for (const Attempt& x : attempts)
      may.push_back(claims ? !memory->refuted.contains(task.claim(x)) : !memory->attempts.contains(x));
    return may;
  };
}

namespace {

// The strings of a pool taught the method, so its attacker is the prior outside all regions, on new strings.
Attacker attacker_of(const Task& task, const Method& method, const State& state, const Screen& unseen) {
  return {method.pool > 0 ? task.prior() : state.attacker(), state.regions,
          method.remembers == Method::Remembers::nothing ? nullptr : &unseen};
}

}  // namespace

std::vector<Proposal> written(const Task& task, const Method& method, const State& state,
                              const Screen& unseen, std::size_t n, Stream random) {
  const Attacker attacker = attacker_of(task, method, state, unseen);
  return draw(attacker.theta, attacker.regions, attacker.unseen, n, random).kept;
}

Measurement measure_attacker(const Task& task, const Method& method, const State& state, const Screen& unseen,
                             const Judge& judge, std::size_t n, std::uint64_t seed) {
  // The same random numbers for all readings of a run: an attacker that stays has one reading.
  const std::vector<Proposal> samples = written(task, method, state, unseen, n, {seed, "measured"});
  Measurement m = measure(task, judge, samples);
  const std::span<const Proposal> some(samples.data(), std::min(surprise_strings, samples.size()));
  m.surprise = samples.empty() ? 0 : -mean(task.prior().log_prob(texts(some)));
  m.exact = task.exact_success(attacker_of(task, method, state, unseen));
  return m;
}

Reader::Reader(const Task& task, const Method& method, const AttackSettings& settings, const Oracle& oracle)
    : task_(task), method_(method), settings_(settings), oracle_(oracle), judge_(memoised(task.judge())) {}

void Reader::read(RoundRecord& record, const State& state, const Round& round, bool last,
                  const std::vector<RoundRecord>& earlier) {
  const std::int64_t before = measured_at(earlier);
  if (!last && record.nre - before < oracle_.budget() / 30 + before / 4) return;
  if (settings_.samples == 0) {
    const auto since = static_cast<std::size_t>(before), upto = static_cast<std::size_t>(record.nre);
    record.measured = measure_paid(task_, oracle_.paid().subspan(since, upto - since));
    return;
  }
  record.measured = measured(state);
  record.filter = filter(round);
  if (settings_.ranking) record.ranking = ranking(round);
}

Measurement Reader::measured(const State& state) {
  const std::string attacker = fingerprint(state.attacker());
  const bool changed =
      attacker != attacker_ || !state.regions.empty() || method_.remembers != Method::Remembers::nothing;
  attacker_ = attacker;
  if (changed)
    reading_ = measure_attacker(task_, method_, state, unseen(task_, method_, [&] { return oracle_.paid(); }),
                                judge_, settings_.samples, settings_.seed);
  return reading_;
}

FilterReading Reader::filter(const Round& round) const {
  const std::vector<Attempt> proposals = texts(round.proposals.kept);
  const FilterSample proposed = judged(proposals, judge_);
  return {proposed.success, judged(round.accepted, judge_).success, heldout(round, proposed.failures)};
}

std::optional<Ranking> Reader::ranking(const Round& round) const {
  if (!round.phi) return {};
  const std::unordered_set<Attempt> taught(round.failures.begin(), round.failures.end());
  std::vector<Proposal> P;
  std::ranges::copy_if(round.proposals.kept, std::back_inserter(P),
                       [&](const Proposal& p) { return !taught.contains(p.text); });
  const std::vector<Attempt> strings = texts(P);
  const std::vector<Verdict> verdicts = judge_(strings);
  const std::vector<double> phi = round.phi->log_prob(strings), prior = task_.prior().log_prob(strings);
  const auto weighted = [](double weight, double x) {
    return weight == 0 ? 0 : weight * x;
  };  // x may be -inf
  Ranking ranking;
  for (const RankingScore& score : ranking_scores) {
    std::vector<double> successes, failures;
    for (std::size_t i = 0; i < P.size(); ++i) {
      if (verdicts[i].reward == Reward::unjudged) continue;
      const double s = weighted(score.theta, P[i].log_prob) + weighted(score.phi, phi[i]) +
                       weighted(score.prior, prior[i]);
      (verdicts[i].reward == Reward::success ? successes : failures)
          .push_back(std::abs(s) < rounding ? 0 : s);
    }
    ranking.successes = std::ssize(successes);
    ranking.failures = std::ssize(failures);
    if (!successes.empty() && !failures.empty()) ranking.area.push_back(roc_area(successes, failures));
  }
  return ranking;
}

}  // namespace banel
