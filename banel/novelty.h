// Measures of novelty that reward what was not visited yet: the baselines of the comparison, and in the place
// of the failure model two of its controls.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "banel/generator.h"

namespace banel {

class Novelty {
 public:
  virtual ~Novelty() = default;
  // The bonus of each attempt at its visit, in order; afterwards the attempts are familiar.
  virtual std::vector<double> visit(std::span<const Attempt>, Stream order) = 0;
  // The bonus each attempt would earn if it were visited next; nothing is learned.
  virtual std::vector<double> bonus(std::span<const Attempt>) = 0;
};

// A density model of strings, learned online: characters are predicted from the `order` characters before
// them, each context backing off to the next shorter one,
//   p_k(c | context) = (count(context c) + p_{k-1}(c | context without its first)) / (count(context) + 1),
// down to p = 1/256; the end of the string counts as a character (a Pitman-Yor or CTS model without
// discount).
class StringDensity {
 public:
  explicit StringDensity(std::size_t order) : order_(order) {}
  std::size_t order() const { return order_; }
  // log p(x) in nats, by what this and `also`, if there is one, have counted.
  double log_prob(const Attempt& x, const StringDensity* also = nullptr) const;
  void count(const Attempt& x);

 private:
  // A tree of all words counted, contexts and what followed them: the parent of a word is its context.
  // `child` is the first of the words with one more character, `sibling` the next with the same context.
  struct Word {
    char last = 0;
    std::uint32_t count = 0, child = 0, sibling = 0;
  };
  static constexpr std::uint32_t unknown = 0, empty = 1;      // numbers of words
  std::uint32_t longer(std::uint32_t word, char next) const;  // unknown if it was never counted
  double counted(std::uint32_t word) const { return words_[word].count; }
  std::size_t order_;
  std::vector<Word> words_{2};
};

// Count-based exploration with pseudo-counts (Bellemare et al. 2016, arXiv 1606.01868; Ostrovski et al. 2017,
// arXiv 1703.01310, section 3). With rho the density before a visit, rho' after it, n the visits so far:
//   PG = log rho'(x) - log rho(x);   N = 1 / (exp(c n^(-1/2) max(PG, 0)) - 1);   bonus = N^(-1/2)
class PseudoCounts : public Novelty {
 public:
  PseudoCounts(std::size_t order, double c) : density_(order), c_(c) {}
  std::vector<double> visit(std::span<const Attempt>, Stream) override;
  std::vector<double> bonus(std::span<const Attempt>) override;

 private:
  StringDensity density_;
  double c_, visits_ = 0;
};

}  // namespace banel
