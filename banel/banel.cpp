#include "banel/banel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "banel/scout.h"
#include "tensor/check.h"

namespace banel {

namespace {

// Evaluates the round's attempts: all of them, or only `probe` if none of these is rewarded.
void evaluate(Round& round, Oracle& oracle, std::size_t probe) {
  const std::vector<Attempt> all = texts(round.attempts.kept);
  const std::span<const Attempt> X = all;
  const std::size_t first = probe ? std::min(probe, X.size()) : X.size();
  round.rewards = oracle.evaluate(X.first(first));
  if (round.positives()) {
    const std::vector<bool> others = oracle.evaluate(X.subspan(first));
    round.rewards.insert(round.rewards.end(), others.begin(), others.end());
  } else {
    for (const Attempt& x : X.subspan(first))
      if (!oracle.succeeded(x)) round.assumed.push_back(x);
    round.attempts.kept.erase(round.attempts.kept.begin() + static_cast<std::ptrdiff_t>(first),
                              round.attempts.kept.end());
    round.attempts.looked = round.attempts.looked * first / X.size();
  }
}

// Whatever is learned from a round is learned from these: nothing the oracle ever rewarded may be among them.
std::vector<Attempt> failures(const Round& round, const Oracle& oracle) {
  std::vector<Attempt> result;
  for (std::size_t i = 0; i < round.rewards.size(); ++i) {
    if (round.rewards[i]) continue;
    const Attempt& x = round.attempts.kept[i].text;
    ENSURE_AS(!oracle.succeeded(x), InputError, "oracle",
              "\"" << x << "\" was rewarded before and now fails; the reward must be a function");
    result.push_back(x);
  }
  result.insert(result.end(), round.assumed.begin(), round.assumed.end());
  return result;
}

// The proposals with a score of at least tau, without those the oracle has already rewarded.
std::vector<Attempt> outside(const std::vector<Proposal>& proposals, const std::vector<double>& scores,
                             double tau, const Oracle& oracle) {
  std::vector<Attempt> result;
  for (std::size_t i = 0; i < proposals.size(); ++i)
    if (scores[i] >= tau && !oracle.succeeded(proposals[i].text)) result.push_back(proposals[i].text);
  return result;
}

void validate(const Settings& s) {
  ENSURE(s.per_round >= 1, "settings", "m = 0 evaluations per round; at least 1 is needed");
  ENSURE(s.accepted >= 1, "settings", "n = 0 accepted proposals; at least 1 is needed");
  ENSURE(s.f >= 1 && s.f <= 1000, "settings", "filter factor f = " << s.f << " is outside 1..1000");
  ENSURE(s.kappa >= 0, "settings", "kappa = " << s.kappa << " is negative");
  ENSURE(s.kl >= 0, "settings", "the KL weight " << s.kl << " is negative");
  ENSURE(s.patience >= 0, "settings", "patience = " << s.patience << " is negative");
  ENSURE(s.patience == 0 || s.memory == Memory::distil, "settings",
         "patience " << s.patience << " needs distillation: without it theta never changes");
  ENSURE(!s.restart || s.patience > 0, "settings", "restart " << s.restart << " needs patience above 0");
  ENSURE(s.scout >= 0, "settings", "scout = " << s.scout << " evaluations is negative");
  ENSURE(!s.scout || (s.screened && s.memory == Memory::distil && s.per_round <= 4096), "settings",
         "scout " << s.scout << " needs screening, distillation and rounds of at most 4,096 evaluations");
  ENSURE(s.phi_epochs >= 0 && s.distil_epochs >= 0, "settings", "epochs must not be negative");
}

}  // namespace

std::int64_t Round::positives() const { return std::count(rewards.begin(), rewards.end(), true); }

// The numbers are the lines of Algorithm 2 (README: "The algorithm, line by line").
void run(State& state, Oracle& oracle, const Settings& settings, Learner& learner,
         const std::function<bool(const Attempt&)>& known_zero, std::uint64_t seed,
         const std::function<bool(const State&, const Round&)>& after_round) {
  validate(settings);
  ENSURE(!(settings.restart || settings.scout) || state.pretrained, "settings",
         "restart and scout need the pre-trained attacker to begin from");
  std::unique_ptr<Generator>& theta = state.theta;  // Alg. 2, l. 1
  const Screen unknown = [&](const Attempt& x) { return !known_zero(x) && !oracle.seen(x); };
  const Context context{settings, oracle, settings.screened ? &unknown : nullptr, seed};
  while (oracle.used() < oracle.budget()) {  // Alg. 2, l. 2
    Round round;
    round.number = state.rounds + 1;
    const auto left = static_cast<std::size_t>(oracle.budget() - oracle.used());
    if (oracle.used() < settings.scout) scout(state, round, oracle, context);
    if (round.way != Way::scouts)
      round.attempts = draw(*theta, state.regions, context.screen, std::min(settings.per_round, left),
                            context.stream("attempts", round));  // Alg. 2, l. 3
    if (round.attempts.kept.empty()) {  // nothing new to try: theta has collapsed or knows no more strings
      if (settings.patience == 0 || !state.best.now.theta || state.best.asked) break;
      state.best.restore(theta);
      continue;
    }
    if (round.way == Way::on) evaluate(round, oracle, settings.probe);  // Alg. 2, l. 4
    round.failures = failures(round, oracle);                           // Alg. 2, l. 5
    if (settings.patience > 0 && round.way == Way::on)
      round.way =
          state.best.follow(theta, {static_cast<std::int64_t>(round.attempts.looked), round.positives()},
                            settings.patience, settings.restart, state.pretrained.get());
    if (round.way != Way::on)
      learner.recall(round.failures, round.number, seed);
    else if (!learner.learn(state, round, context))
      break;
    ++state.rounds;
    if (!after_round(state, round)) return;
  }
  if (state.best.overall().theta) theta = state.attacker().clone();
}

bool Banel::learn(State& state, Round& round, const Context& context) {
  const Settings& settings = context.settings;
  const std::vector<Attempt>& F = round.failures;
  Generator& theta = *state.theta;
  const std::shared_ptr<Generator> phi = theta.clone();
  if (score_.uses_phi) {
    round.phi_loss = phi->fit(F, settings.phi_epochs, context.stream("phi", round));  // Alg. 2, l. 6
    round.phi = phi;
  }
  recall(F, round.number, context.seed);
  const auto fn = static_cast<std::size_t>(std::lround(settings.f * static_cast<double>(settings.accepted)));
  round.proposals =
      draw(theta, state.regions, context.screen, fn, context.stream("proposals", round));  // Alg. 2, l. 7
  const std::vector<Proposal>& P = round.proposals.kept;
  if (P.empty()) return false;
  const std::vector<double> s =
      score_.of(P, *phi, settings, context.stream("scores", round));  // Alg. 2, l. 8
  round.tau = threshold(s, settings.f);                               // Alg. 2, l. 9
  round.accepted = outside(P, s, round.tau, context.oracle);          // Alg. 2, l. 10
  if (settings.memory == Memory::distil)
    theta.fit(round.accepted, settings.distil_epochs, context.stream("distil", round));  // Alg. 2, l. 11
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
            for (std::size_t i = 0; i < P.size(); ++i) scores.push_back(random[i].uniform());
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

}  // namespace banel
