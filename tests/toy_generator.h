// A distribution over a fixed list of words as the method's Generator: the test bed of banel/.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "banel/generator.h"

namespace banel {

class ToyGenerator : public Generator {
 public:
  // What fit() did, for tests to look at: called with the attempts and the purpose ("phi" or "distil").
  using Watch = std::function<void(std::span<const Attempt>, std::string_view purpose)>;

  explicit ToyGenerator(std::size_t words, Watch watch = {}, double keep = 0.5) : watch_(std::move(watch)), keep_(keep), p_(words) {
    for (std::size_t i = 0; i < words; ++i) p_[i] = 1 + static_cast<double>(i * i % 7);  // uneven, and no word at 0
    scale();
  }

  static Attempt word(std::size_t i) { return std::string("w").append(std::to_string(i)); }
  const std::vector<double>& probabilities() const { return p_; }

  std::vector<Proposal> sample(std::size_t n, Stream random) const override {
    std::vector<double> upto(p_.size());
    double total = 0;
    for (std::size_t i = 0; i < p_.size(); ++i) upto[i] = total += p_[i];
    std::vector<Proposal> proposals;
    for (std::size_t k = 0; k < n; ++k) {
      const double u = random[k].uniform() * total;
      const auto found = std::min<std::size_t>(static_cast<std::size_t>(std::upper_bound(upto.begin(), upto.end(), u) - upto.begin()), p_.size() - 1);
      proposals.push_back({word(found), std::log(p_[found])});
    }
    return proposals;
  }

  std::vector<double> log_prob(std::span<const Attempt> attempts) const override {
    std::vector<double> result;
    for (const Attempt& x : attempts) result.push_back(std::log(p_.at(number(x))));
    return result;
  }

  // Each epoch moves the probabilities half-way (1 - keep) to the smoothed frequencies of the attempts.
  double fit(std::span<const Attempt> attempts, int epochs, Stream order) override {
    if (watch_) watch_(attempts, order.purpose);
    if (attempts.empty()) return 0;
    std::vector<double> frequency(p_.size(), 0.01);
    for (const Attempt& x : attempts) frequency.at(number(x)) += 1;
    for (int epoch = 0; epoch < epochs; ++epoch)
      for (std::size_t i = 0; i < p_.size(); ++i)
        p_[i] = keep_ * p_[i] + (1 - keep_) * frequency[i] / (static_cast<double>(attempts.size()) + 0.01 * static_cast<double>(p_.size()));
    scale();
    double nats = 0;
    for (double log_prob_of_one : log_prob(attempts)) nats -= log_prob_of_one / static_cast<double>(attempts.size());
    return nats;
  }

  // Exact: p climbs by the gradient of sum_i weights[i] log p(x_i) / n with respect to log p, at rate 1.
  double ascend(std::span<const Attempt> attempts, std::span<const double> weights, Stream) override {
    std::vector<double> gradient(p_.size(), 0);
    double total = 0;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      const double w = weights[i] / static_cast<double>(attempts.size());
      gradient[number(attempts[i])] += w;
      total += w;
    }
    double squares = 0;
    for (std::size_t k = 0; k < p_.size(); ++k) {
      gradient[k] -= total * p_[k];
      squares += gradient[k] * gradient[k];
    }
    for (std::size_t k = 0; k < p_.size(); ++k) p_[k] *= std::exp(gradient[k]);
    scale();
    return std::sqrt(squares);
  }

  std::unique_ptr<Generator> clone() const override { return std::make_unique<ToyGenerator>(*this); }

 protected:
  static std::size_t number(const Attempt& x) { return std::stoul(x.substr(1)); }
  void scale() {
    double total = 0;
    for (double p : p_) total += p;
    for (double& p : p_) p /= total;
  }

  Watch watch_;
  double keep_;
  std::vector<double> p_;
};

}  // namespace banel
