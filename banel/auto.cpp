#include "banel/auto.h"

#include <algorithm>
#include <cmath>

#include "banel/finds.h"

namespace banel {

namespace {

// Chosen on tuning instances; none of them depends on where success lies.
constexpr double explored_share = 0.25;         // of all evaluations
constexpr std::size_t prior_at_once = 5;        // attempts of the prior for each search without a find
constexpr std::size_t most_of_prior = 20;       // attempts of the prior in a round
constexpr std::size_t theta_at_once = 5;        // attempts of theta in a round
constexpr std::size_t theta_samples = 50;       // samples of theta in a round
constexpr std::size_t steps_of_search = 60;     // BaNEL steps of a search without a find
constexpr std::size_t exploited_at_once = 10;   // attempts of A in a round
constexpr double explained_by = 4;              // nats
constexpr double growth = 1.4;                  // of the finds, until A is fitted again
constexpr std::int64_t patience = 500;          // or so many evaluations
constexpr std::size_t training_strings = 1024;  // of finds, of failures, of filtered samples
constexpr std::size_t least_failures = 30;      // for a failure model of A
constexpr std::size_t least_finds = 32;         // for weights and filter
constexpr double evened = 0.5;                  // exponent of the weights
constexpr double heaviest = 8;                  // the largest weight, in means
constexpr int epochs = 6;                       // of A and its failure model
constexpr int least_steps = 60;                 // gradient steps of a fit to few strings

// The latest failures, at most n, that were never rewarded.
std::vector<Attempt> latest_failures(const Oracle& oracle, std::size_t n) {
  std::vector<Attempt> failures;
  const std::span<const Evaluation> paid = oracle.paid();
  for (auto e = paid.rbegin(); e != paid.rend() && failures.size() < n; ++e)
    if (e->verdict.reward == Reward::failure && !oracle.succeeded(e->attempt)) failures.push_back(e->attempt);
  return failures;
}

// n draws of the finds with weights A(x)^(-evened), systematic: find i appears about n w_i / sum(w) times.
std::vector<Attempt> evened_out(const std::vector<Attempt>& finds, const Generator& a, Stream random) {
  std::vector<double> weights = a.log_prob(finds);
  const double least = *std::min_element(weights.begin(), weights.end());
  double total = 0;
  for (double& w : weights) total += w = std::exp(evened * (least - w));
  const double most = heaviest * total / static_cast<double>(weights.size());
  total = 0;
  for (double& w : weights) total += w = std::min(w, most);
  const double step = total / static_cast<double>(training_strings);
  std::vector<Attempt> drawn;
  double next = random[0].uniform() * step, sum = 0;
  for (std::size_t i = 0; i < finds.size(); ++i) {
    sum += weights[i];
    for (; next < sum && drawn.size() < training_strings; next += step) drawn.push_back(finds[i]);
  }
  return drawn;
}

// Few strings are passed over more often.
Fit fit_to(std::size_t strings, const Settings& settings) {
  const auto batch = std::min<std::size_t>(64, strings);
  const auto passes = static_cast<double>(least_steps * batch) / static_cast<double>(strings);
  return {std::max(epochs, static_cast<int>(std::lround(passes))), settings.theta.rate,
          static_cast<int>(batch)};
}

void append(Draws& draws, const Draws& more) {
  draws.kept.insert(draws.kept.end(), more.kept.begin(), more.kept.end());
  draws.drawn += more.drawn;
  draws.examined += more.examined;
}

}  // namespace

// log p_A(x) - log p_prior(x) >= explained_by
std::vector<bool> Auto::explained(const Search& search, std::span<const Attempt> x) const {
  std::vector<bool> result(x.size());
  if (!search.grown) return result;
  const std::vector<double> log_a = search.grown->log_prob(x), log_prior = prior_->log_prob(x);
  for (std::size_t i = 0; i < x.size(); ++i) result[i] = log_a[i] - log_prior[i] >= explained_by;
  return result;
}

Draws Auto::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  const Search& search = state.search;
  exploring_ = !search.grown || static_cast<double>(search.explored) <
                                    explored_share * static_cast<double>(context.oracle.used());
  if (!exploring_) {
    const Draws draws = draw(*search.grown, {}, context.screen, std::min(n, exploited_at_once),
                             context.stream("attempts", round));  // line 6
    if (!draws.kept.empty()) return draws;
    exploring_ = true;  // A writes nothing new
  }
  return explore(state, round, n, context);
}

Draws Auto::explore(const State& state, const Round& round, std::size_t n, const Context& context) {
  const Screen unexplained = [&](std::span<const Attempt> x) {
    std::vector<bool> may = context.screen ? passes(*context.screen, x) : std::vector<bool>(x.size(), true);
    const std::vector<bool> known = explained(state.search, x);
    for (std::size_t i = 0; i < x.size(); ++i) may[i] = may[i] && !known[i];
    return may;
  };
  const std::size_t of_prior = std::min(most_of_prior, prior_at_once * (state.search.barren + 1));
  Draws draws = draw(*prior_, {}, &unexplained, std::min(n, of_prior), context.stream("prior", round));
  of_prior_ = draws.kept.size();
  Draws novel = draw(*state.theta, {}, &unexplained, theta_samples, context.stream("attempts", round));
  crowded_ = novel.kept.size() < theta_samples || novel.drawn > 8 * theta_samples;
  const std::size_t asked = std::min({novel.kept.size(), theta_at_once, n - of_prior_});
  rest_ = texts(std::span(novel.kept).subspan(asked));
  novel.kept.resize(asked);
  append(draws, novel);
  return draws;
}

bool Auto::learn(State& state, Round& round, const Context& context) {
  Search& search = state.search;
  if (exploring_) {
    search.explored += std::ssize(round.rewards);
    this->search(state, round, context);
  }
  if (round.positives()) grow(state, round, context);
  return true;
}

// Line 5. The round shows the failures that theta's search learned from, and what it proposed.
void Auto::search(State& state, Round& round, const Context& context) {
  Search& search = state.search;
  const auto rewarded = [&](std::size_t i) { return round.rewards[i] == Reward::success; };
  bool found = false;
  std::vector<Attempt> F;
  for (std::size_t i = of_prior_; i < round.rewards.size(); ++i) {
    found = found || rewarded(i);
    if (round.rewards[i] == Reward::failure) F.push_back(round.attempts.kept[i].text);
  }
  round.assumed = rest_;
  F.insert(F.end(), rest_.begin(), rest_.end());
  round.failures = std::move(F);
  const bool over = ++search.steps >= steps_of_search;
  if (!found && !over && !crowded_ && Banel(ratio_score()).learn(state, round, context)) return;
  search.barren = found ? 0 : search.barren + 1;
  search.steps = 0;
  state.theta = prior_->clone();
}

// Whether A is fitted again.
bool Auto::due(const Search& search, std::size_t finds, std::int64_t used) const {
  return static_cast<double>(finds) >= growth * static_cast<double>(search.fitted) ||
         used >= search.fitted_at + patience;
}

// The half of A's samples that least resemble what failed near A.
std::vector<Attempt> Auto::filtered(const Search& search, const Round& round, const Context& context) const {
  std::vector<Attempt> F = latest_failures(context.oracle, 4 * training_strings);
  const std::vector<bool> near = explained(search, F);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < F.size() && kept < training_strings; ++i)
    if (near[i]) F[kept++] = F[i];
  F.resize(kept);
  if (F.size() < least_failures) return {};
  const std::unique_ptr<Generator> phi = prior_->clone();
  phi->fit(F, fit_to(F.size(), context.settings), context.stream("phi", round));  // line 7
  const std::vector<Proposal> P =
      draw(*search.grown, {}, context.screen, 2 * training_strings, context.stream("filter", round)).kept;
  if (P.empty()) return {};
  const std::vector<double> s = log_ratio(P, *phi, context.settings.kappa);
  const double tau = threshold(s, 2);
  std::vector<Attempt> accepted;
  for (std::size_t i = 0; i < P.size(); ++i)
    if (s[i] >= tau) accepted.push_back(P[i].text);
  return accepted;
}

// Lines 7 to 9.
void Auto::grow(State& state, const Round& round, const Context& context) const {
  Search& search = state.search;
  const std::vector<Attempt> finds = rewarded(context.oracle.paid());
  if (!due(search, finds.size(), context.oracle.used())) return;
  search.fitted = finds.size();
  search.fitted_at = context.oracle.used();
  std::vector<Attempt> strings = finds;
  if (search.grown && finds.size() >= least_finds) {
    strings = evened_out(finds, *search.grown, context.stream("finds", round));
    const std::vector<Attempt> accepted = filtered(search, round, context);
    strings.insert(strings.end(), accepted.begin(), accepted.end());
  }
  std::unique_ptr<Generator> a = prior_->clone();
  a->fit(strings, fit_to(strings.size(), context.settings), context.stream("grow", round));  // line 9
  search.grown = std::move(a);
}

}  // namespace banel
