// BaNEL for a first reader: why it works, where it does not, and Algorithm 2 line by line.
//
// An attacker theta writes strings. Very few of them succeed (r(x) = 1), the others fail (r(x) = 0), and each
// look at r is expensive. Before the first success there are only failures to learn from. BaNEL fits a second
// model phi to them and prefers strings for which p_theta(x) / p_phi(x) is large.
//
// Why that finds successes. A perfect failure model writes what theta writes, minus the successes:
//
//   p_phi(x) = p_theta(x) (1 - r(x)) / (1 - rbar),   with theta's success rate rbar = sum_x p_theta(x) r(x).
//
// The ratio is therefore
//
//   p_theta(x) / p_phi(x) = (1 - rbar) / (1 - r(x)):
//
// the same number for all strings that fail, infinite for those that succeed. (A judge may also reward a
// string only sometimes. One that succeeds every second time has twice the ratio of those that never do.)
//
// A worked number. The toy below has 31 values, of which -2.0 and 2.0 succeed, and rbar = 0.022. The ratio is
// 0.978 at the 29 values that fail and infinite at the two that succeed. No success was needed to know that.
//
// Why it is hard. phi is not perfect but estimated, here from ten failures. theta writes 0.0 with probability
// 0.080. If two of the ten failures are 0.0, phi (half theta, half failures) writes it with 0.140: a ratio of
// 0.57. A value that is not among the ten has a ratio of 2, be it 2.0, which succeeds, or 2.6, which fails.
// So the errors of phi are far larger than anything a success rate of 0.022 leaves in ten failures, and the
// ratio mostly says what is new. BaNEL is then a search for novelty: it stops writing what failed often. It
// reaches successes that theta writes rarely, like those of this toy. A success among common strings looks no
// newer than they do.
//
// Why kappa. The score log p_theta - kappa log p_phi is (1 - kappa) log p_theta + kappa log(p_theta / p_phi).
// With kappa = 1 it is the ratio, which does not care how likely a string is. Smaller values trust phi less
// and stay closer to what theta writes.
#include "banel/first_steps.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace banel {

TabularGenerator toy_attacker() {
  std::vector<Attempt> words;
  std::vector<double> weights;
  for (int i = -15; i <= 15; ++i) {
    const double x = i / 5.0;
    char word[16];
    std::snprintf(word, sizeof word, "%.1f", x);
    words.push_back(word);
    weights.push_back(std::exp(-x * x / 2));
  }
  constexpr double inertia = 10;  // a fit to ten strings gives half the old probabilities and half the new
  return {words, weights, inertia};
}

std::vector<Verdict> toy_judge(std::span<const Attempt> attempts) {
  std::vector<Verdict> verdicts;
  for (const Attempt& x : attempts) {
    const bool success = x == "-2.0" || x == "2.0";
    verdicts.push_back({"", success ? Reward::success : Reward::failure});
  }
  return verdicts;
}

// The line numbers are those of the table in banel.h.
std::vector<double> first_steps(Oracle& oracle, std::uint64_t seed) {
  constexpr std::int64_t m = 10;     // attempts per round
  constexpr std::size_t n = 200;     // proposals to accept
  constexpr std::size_t f = 4;       // filter factor: one proposal in four is accepted
  constexpr double kappa = 1;        // exponent of p_phi
  constexpr Fit once{.epochs = 1};   // how phi and theta are fitted
  std::vector<double> success_rate;  // of theta, to look at; the algorithm does not use it

  TabularGenerator theta = toy_attacker();                           // 1  theta <- the pre-trained attacker
  for (std::uint32_t t = 1; oracle.used() < oracle.budget(); ++t) {  // 2  while evaluations are left
    const auto left = static_cast<std::size_t>(std::min(m, oracle.budget() - oracle.used()));
    const std::vector<Attempt> X = texts(theta.sample(left, {seed, "attempts", t}));  // 3  attempts
    const std::vector<Reward> r = oracle.evaluate(X);                                 // 4  their rewards

    std::vector<Attempt> F;  // 5  the failures; a rewarded string never trains anything
    for (std::size_t i = 0; i < X.size(); ++i)
      if (r[i] == Reward::failure) F.push_back(X[i]);

    TabularGenerator phi = theta;  // 6  the failure model starts from theta and learns F
    phi.fit(F, once, {seed, "phi", t});

    const std::vector<Proposal> P = theta.sample(f * n, {seed, "proposals", t});  // 7  proposals

    const std::vector<double> log_phi = phi.log_prob(texts(P));  // 8  their scores
    std::vector<double> s;
    for (std::size_t i = 0; i < P.size(); ++i) s.push_back(P[i].log_prob - kappa * log_phi[i]);

    std::vector<double> sorted = s;  // 9  tau, the n-th largest of the scores
    std::sort(sorted.begin(), sorted.end());
    const double tau = sorted[P.size() - n];

    std::vector<Attempt> A;  // 10  n proposals outside the rejection region {s < tau}
    auto ties = std::upper_bound(sorted.begin(), sorted.end(), tau) - (sorted.end() - n);
    for (std::size_t i = 0; i < P.size(); ++i)
      if (s[i] > tau || (s[i] == tau && ties-- > 0))  // of those that score tau, the first ones drawn
        if (!oracle.succeeded(P[i].text)) A.push_back(P[i].text);

    theta.fit(A, once, {seed, "distil", t});  // 11  theta learns what is left

    const std::vector<double>& p = theta.probabilities();
    success_rate.push_back(p[theta.place("-2.0")] + p[theta.place("2.0")]);
  }
  return success_rate;
}

}  // namespace banel
