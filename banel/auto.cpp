#include "banel/auto.h"

#include <algorithm>
#include <cmath>

namespace banel {

namespace {

// Chosen on tuning instances; none of them depends on where success lies.
constexpr double explored_share = 0.25;        // of all evaluations
constexpr std::size_t prior_at_once = 5;       // attempts of the prior for each search in vain
constexpr std::size_t most_of_prior = 20;      // attempts of the prior in a round
constexpr std::size_t theta_at_once = 5;       // attempts of theta in a round
constexpr std::size_t theta_samples = 50;      // samples of theta in a round
constexpr std::size_t steps_of_search = 60;    // BaNEL steps of a search in vain
constexpr double explained_by = 2;             // nats
constexpr std::size_t most_attackers = 3;      // at a time
constexpr std::size_t exploited_at_once = 10;  // attempts of an attacker in a round
constexpr std::int64_t young = 20;             // strings until an attacker's share counts
constexpr double active_share = 0.5;           // of the best share, to be asked again
constexpr double united_share = 0.8;           // of the best share, to be handed over
constexpr std::size_t united_finds = 30;       // to be handed over
constexpr std::int64_t united_every = 750;     // evaluations
constexpr double growth = 1.5;                 // of its finds, until an attacker is fitted again
constexpr std::size_t latest = 512;            // finds that an attacker is fitted to
constexpr int epochs = 8;
constexpr int least_steps = 60;  // gradient steps of a fit to few strings

double share(const Grown& a) { return std::max(0.0, a.recent.share()); }

double best_share(const Search& search) {
  double best = 0;
  for (const Grown& a : search.grown)
    if (a.recent.strings >= young) best = std::max(best, share(a));
  return best;
}

bool active(const Grown& a, double best) {
  return a.recent.strings < young || share(a) >= active_share * best;
}

std::vector<Attempt> latest_finds(const Grown& a, std::size_t most, const Oracle& oracle) {
  std::vector<Attempt> strings;
  for (const std::size_t i : std::span(a.finds).last(std::min(most, a.finds.size())))
    strings.push_back(oracle.paid()[i].attempt);
  return strings;
}

void append(Draws& draws, const Draws& more) {
  draws.kept.insert(draws.kept.end(), more.kept.begin(), more.kept.end());
  draws.drawn += more.drawn;
  draws.examined += more.examined;
}

}  // namespace

// For each string whether some attacker explains it: log p_k(x) - log p_prior(x) >= explained_by.
std::vector<bool> Auto::explained(const Search& search, std::span<const Attempt> x) const {
  std::vector<bool> result(x.size());
  if (search.grown.empty()) return result;
  const std::vector<double> log_prior = prior_->log_prob(x);
  for (const Grown& a : search.grown) {
    const std::vector<double> log_p = a.theta->log_prob(x);
    for (std::size_t i = 0; i < x.size(); ++i)
      result[i] = result[i] || log_p[i] - log_prior[i] >= explained_by;
  }
  return result;
}

Draws Auto::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  const std::vector<Grown>& grown = state.search.grown;
  exploited_.reset();
  if (grown.empty() || static_cast<double>(state.search.explored) <
                           explored_share * static_cast<double>(context.oracle.used()))
    return explore(state, round, n, context);
  const double best = best_share(state.search);
  for (std::size_t k = 0; k < grown.size(); ++k)  // line 6
    if (active(grown[k], best) && (!exploited_ || grown[k].asked < grown[*exploited_].asked)) exploited_ = k;
  const Draws draws = draw(*grown[*exploited_].theta, {}, context.screen, std::min(n, exploited_at_once),
                           context.stream("attempts", round));
  if (!draws.kept.empty()) return draws;
  exploited_.reset();  // it writes nothing new
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
  Search& all = state.search;
  const std::size_t first = context.oracle.paid().size() - round.rewards.size();
  if (exploited_) {
    Grown& a = all.grown[*exploited_];
    a.asked += std::ssize(round.rewards);
    a.recent += {static_cast<std::int64_t>(round.attempts.examined), round.positives()};
    for (std::size_t i = 0; i < round.rewards.size(); ++i)
      if (round.rewards[i] == Reward::success) a.finds.push_back(first + i);
    if (static_cast<double>(a.finds.size()) >= growth * static_cast<double>(a.fitted))
      grow(all, a, round, context);
  } else {
    all.explored += std::ssize(round.rewards);
    search(state, round, context);
    for (std::size_t i = 0; i < round.rewards.size(); ++i)
      if (round.rewards[i] == Reward::success) found(all, first + i, round, context);
  }
  const std::int64_t used = context.oracle.used();
  const bool last = used == context.oracle.budget();
  if (!all.grown.empty() && (!all.united || last || used >= all.united_at + united_every))
    unite(all, round, context);
  return true;
}

// Line 5. The round shows the failures that theta's search learned from, and what it proposed.
void Auto::search(State& state, Round& round, const Context& context) {
  Search& search = state.search;
  bool found = false;
  round.failures.clear();
  for (std::size_t i = 0; i < round.rewards.size(); ++i) {
    found = found || round.rewards[i] == Reward::success;
    if (i >= of_prior_ && round.rewards[i] == Reward::failure)
      round.failures.push_back(round.attempts.kept[i].text);
  }
  round.assumed = rest_;
  round.failures.insert(round.failures.end(), rest_.begin(), rest_.end());
  const bool over = ++search.steps >= steps_of_search;
  if (!found && !over && !crowded_ && Banel(ratio_score()).learn(state, round, context)) return;
  search.barren = found ? 0 : search.barren + 1;
  search.steps = 0;
  state.theta = prior_->clone();
}

// Line 4. The attacker that earns least makes room.
void Auto::found(Search& all, std::size_t evaluation, const Round& round, const Context& context) const {
  const Attempt& x = context.oracle.paid()[evaluation].attempt;
  if (explained(all, std::span(&x, 1)).front()) return;
  if (all.grown.size() == most_attackers) {
    const auto least = std::min_element(all.grown.begin(), all.grown.end(),
                                        [](const Grown& a, const Grown& b) { return share(a) < share(b); });
    if (active(*least, best_share(all))) return;
    all.grown.erase(least);
  }
  all.grown.push_back({.finds = {evaluation}});
  grow(all, all.grown.back(), round, context);
}

// Line 7.
void Auto::grow(Search& all, Grown& a, const Round& round, const Context& context) const {
  const auto k = static_cast<std::size_t>(&a - all.grown.data());
  a.theta = fitted(latest_finds(a, latest, context.oracle), "grow", k, round, context);
  a.fitted = a.finds.size();
  a.recent = {a.recent.strings / 2, a.recent.rewards / 2};
}

// Line 8. If none has enough finds, all take part.
void Auto::unite(Search& all, const Round& round, const Context& context) const {
  const double best = best_share(all);
  std::vector<Attempt> strings, few;
  for (const Grown& a : all.grown) {
    const std::vector<Attempt> finds = latest_finds(a, 2 * latest / all.grown.size(), context.oracle);
    const bool ripe = finds.size() >= united_finds && share(a) >= united_share * best;
    (ripe ? strings : few).insert((ripe ? strings : few).end(), finds.begin(), finds.end());
  }
  all.united = fitted(strings.empty() ? few : strings, "unite", 0, round, context);
  all.united_at = context.oracle.used();
}

// The prior fitted to the strings. Few strings are passed over more often.
std::unique_ptr<Generator> Auto::fitted(std::span<const Attempt> strings, std::string_view purpose,
                                        std::size_t k, const Round& round, const Context& context) const {
  const auto batch = std::min<std::size_t>(64, strings.size());
  const auto passes = static_cast<double>(least_steps * batch) / static_cast<double>(strings.size());
  std::unique_ptr<Generator> result = prior_->clone();
  result->fit(strings,
              {std::max(epochs, static_cast<int>(std::lround(passes))), context.settings.theta.rate,
               static_cast<int>(batch)},
              context.stream(purpose, round).from(k << 32));
  return result;
}

}  // namespace banel
