#include "banel/generators/tabular.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "nn/io/json.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

TabularGenerator::TabularGenerator(std::vector<Attempt> words, std::vector<double> weights, double inertia)
    : inertia_(inertia) {
  ENSURE(words.size() == weights.size(), "tabular",
         words.size() << " words and " << weights.size() << " weights");
  ENSURE(inertia >= 0, "tabular", "inertia = " << inertia << " is negative");
  const auto list = std::make_shared<List>();
  for (std::size_t i = 0; i < words.size(); ++i)
    ENSURE(list->place.try_emplace(words[i], i).second, "tabular",
           "the word '" << words[i] << "' is given twice; words must differ");
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
    check_stop();
    const double u = random[k].uniform() * upto.back();  // below upto.back(), so upper_bound finds a word
    const auto i = static_cast<std::size_t>(std::upper_bound(upto.begin(), upto.end(), u) - upto.begin());
    proposals.push_back({list_->words[i], std::log(p_[i])});
  }
  return proposals;
}

std::vector<double> TabularGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<double> result;
  for (const Attempt& x : attempts) {
    check_stop();
    const auto found = list_->place.find(x);
    result.push_back(found == list_->place.end() ? -std::numeric_limits<double>::infinity()
                                                 : std::log(p_[found->second]));
  }
  return result;
}

double TabularGenerator::fit(std::span<const Attempt> attempts, const Fit& how, Stream) {
  if (attempts.empty() || how.epochs == 0) return 0;
  const auto n = static_cast<double>(attempts.size());
  const double kept = std::pow(inertia_ / (inertia_ + n), how.epochs);
  for (double& p : p_) p *= kept;
  for (const Attempt& x : attempts) {
    check_stop();
    p_[place(x)] += (1 - kept) / n;
  }
  const std::vector<double> logs = log_prob(attempts);
  return -std::accumulate(logs.begin(), logs.end(), 0.0) / n;
}

// With w_i = weights[i] / n, the gradient on log p_k is (sum of w_i over x_i = word k) - p_k sum_i w_i
double TabularGenerator::ascend(std::span<const Attempt> attempts, std::span<const double> weights,
                                const Fit&, Stream) {
  std::vector<double> gradient(p_.size());
  double total = 0, squares = 0;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    check_stop();
    const double w = weights[i] / static_cast<double>(attempts.size());
    gradient[place(attempts[i])] += w;
    total += w;
  }
  std::vector<double> raised = p_;
  for (std::size_t k = 0; k < p_.size(); ++k) {
    gradient[k] -= total * p_[k];
    squares += gradient[k] * gradient[k];
    raised[k] *= std::exp(gradient[k]);
  }
  set_probabilities(std::move(raised));
  return std::sqrt(squares);
}

std::unique_ptr<Generator> TabularGenerator::clone() const {
  return std::make_unique<TabularGenerator>(*this);
}

std::string TabularGenerator::state() const { return Json{{"probabilities", p_}}.dump() + '\n'; }

std::unique_ptr<Generator> TabularGenerator::with_state(std::string_view bytes,
                                                        std::string_view where) const {
  const Json json = parse_json(bytes, where);
  const Field field = Field(json, std::string(where))["probabilities"];
  std::vector<double> p;
  for (const Field& item : field.items()) p.push_back(item.number());
  if (p.size() != p_.size())
    field.refuse("has " + std::to_string(p.size()) + " numbers for " + std::to_string(p_.size()) + " words");
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  if (*std::min_element(p.begin(), p.end()) < 0 || std::abs(total - 1) > 1e-6)
    field.refuse("is no distribution: a number is negative, or the sum " + std::to_string(total) +
                 " is not 1");
  std::unique_ptr<Generator> copy = clone();
  dynamic_cast<TabularGenerator&>(*copy).p_ = std::move(p);
  return copy;
}

}  // namespace banel
