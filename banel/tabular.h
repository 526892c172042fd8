// A distribution over a list of words as the method's Generator: so small that everything the method should
// do can be computed exactly. The one-dimensional illustration runs on it, and so do the tests of banel/.
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "banel/generator.h"

namespace banel {

class TabularGenerator : public Generator {
 public:
  // Probabilities are the weights over their sum. inertia >= 0: how many attempts the present probabilities
  // count for in an epoch of fit(). Precondition: distinct words, a finite weight >= 0 for each, one above 0.
  TabularGenerator(std::vector<Attempt> words, std::vector<double> weights, double inertia);

  const std::vector<Attempt>& words() const { return list_->words; }
  const std::vector<double>& probabilities() const { return p_; }
  std::size_t place(const Attempt&) const;  // its index; UsageError if it is not one of the words

  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;

  // With q the frequencies of the N attempts, an epoch is p <- (inertia p + N q) / (inertia + N): the maximum
  // of the likelihood under a Dirichlet prior that counts p as `inertia` attempts already seen. With inertia
  // 0 it is the plain maximum of the likelihood, and words that are not among the attempts get probability 0.
  // Returns nats per word after the last epoch.
  double fit(std::span<const Attempt>, int epochs, Stream order) override;

  // One exact step of the whole list: log p <- log p + the gradient, at rate 1.
  double ascend(std::span<const Attempt>, std::span<const double> weights, Stream order) override;

  std::unique_ptr<Generator> clone() const override;

 protected:
  void set_probabilities(std::vector<double> weights);  // scaled to a sum of 1

 private:
  struct List {
    std::vector<Attempt> words;
    std::unordered_map<Attempt, std::size_t> place;
  };
  std::shared_ptr<const List> list_;  // the same for all clones
  std::vector<double> p_;
  double inertia_;
};

}  // namespace banel
