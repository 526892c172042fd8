#include "banel/auto.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "tensor/check.h"

namespace banel {

namespace {

// Chosen on tuning instances; none of them depends on where success lies.
constexpr double explored_share = 1.0 / 3;  // of all evaluations
constexpr std::size_t prior_at_once = 5;    // attempts of the prior, and as many more for each search in vain
constexpr std::size_t most_of_prior = 20;   // attempts of the prior in a round
constexpr std::size_t theta_at_once = 5;    // attempts of theta in a round
constexpr std::size_t theta_samples = 50;   // samples of theta in a round
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
constexpr std::size_t latest = 1024;           // finds that an attacker is fitted to
constexpr std::size_t crowding = 7;            // of theta's strings, explained for each that is not
constexpr std::size_t refined = 512;           // failures and proposals kept of the step that refines
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

// The united attacker fails rarely, so its failures say much: a mild filter and few passes are enough.
Settings refining(Settings settings) {
  settings.n = refined;
  settings.f = 4;
  settings.kappa = 1;
  settings.phi = {.epochs = 4, .rate = settings.phi.rate, .batch = 64};
  settings.theta = {.epochs = 2, .rate = settings.theta.rate, .batch = 64};
  return settings;
}

void add(Grown& a, std::size_t find) {
  ++a.found;
  a.finds.push_back(find);
  if (a.finds.size() > 2 * latest) a.finds.erase(a.finds.begin());
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

// Where one way yields nothing new, the other is tried.
Draws Auto::attempts(const State& state, const Round& round, std::size_t n, const Context& context) {
  ENSURE(context.screen, "auto", "needs a screen; set settings.screened");
  const Search& all = state.search;
  const bool explores = all.grown.empty() || static_cast<double>(all.explored) <
                                                 explored_share * static_cast<double>(context.oracle.used());
  Draws draws = explores ? explore(all, *state.theta, round, n, context) : exploit(all, round, n, context);
  if (!draws.kept.empty() || all.grown.empty()) return draws;
  return explores ? exploit(all, round, n, context) : explore(all, *state.theta, round, n, context);
}

// Line 6. An attacker that writes nothing new is passed over.
Draws Auto::exploit(const Search& all, const Round& round, std::size_t n, const Context& context) {
  const double best = best_share(all);
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < all.grown.size(); ++k)
    if (active(all.grown[k], best)) order.push_back(k);
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return all.grown[k].evaluations; });
  Draws draws;
  for (const std::size_t k : order) {
    exploited_ = k;
    draws = draw(*all.grown[k].theta, {}, context.screen, std::min(n, exploited_at_once),
                 context.stream("exploit", round));
    if (!draws.kept.empty()) break;
  }
  return draws;
}

// Line 3, and the samples that line 5 takes for failures.
Draws Auto::explore(const Search& all, const Generator& theta, const Round& round, std::size_t n,
                    const Context& context) {
  exploited_.reset();
  std::size_t near = 0;  // strings that an attacker explains
  const Screen unexplained = [&](std::span<const Attempt> x) {
    std::vector<bool> may = passes(*context.screen, x);
    const std::vector<bool> known = explained(all, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      near += may[i] && known[i];
      may[i] = may[i] && !known[i];
    }
    return may;
  };
  const std::size_t of_prior = std::min(most_of_prior, prior_at_once * (all.failed_searches + 1));
  Draws draws = draw(*prior_, {}, &unexplained, std::min(n, of_prior), context.stream("prior", round));
  of_prior_ = draws.kept.size();
  near = 0;
  const Screen novel_only = except(unexplained, kept_strings(draws));
  Draws novel = draw(theta, {}, &novel_only, theta_samples, context.stream("attempts", round));
  crowded_ = near > crowding * novel.kept.size();
  const std::size_t asked = std::min({novel.kept.size(), theta_at_once, n - of_prior_});
  rest_ = texts(std::span(novel.kept).subspan(asked));
  novel.kept.resize(asked);
  draws += novel;
  return draws;
}

bool Auto::learn(State& state, Round& round, const Context& context) {
  Search& all = state.search;
  const std::size_t first = context.oracle.paid().size() - round.rewards.size();
  if (exploited_) {
    Grown& a = all.grown[*exploited_];
    a.evaluations += std::ssize(round.rewards);
    a.recent += {static_cast<std::int64_t>(round.attempts.examined), round.positives()};
    for (std::size_t i = 0; i < round.rewards.size(); ++i)
      if (round.rewards[i] == Reward::success) add(a, first + i);
    if (static_cast<double>(a.found) >= growth * static_cast<double>(a.fitted)) grow(a, round, context);
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

// Line 5. The round keeps the failures of theta's search alone, and what it proposed.
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
  search.failed_searches = found ? 0 : search.failed_searches + 1;
  search.steps = 0;
  state.theta = prior_->clone();
}

// Line 4. At the limit x takes the place of an attacker that line 6 leaves out.
void Auto::found(Search& all, std::size_t evaluation, const Round& round, const Context& context) const {
  const Attempt& x = context.oracle.paid()[evaluation].attempt;
  if (explained(all, std::span(&x, 1)).front()) return;
  if (all.grown.size() == most_attackers) {
    const double best = best_share(all);
    const auto least = std::ranges::min_element(
        all.grown, {}, [&](const Grown& a) { return std::pair(active(a, best), share(a)); });
    if (active(*least, best)) return;
    all.grown.erase(least);
  }
  all.grown.emplace_back();
  add(all.grown.back(), evaluation);
  grow(all.grown.back(), round, context);
}

// Line 7.
void Auto::grow(Grown& a, const Round& round, const Context& context) const {
  a.theta = fitted(latest_finds(a, latest, context.oracle), "grow", round, context);
  a.fitted = a.found;
  a.recent = {a.recent.strings / 2, a.recent.rewards / 2};
}

// Lines 8 and 9. If none qualifies, all take part.
void Auto::unite(Search& all, const Round& round, const Context& context) const {
  const double best = best_share(all);
  std::vector<Attempt> qualified, others;
  for (const Grown& a : all.grown) {
    const std::vector<Attempt> finds = latest_finds(a, 2 * latest / all.grown.size(), context.oracle);
    auto& to = finds.size() >= united_finds && share(a) >= united_share * best ? qualified : others;
    to.insert(to.end(), finds.begin(), finds.end());
  }
  State united{.theta = fitted(qualified.empty() ? others : qualified, "unite", round, context)};
  Round last{.number = round.number, .failures = explained_failures(all, context.oracle)};
  Banel(ratio_score())
      .learn(united, last, {refining(context.settings), context.oracle, context.screen, context.seed});
  all.united = std::move(united.theta);
  all.united_at = context.oracle.used();
}

// The latest failures that an attacker explains, so most of those that it wrote.
std::vector<Attempt> Auto::explained_failures(const Search& all, const Oracle& oracle) const {
  std::vector<Attempt> failures, result;  // both from the latest to the first
  const std::span<const Evaluation> paid = oracle.paid();
  for (std::size_t i = paid.size(); i-- > 0;)
    if (paid[i].verdict.reward == Reward::failure) failures.push_back(paid[i].attempt);
  for (std::size_t at = 0; at < failures.size() && result.size() < refined; at += refined) {
    const auto next = std::span(failures).subspan(at, std::min(refined, failures.size() - at));
    const std::vector<bool> near = explained(all, next);
    for (std::size_t i = 0; i < next.size() && result.size() < refined; ++i)
      if (near[i]) result.push_back(next[i]);
  }
  std::ranges::reverse(result);
  return result;
}

// The prior fitted to the strings: `epochs` passes, or more if they would make fewer than `least_steps`
// steps.
std::unique_ptr<Generator> Auto::fitted(std::span<const Attempt> strings, std::string_view purpose,
                                        const Round& round, const Context& context) const {
  const auto batch = std::min<std::size_t>(64, strings.size());
  const auto needed = static_cast<double>(least_steps * batch) / static_cast<double>(strings.size());
  std::unique_ptr<Generator> result = prior_->clone();
  result->fit(strings,
              {std::max(epochs, static_cast<int>(std::lround(needed))), context.settings.theta.rate,
               static_cast<int>(batch)},
              context.stream(purpose, round));
  return result;
}

}  // namespace banel
