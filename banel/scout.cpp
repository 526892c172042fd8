#include "banel/scout.h"

#include <algorithm>
#include <optional>
#include <span>

namespace banel {

namespace {

// Tuned on the tuning targets with leading zeros forbidden (tasks/results/tuning.md).
constexpr std::size_t unlikely_of = 64;             // proposals of which the least likely one becomes x
constexpr int narrow_epochs = 60, mix_epochs = 20;  // of h on x; of theta on the samples of survivors
constexpr std::size_t at_once = 4;                  // attempts a scout submits together
constexpr std::int64_t enough = 16;                 // attempts after which it survives
constexpr double least_share = 0.1;                 // of rewarded attempts, else it is dropped
constexpr std::size_t samples = 128;                // of h that theta is fitted to
constexpr std::int64_t most_scouts = 8;             // theta contributes at most as much as so many scouts

// The random numbers of one scout: a million draws per purpose before the next scout's begin.
struct Streams {
  const Context& context;
  const Round& round;
  std::size_t number;
  Stream operator()(std::string_view purpose) const {
    return context.stream(purpose, round).from(number << 20);
  }
};

// x, the string a scout is fitted to. None if no proposal passes the screen.
std::optional<Attempt> centre(const State& state, const Streams& streams) {
  const bool near = state.survivors.strings && streams.number % 2;
  const std::vector<Proposal> proposals =
      draw(near ? *state.theta : *state.pretrained, {}, streams.context.screen, near ? 1 : unlikely_of,
           streams("scout proposals"))
          .kept;
  const auto least =
      std::min_element(proposals.begin(), proposals.end(),
                       [](const Proposal& a, const Proposal& b) { return a.log_prob < b.log_prob; });
  return least == proposals.end() ? std::nullopt : std::optional(least->text);
}

// Submits attempts of the scout h, which join those of the round. Returns their tally if h survives. h is
// dropped when its share of rewards falls below `share`.
std::optional<Tally> survives(const Generator& h, const Attempt& x, double share, Round& round,
                              Oracle& oracle, const Streams& streams) {
  const Screen others = except(*streams.context.screen, {x});
  Tally tally;
  while (tally.strings < enough) {
    const auto left = static_cast<std::size_t>(oracle.budget() - oracle.used());
    const Draws draws =
        draw(h, {}, &others, std::min(at_once, left), streams("scout attempts").from(round.attempts.drawn));
    if (draws.kept.empty()) return {};
    const std::vector<Reward> rewards = oracle.evaluate(texts(draws.kept));
    round.outcome = Outcome::scouted;
    tally += {std::ssize(rewards), std::count(rewards.begin(), rewards.end(), Reward::success)};
    round.attempts.kept.insert(round.attempts.kept.end(), draws.kept.begin(), draws.kept.end());
    round.attempts.drawn += draws.drawn;
    round.rewards.insert(round.rewards.end(), rewards.begin(), rewards.end());
    if (tally.share() < share) return {};
  }
  return tally;
}

// Adds the survivor h to theta.
void join(State& state, const Generator& h, const Tally& tally, const Streams& streams) {
  if (!state.survivors.strings) {
    state.theta = h.clone();
  } else {
    const Context& context = streams.context;
    const auto before = static_cast<std::size_t>(std::min(state.survivors.strings / enough, most_scouts));
    std::vector<Proposal> pool = draw(h, {}, context.screen, samples, streams("scout samples")).kept;
    const Draws mixture = draw(*state.theta, {}, context.screen, before * samples, streams("scout mixture"));
    pool.insert(pool.end(), mixture.kept.begin(), mixture.kept.end());
    const Fit& theta = context.settings.theta;
    state.theta->fit(texts(pool), {mix_epochs, theta.rate, theta.batch}, streams("scout distil"));
  }
  state.survivors += tally;
}

}  // namespace

void scout(State& state, Round& round, Oracle& oracle, const Context& context) {
  const Settings& settings = context.settings;
  const std::int64_t until =
      std::min({oracle.used() + static_cast<std::int64_t>(settings.m), settings.scout, oracle.budget()});
  const Fit narrow{narrow_epochs, settings.theta.rate, settings.theta.batch};
  // At most m scouts, so that the round ends even if none of them can submit anything.
  for (std::size_t number = 0; number < settings.m && oracle.used() < until; ++number) {
    const Streams streams{context, round, number};
    const std::optional<Attempt> x = centre(state, streams);
    if (!x) continue;
    const std::unique_ptr<Generator> h = state.pretrained->clone();
    h->fit(std::span(&*x, 1), narrow, streams("scout fit"));
    const double share = std::max(least_share, state.survivors.share());
    if (const auto tally = survives(*h, *x, share, round, oracle, streams)) join(state, *h, *tally, streams);
  }
}

}  // namespace banel
