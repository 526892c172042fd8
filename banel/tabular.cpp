#include "banel/tabular.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tensor/check.h"

namespace banel {

TabularGenerator::TabularGenerator(std::vector<Attempt> words, std::vector<double> weights, double inertia)
    : inertia_(inertia) {
  ENSURE(words.size() == weights.size(), "tabular",
         words.size() << " words and " << weights.size() << " weights");
  ENSURE(inertia >= 0, "tabular", "inertia = " << inertia << " is negative");
  const auto list = std::make_shared<List>();
  for (std::size_t i = 0; i < words.size(); ++i)
    ENSURE(list->place.try_emplace(words[i], i).second, "tabular",
           "the word '" << words[i] << "' is given twice");
  list->words = std::move(words);
  list_ = list;
  set_probabilities(std::move(weights));
}

void TabularGenerator::set_probabilities(std::vector<double> weights) {
  for (double w : weights)
    ENSURE(std::isfinite(w) && w >= 0, "tabular", "the weight " << w << " is negative or not finite");
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  ENSURE(total > 0, "tabular", "no word has a weight above 0");
  for (double& w : weights) w /= total;
  p_ = std::move(weights);
}

std::size_t TabularGenerator::place(const Attempt& x) const {
  const auto found = list_->place.find(x);
  ENSURE(found != list_->place.end(), "tabular", "'" << x << "' is not one of the words");
  return found->second;
}

std::vector<Proposal> TabularGenerator::sample(std::size_t n, Stream random) const {
  std::vector<double> upto(p_.size());
  std::partial_sum(p_.begin(), p_.end(), upto.begin());
  std::vector<Proposal> proposals;
  for (std::size_t k = 0; k < n; ++k) {
    const double u = random[k].uniform() * upto.back();  // below upto.back(), so that a word is found
    const auto i = static_cast<std::size_t>(std::upper_bound(upto.begin(), upto.end(), u) - upto.begin());
    proposals.push_back({list_->words[i], std::log(p_[i])});
  }
  return proposals;
}

std::vector<double> TabularGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<double> result;
  for (const Attempt& x : attempts) {
    const auto found = list_->place.find(x);
    result.push_back(found == list_->place.end() ? -std::numeric_limits<double>::infinity()
                                                 : std::log(p_[found->second]));
  }
  return result;
}

double TabularGenerator::fit(std::span<const Attempt> attempts, int epochs, Stream) {
  if (attempts.empty() || epochs == 0) return 0;
  const auto n = static_cast<double>(attempts.size());
  const double kept = std::pow(inertia_ / (inertia_ + n), epochs);
  for (double& p : p_) p *= kept;
  for (const Attempt& x : attempts) p_[place(x)] += (1 - kept) / n;
  const std::vector<double> logs = log_prob(attempts);
  return -std::accumulate(logs.begin(), logs.end(), 0.0) / n;
}

// d/d log p of sum_i weights[i] log p(x_i) / n, with p kept at a sum of 1.
double TabularGenerator::ascend(std::span<const Attempt> attempts, std::span<const double> weights, Stream) {
  std::vector<double> gradient(p_.size());
  double total = 0, squares = 0;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const double w = weights[i] / static_cast<double>(attempts.size());
    gradient[place(attempts[i])] += w;
    total += w;
  }
  std::vector<double> climbed = p_;
  for (std::size_t k = 0; k < p_.size(); ++k) {
    gradient[k] -= total * p_[k];
    squares += gradient[k] * gradient[k];
    climbed[k] *= std::exp(gradient[k]);
  }
  set_probabilities(std::move(climbed));
  return std::sqrt(squares);
}

std::unique_ptr<Generator> TabularGenerator::clone() const {
  return std::make_unique<TabularGenerator>(*this);
}

}  // namespace banel
