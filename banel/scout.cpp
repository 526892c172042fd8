#include "banel/scout.h"

#include <algorithm>
#include <optional>
#include <span>

namespace banel {

namespace {

// Found on the tuning targets with leading zeros forbidden (tasks/results/tuning.md).
constexpr std::size_t unlikely_of = 64;             // proposals for one x
constexpr int narrow_epochs = 60, mix_epochs = 20;  // of h; of theta
constexpr std::size_t at_once = 4;                  // attempts of a scout
constexpr std::int64_t enough = 16;                 // the same, to survive
constexpr double least_share = 0.1;                 // of its rewards
constexpr std::size_t samples = 128;                // of h
constexpr std::int64_t most_scouts = 8;             // times as many of theta, at most

// What scouts draw from: the streams of one scout.
struct Streams {
  const Context& context;
  const Round& round;
  std::size_t number;
  Stream operator()(std::string_view purpose) const {
    return context.stream(purpose, round).from(number << 20);
  }
};

// x: near theta, or unlikely; nothing if no proposal passes the screen.
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

// Tries a scout h around x; its attempts and their rewards join the round's. What it earned if it survives.
std::optional<Earned> survives(const Generator& h, const Attempt& x, double share, Round& round,
                               Oracle& oracle, const Streams& streams) {
  const Screen others = [&](const Attempt& y) { return y != x && (*streams.context.screen)(y); };
  Earned earned;
  while (earned.strings < enough) {
    const auto left = static_cast<std::size_t>(oracle.budget() - oracle.used());
    const Draws draws =
        draw(h, {}, &others, std::min(at_once, left), streams("scout attempts").from(round.attempts.drawn));
    if (draws.kept.empty()) return {};
    const std::vector<bool> rewards = oracle.evaluate(texts(draws.kept));
    round.way = Way::scouts;
    earned += {std::ssize(rewards), std::count(rewards.begin(), rewards.end(), true)};
    round.attempts.kept.insert(round.attempts.kept.end(), draws.kept.begin(), draws.kept.end());
    round.attempts.drawn += draws.drawn;
    round.rewards.insert(round.rewards.end(), rewards.begin(), rewards.end());
    if (earned.share() < share) return {};
  }
  return earned;
}

// theta <- fit(theta, new strings of h and of theta); the first survivor is theta itself.
void join(State& state, const Generator& h, const Earned& earned, const Streams& streams) {
  if (!state.survivors.strings) {
    state.theta = h.clone();
  } else {
    const Screen* screen = streams.context.screen;
    const auto before = static_cast<std::size_t>(std::min(state.survivors.strings / enough, most_scouts));
    std::vector<Proposal> pool = draw(h, {}, screen, samples, streams("scout samples")).kept;
    const Draws mixture = draw(*state.theta, {}, screen, before * samples, streams("scout mixture"));
    pool.insert(pool.end(), mixture.kept.begin(), mixture.kept.end());
    state.theta->fit(texts(pool), mix_epochs, streams("scout distil"));
  }
  state.survivors += earned;
}

}  // namespace

void scout(State& state, Round& round, Oracle& oracle, const Context& context) {
  const std::int64_t until = std::min({oracle.used() + static_cast<std::int64_t>(context.settings.per_round),
                                       context.settings.scout, oracle.budget()});
  // No more scouts than evaluations: a round in which none can try anything ends, too.
  for (std::size_t number = 0; number < context.settings.per_round && oracle.used() < until; ++number) {
    const Streams streams{context, round, number};
    const std::optional<Attempt> x = centre(state, streams);
    if (!x) continue;
    const std::unique_ptr<Generator> h = state.pretrained->clone();
    h->fit(std::span(&*x, 1), narrow_epochs, streams("scout fit"));
    const double share = std::max(least_share, state.survivors.share());
    if (const auto earned = survives(*h, *x, share, round, oracle, streams))
      join(state, *h, *earned, streams);
  }
}

}  // namespace banel
