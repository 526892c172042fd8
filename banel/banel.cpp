#include "banel/banel.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "banel/early_abort.h"
#include "banel/scout.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {
std::vector<Attempt> failures_of(const Round&, const Context&);
std::vector<Attempt> accept(const std::vector<Proposal>&, const std::vector<double>& scores, double tau,
                            const Context&);
}  // namespace

// The outer loop, which all methods share. The line numbers are those of the table in banel.h.
void run(State& state, Oracle& oracle, const Settings& settings, Learner& learner, const Screen& may_succeed,
         std::uint64_t seed, const std::function<bool(const State&, const Round&)>& after_round) {
  validate(settings);
  ENSURE(!(settings.restart || settings.scout) || state.pretrained, "settings",
         "restart and scout need the pre-trained attacker in state.pretrained");
  const Screen screen = [&](std::span<const Attempt> attempts) {
    std::vector<bool> may = passes(may_succeed, attempts);
    for (std::size_t i = 0; i < may.size(); ++i) {
      check_stop();
      may[i] = may[i] && !oracle.seen(attempts[i]);
    }
    return may;
  };
  const Context context{settings, oracle, settings.screened ? &screen : nullptr, seed};
  std::unique_ptr<Generator>& theta = state.theta;  // Alg. 2, l. 1
  while (oracle.used() < oracle.budget()) {         // Alg. 2, l. 2
    check_stop();
    Round round{.number = state.rounds + 1};
    const auto left = static_cast<std::size_t>(oracle.budget() - oracle.used());
    if (oracle.used() < settings.scout) scout(state, round, oracle, context);
    const bool scouted = round.outcome == Outcome::scouted;
    const std::size_t m = std::min(settings.m, left);
    if (!scouted) round.attempts = learner.attempts(state, round, m, context);  // Alg. 2, l. 3
    if (settings.whole_rounds && round.attempts.kept.size() < m) break;
    if (round.attempts.kept.empty()) {  // theta writes nothing new: it has collapsed or is exhausted
      if (settings.patience == 0 || !state.best.current.theta || state.best.current_is_best) break;
      state.best.restore(theta);
      continue;
    }
    if (!scouted) evaluate(round, oracle, context);  // Alg. 2, l. 4
    round.failures = failures_of(round, context);    // Alg. 2, l. 5
    if (settings.patience > 0 && !scouted)
      round.outcome =
          state.best.update(theta, {static_cast<std::int64_t>(round.attempts.examined), round.positives()},
                            settings.patience, settings.restart, state.pretrained.get());
    if (round.outcome != Outcome::learned)
      learner.recall(round.failures, round.number, seed);
    else if (!learner.learn(state, round, context))
      break;
    ++state.rounds;
    if (!after_round(state, round)) return;
  }
  if (&state.attacker() != theta.get()) theta = state.attacker().clone();
}

Draws Learner::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  return draw(*state.theta, state.regions, context.screen, n, context.stream("attempts", round));
}

Draws Unchanged::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  constexpr std::size_t patience = 20'000;
  return draw(*state.theta, state.regions, context.screen, n, context.stream("attempts", round), patience);
}

// The BaNEL step: what theta learns from the failures of a round.
bool Banel::learn(State& state, Round& round, const Context& context) {
  const Settings& settings = context.settings;
  const std::vector<Attempt>& F = round.failures;
  if (F.empty()) return true;  // phi would equal theta and every score tie
  Generator& theta = *state.theta;
  const std::shared_ptr<Generator> phi = theta.clone();
  if (score_.uses_phi) {
    round.phi_loss = phi->fit(F, settings.phi, context.stream("phi", round));  // Alg. 2, l. 6
    round.phi = phi;
  }
  recall(F, round.number, context.seed);
  const auto fn = static_cast<std::size_t>(std::lround(settings.f * static_cast<double>(settings.n)));
  round.proposals =
      draw(theta, state.regions, context.screen, fn, context.stream("proposals", round));  // Alg. 2, l. 7
  const std::vector<Proposal>& P = round.proposals.kept;
  if (P.empty()) return false;
  const std::vector<double> s =
      score_.of(P, *phi, settings, context.stream("scores", round));  // Alg. 2, l. 8
  round.tau = threshold(s, settings.f);                               // Alg. 2, l. 9
  round.accepted = accept(P, s, round.tau, context);                  // Alg. 2, l. 10
  if (settings.memory == Memory::distil)
    theta.fit(round.accepted, settings.theta, context.stream("distil", round));  // Alg. 2, l. 11
  else
    state.regions.push_back({phi, settings.kappa, round.tau});  // Alg. 1: R~ <- R~ u R~_new
  return true;
}

void Banel::recall(std::span<const Attempt> failures, std::size_t round, std::uint64_t seed) {
  if (score_.novelty) score_.novelty->visit(failures, {seed, "novelty", static_cast<std::uint32_t>(round)});
}

Score ratio_score() {
  return {true, [](std::span<const Proposal> P, const Generator& phi, const Settings& settings, Stream) {
            return log_ratio(P, phi, settings.kappa);
          }};
}

Score tail_score() {
  return {false, [](std::span<const Proposal> P, const Generator&, const Settings&, Stream) {
            std::vector<double> scores;
            for (const Proposal& p : P) scores.push_back(-p.log_prob);
            return scores;
          }};
}

Score random_score() {
  return {false, [](std::span<const Proposal> P, const Generator&, const Settings&, Stream random) {
            std::vector<double> scores;
            for (std::size_t i = 0; i < P.size(); ++i) {
              check_stop();
              scores.push_back(random[i].uniform());
            }
            return scores;
          }};
}

Score novelty_score(std::shared_ptr<Novelty> novelty) {
  return {false,
          [novelty](std::span<const Proposal> P, const Generator&, const Settings&, Stream) {
            return novelty->bonus(texts(P));
          },
          std::move(novelty)};
}

std::int64_t Round::positives() const { return std::count(rewards.begin(), rewards.end(), Reward::success); }

void validate(const Settings& s) {
  const auto require = [](bool holds, auto&&... message) {
    ENSURE(holds, "settings", (std::ostringstream() << ... << message).str());
  };
  require(s.m >= 1, "m = 0 attempts per round; at least 1 is needed");
  require(s.n >= 1, "n = 0 accepted proposals; at least 1 is needed");
  require(s.f >= 1 && s.f <= 1000, "the filter factor f = ", s.f, " is outside 1..1000");
  require(s.kappa >= 0, "kappa = ", s.kappa, " is negative");
  require(s.kl >= 0, "the KL weight ", s.kl, " is negative");
  require(s.patience >= 0, "patience = ", s.patience, " is negative");
  require(s.phi.epochs >= 0 && s.theta.epochs >= 0, "epochs must not be negative");
  require(s.patience == 0 || s.memory == Memory::distil, "patience ", s.patience,
          " needs distillation: without it theta never changes");
  require(!s.restart || s.patience > 0, "restart ", s.restart, " needs patience above 0");
  require(s.scout >= 0, "scout = ", s.scout, " evaluations is negative");
  require(!s.scout || (s.screened && s.memory == Memory::distil && s.m <= 4096), "scout ", s.scout,
          " needs screening, distillation and rounds of at most 4,096 attempts");
  require(s.evidence != Evidence::shuffled || (s.screened && !s.scout),
          "shuffled rewards need screening and no scouts");
}

namespace {

// Every model of a round learns from these only, so no rewarded string may be among them, even if it failed
// in this round. An unjudged attempt is no failure.
std::vector<Attempt> failures_of(const Round& round, const Context& context) {
  const bool all = context.settings.evidence == Evidence::attempts;
  std::vector<Attempt> result;
  for (std::size_t i = 0; i < round.rewards.size(); ++i) {
    check_stop();
    const Attempt& x = round.attempts.kept[i].text;
    if (all || (round.rewards[i] == Reward::failure && !context.withheld(x))) result.push_back(x);
  }
  result.insert(result.end(), round.assumed.begin(), round.assumed.end());
  return result;
}

// The proposals with a score above tau and the first of those that score tau, as many as pass a filter of
// factor f, without those that were rewarded.
std::vector<Attempt> accept(const std::vector<Proposal>& proposals, const std::vector<double>& scores,
                            double tau, const Context& context) {
  const auto above = std::count_if(scores.begin(), scores.end(), [tau](double s) { return s > tau; });
  std::size_t ties = passing(scores.size(), context.settings.f) - static_cast<std::size_t>(above);
  std::vector<Attempt> result;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    check_stop();
    const bool tied = scores[i] == tau && ties > 0;
    if (tied) --ties;
    if ((tied || scores[i] > tau) && !context.withheld(proposals[i].text))
      result.push_back(proposals[i].text);
  }
  return result;
}

}  // namespace

}  // namespace banel
