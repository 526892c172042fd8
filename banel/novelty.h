// Novelty bonuses: high for strings unlike those visited before. The bonus methods learn from them
// (policy.h), and two controls put them in place of the ratio (novelty_score in banel.h). For example
//
//   PseudoCounts novelty(4, 0.1);
//   novelty.visit(failures, order);                                        // these are familiar afterwards
//   std::vector<double> b = novelty.bonus(std::vector<Attempt>{"12+3="});
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "banel/generator.h"

namespace banel {

class Novelty {
 public:
  virtual ~Novelty() = default;

  // Visits the strings one after the other. Returns the bonus that each had at its visit, >= 0.
  virtual std::vector<double> visit(std::span<const Attempt>, Stream order) = 0;

  // The bonus that each string would have if it were visited next. Learns nothing.
  virtual std::vector<double> bonus(std::span<const Attempt>) = 0;
};

// A density over strings that learns online. Each character is predicted from the k characters before it, for
// k = 0, 1, ..., order; each k falls back on the one below:
//   p_k(c | context) = (count(context c) + p_{k-1}(c | context without its first)) / (count(context) + 1),
// with p_{-1} = 1/256. The end of a string counts as a character. This is a context-tree model without
// discount.
class StringDensity {
 public:
  explicit StringDensity(std::size_t order) : order_(order) {}
  std::size_t order() const { return order_; }

  // log p(x) in nats, from the counts of this density plus those of `also`.
  double log_prob(const Attempt& x, const StringDensity* also = nullptr) const;
  void count(const Attempt& x);

 private:
  // All words counted so far, contexts as well as contexts with the next character, as a tree: the parent of
  // a word is the word without its last character. `child` is its first child, `sibling` the next of its
  // parent's.
  struct Word {
    char last = 0;
    std::uint32_t count = 0, child = 0, sibling = 0;
  };
  static constexpr std::uint32_t unknown = 0, empty = 1;      // indices of the missing and of the empty word
  std::uint32_t longer(std::uint32_t word, char next) const;  // index of the word with `next` appended
  double counted(std::uint32_t word) const { return words_[word].count; }
  std::size_t order_;
  std::vector<Word> words_{2};
};

// Pseudo-counts (Bellemare et al. 2016, arXiv 1606.01868; Ostrovski et al. 2017, arXiv 1703.01310, section
// 3). With rho the density before a visit of x, rho' the density after it and n the number of visits
// including it,
//   PG = log rho'(x) - log rho(x);   N = 1 / (exp(c n^(-1/2) max(PG, 0)) - 1);   bonus = N^(-1/2)
class PseudoCounts : public Novelty {
 public:
  // order: characters of context; c > 0 scales the bonus.
  PseudoCounts(std::size_t order, double c) : density_(order), c_(c) {}
  std::vector<double> visit(std::span<const Attempt>, Stream) override;
  std::vector<double> bonus(std::span<const Attempt>) override;

 private:
  StringDensity density_;
  double c_, visits_ = 0;
};

}  // namespace banel
