#include "tasks/toy1d/toy1d.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "banel/first_steps.h"
#include "banel/generators/tabular.h"
#include "tasks/base/text.h"
#include "tensor/hash.h"

namespace banel::toy1d {

namespace {

constexpr int places = 31, centre = places / 2, most_steps = 30;
constexpr double success_value = 2, converged_mass = 0.9;

double value(int place) { return (place - centre) / 5.0; }
Attempt word(int place) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f", value(place));
  return text;
}

// The standard normal density at the values. It is fitted without inertia: a failure model is exactly the
// frequencies of its failures, the ratio is infinite wherever none was seen, and every step rejects what
// failed and nothing else. A failure model that also blames the neighbours of a failure (tried: Gaussian
// kernels 0.07 and 0.1 wide, f = 6, 40 seeds) keeps 15 and 20 runs from converging: the success is one value
// between values that fail.
TabularGenerator prior() {
  std::vector<Attempt> words;
  std::vector<double> weights;
  for (int i = 0; i < places; ++i) {
    words.push_back(word(i));
    weights.push_back(std::exp(-value(i) * value(i) / 2));
  }
  return {std::move(words), std::move(weights), 0};
}

bool is_success(double x) { return std::abs(x) == success_value; }

std::vector<Verdict> judge(std::span<const Attempt> attempts) {
  std::vector<Verdict> verdicts;
  for (const Attempt& x : attempts)
    verdicts.push_back({"", is_success(std::stod(x)) ? Reward::success : Reward::failure});
  return verdicts;
}

// "2 of 10 succeed"
std::string succeed(std::ptrdiff_t successes, std::size_t draws) {
  return (successes ? std::to_string(successes) : "none") + " of " + std::to_string(draws) +
         (successes == 1 ? " succeeds" : " succeed");
}

// "success rises to 3.2 %"
std::string change(double before, double after) {
  const std::string from = fixed(100 * before, 1), to = fixed(100 * after, 1);
  return std::string("success ") +
         (from == to       ? "stays at "
          : before < after ? "rises to "
                           : "falls to ") +
         to + " %";
}

std::string opening(double success) {
  return "Before round 1 a draw succeeds with probability " + fixed(100 * success, 1) + " %.\n";
}

double success_mass(const std::vector<double>& probabilities) {
  double sum = 0;
  for (int i = 0; i < places; ++i)
    if (is_success(value(i))) sum += probabilities[static_cast<std::size_t>(i)];
  return sum;
}

// Of Algorithm 1 on the illustration.
Settings loop_settings() {
  Settings settings;
  settings.m = 10;
  settings.budget = most_steps * 10;
  settings.n = 20;
  settings.f = 10;  // a step rejects at most 1 - 1/f of the posterior: nearly all of it may have failed
  settings.phi.epochs = 1;
  settings.screened = false;
  settings.memory = Memory::regions;
  return settings;
}

class Toy1d : public Task {
 public:
  std::string title() const override { return "one dimension, successes at -2 and 2"; }
  void open(const std::filesystem::path&, Access, ProgressMode) override {}
  std::string fingerprint() const override { return hex(fnv1a(prior_.state())); }
  const Generator& prior() const override { return prior_; }
  Judge judge() const override { return toy1d::judge; }

  void adapt(Method& m) const override {
    const Settings s = loop_settings();
    const Values values{{"budget", s.budget},         {"m", s.m},        {"n", s.n}, {"f", s.f},
                        {"phi_epochs", s.phi.epochs}, {"screen", "none"}};
    for (const auto& [key, value] : values)
      if (std::find(m.uses.begin(), m.uses.end(), key) != m.uses.end()) set(m, key, value);
  }

  std::optional<Estimate> exact_success(const Attacker& attacker) const override {
    if (attacker.unseen) return {};
    return Estimate{.value = success_mass(exact_posterior(attacker))};
  }

 private:
  TabularGenerator prior_ = toy1d::prior();
};

}  // namespace

double Illustration::success(const std::vector<double>& probabilities) const {
  return success_mass(probabilities);
}

std::vector<double> exact_posterior(const Attacker& attacker) {
  const auto& theta = dynamic_cast<const TabularGenerator&>(attacker.theta);
  std::vector<double> p = theta.probabilities();
  std::vector<Proposal> all;
  for (std::size_t i = 0; i < p.size(); ++i) all.push_back({theta.words()[i], std::log(p[i])});
  for (const Region& region : attacker.regions) {
    const std::vector<double> scores = log_ratio(all, *region.phi, region.kappa);
    for (std::size_t i = 0; i < p.size(); ++i)
      if (scores[i] < region.tau) p[i] = 0;
  }
  const double left = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= left;
  return p;
}

Illustration illustrate(std::uint64_t seed) {
  Illustration result;
  for (int i = 0; i < places; ++i) result.grid.push_back(value(i));
  result.successes = {-success_value, success_value};
  const Settings settings = loop_settings();
  const TabularGenerator theta = prior();
  State state{theta.clone()};
  Oracle oracle(judge, settings.budget);
  Banel learner(ratio_score());
  std::vector<double> current = theta.probabilities();
  run(state, oracle, settings, learner, {}, seed, [&](const State& now, const Round& round) {
    Step step{.theta = current,
              .phi = std::vector<double>(places),
              .posterior = exact_posterior({*now.theta, now.regions})};
    if (!round.failures.empty()) step.phi = dynamic_cast<const TabularGenerator&>(*round.phi).probabilities();
    current = step.posterior;
    for (const Attempt& x : texts(round.attempts.kept))
      step.samples.push_back(static_cast<int>(theta.place(x)));
    result.steps.push_back(std::move(step));
    if (!result.found && round.failures.size() < round.rewards.size()) result.found = round.number;
    if (result.success(current) < converged_mass) return true;
    result.converged = round.number;
    return false;
  });
  return result;
}

Summary summarise(std::size_t seeds) {
  Summary s{.seeds = seeds};
  double found_steps = 0, converged_steps = 0;
  for (std::size_t seed = 1; seed <= seeds; ++seed) {
    const Illustration r = illustrate(seed);
    s.found += r.found.has_value();
    s.converged += r.converged.has_value();
    found_steps += static_cast<double>(r.found.value_or(0));
    converged_steps += static_cast<double>(r.converged.value_or(0));
    s.prior_mean = 1 / (1 - std::pow(1 - r.success(r.steps.front().theta), 10));  // geometric distribution
  }
  if (s.found) s.found_mean = found_steps / static_cast<double>(s.found);
  if (s.converged) s.converged_mean = converged_steps / static_cast<double>(s.converged);
  return s;
}

TaskEntry entry() {
  return {.name = "toy1d",
          .sentence = "one dimension: 31 values, two of which are rewarded (the paper's illustration)",
          .make = [](const Values&, std::uint64_t) -> std::unique_ptr<Task> {
            return std::make_unique<Toy1d>();
          }};
}

std::string to_text(const Illustration& r) {
  std::string text;
  for (std::size_t k = 0; k < r.steps.size(); ++k) {
    const Step& step = r.steps[k];
    char line[160];
    std::snprintf(
        line, sizeof line, "step %2zu  success %.3f -> %.3f  values left %2td  samples", k + 1,
        r.success(step.theta), r.success(step.posterior),
        std::count_if(step.posterior.begin(), step.posterior.end(), [](double p) { return p > 0; }));
    text += line;
    for (int place : step.samples) {
      std::snprintf(line, sizeof line, " %4.1f%c", value(place), is_success(value(place)) ? '*' : ' ');
      text += line;
    }
    text += '\n';
  }
  return text;
}

std::string in_sentences(const Illustration& r) {
  const auto left = [](const std::vector<double>& p) {
    return std::count_if(p.begin(), p.end(), [](double x) { return x > 0; });
  };
  std::string text = opening(r.success(r.steps.front().theta));
  for (std::size_t k = 0; k < r.steps.size(); ++k) {
    const Step& step = r.steps[k];
    const auto successes = std::count_if(step.samples.begin(), step.samples.end(),
                                         [](int place) { return is_success(value(place)); });
    const auto gone = left(step.theta) - left(step.posterior);
    text += "Round " + std::to_string(k + 1) + ": " + succeed(successes, step.samples.size()) + ", " +
            (gone ? std::to_string(gone) : "no") + (gone == 1 ? " value is" : " values are") +
            " ruled out; " + change(r.success(step.theta), r.success(step.posterior)) + ".\n  -3 ";
    for (int i = 0; i < places; ++i)
      text += is_success(value(i)) ? '*' : step.posterior[static_cast<std::size_t>(i)] > 0 ? 'o' : '.';
    text += " 3\n";
  }
  return text;
}

std::string first_steps_in_sentences(std::uint64_t seed) {
  constexpr std::size_t m = 10, rounds = 10;
  Oracle oracle(toy_judge, m * rounds);
  double before = success_mass(toy_attacker().probabilities());
  std::string text = opening(before);
  const std::vector<double> rates = first_steps(oracle, seed);
  for (std::size_t k = 0; k < rates.size(); ++k) {
    const auto paid = oracle.paid().subspan(m * k, m);
    const auto successes = std::count_if(
        paid.begin(), paid.end(), [](const Evaluation& e) { return e.verdict.reward == Reward::success; });
    text += "Round " + std::to_string(k + 1) + ": " + succeed(successes, m) + "; " +
            change(before, rates[k]) + ".\n";
    before = rates[k];
  }
  return text;
}

std::string to_text(const Summary& s) {
  char text[400];
  std::snprintf(
      text, sizeof text,
      "seeds 1..%zu: %zu find a success, after %.1f steps on average (sampling the prior alone: %.1f);\n"
      "%zu end with 0.9 of the posterior on the successes, after %.1f steps on average (paper: about 6)\n",
      s.seeds, s.found, s.found_mean, s.prior_mean, s.converged, s.converged_mean);
  return text;
}

Json to_json(const Illustration& r) {
  Json steps = Json::array();
  for (const Step& s : r.steps)
    steps.push_back({{"theta", s.theta}, {"samples", s.samples}, {"phi", s.phi}, {"posterior", s.posterior}});
  const auto step = [](const std::optional<std::size_t>& k) { return k ? Json(*k) : Json(nullptr); };
  return {{"grid", r.grid},
          {"successes", r.successes},
          {"found", step(r.found)},
          {"converged", step(r.converged)},
          {"steps", steps}};
}

Json to_json(const Summary& s) {
  return {{"seeds", s.seeds},           {"found", s.found},         {"found_mean", s.found_mean},
          {"prior_mean", s.prior_mean}, {"converged", s.converged}, {"converged_mean", s.converged_mean}};
}

}  // namespace banel::toy1d
