// A Generator over a fixed list of words: a table of probabilities. Everything the method should do can be
// computed exactly on it, so the 1-D toy and the tests use it. For example
//
//   TabularGenerator coin({"head", "tail"}, {1, 1}, 0);
//   coin.fit(std::vector<Attempt>{"head", "head", "tail"}, {}, order);   // probabilities 2/3 and 1/3
#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "banel/generator.h"

namespace banel {

class TabularGenerator : public Generator {
 public:
  // The probabilities are the weights divided by their sum. inertia >= 0 is explained at fit().
  // Errors: UsageError unless the words are distinct, each has a finite weight >= 0 and one is above 0.
  TabularGenerator(std::vector<Attempt> words, std::vector<double> weights, double inertia);

  const std::vector<Attempt>& words() const { return list_->words; }
  const std::vector<double>& probabilities() const { return p_; }  // in the order of words()
  std::size_t place(const Attempt&) const;                         // index in words(); UsageError if absent

  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;

  // One epoch on N strings with frequencies q is p <- (inertia p + N q) / (inertia + N). This is the
  // posterior mean under a Dirichlet prior in which p counts as `inertia` strings seen before. With inertia 0
  // it is the maximum of the likelihood: words that are not among the strings get probability 0. Returns nats
  // per word. Only fit.epochs is used. Errors: UsageError if a string is not one of the words.
  double fit(std::span<const Attempt>, const Fit&, Stream order) override;

  // One step at rate 1 over all strings together, on log p: log p <- log p + gradient, then normalised. The
  // gradient is that of the mean of weights[i] log p(x_i) with the sum of p held at 1. Ignores its Fit.
  double ascend(std::span<const Attempt>, std::span<const double> weights, const Fit&, Stream order) override;

  std::unique_ptr<Generator> clone() const override;

  // {"probabilities":[0.25,0.75]}, each the shortest decimal that reads back as the same double.
  std::string state() const override;
  std::string_view format() const override { return "json"; }
  // Errors: InputError unless there is one number >= 0 for each word and their sum is 1 up to 1e-6.
  std::unique_ptr<Generator> with_state(std::string_view bytes, std::string_view where) const override;

 protected:
  void set_probabilities(std::vector<double> weights);  // divided by their sum

 private:
  struct List {
    std::vector<Attempt> words;
    std::unordered_map<Attempt, std::size_t> place;
  };
  std::shared_ptr<const List> list_;  // shared by all clones
  std::vector<double> p_;
  double inertia_;
};

}  // namespace banel
