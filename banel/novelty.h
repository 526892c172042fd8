// Measures of novelty that reward what was not visited yet: the baselines of the comparison, and in the place
// of the failure model two of its controls.
#pragma once
#include <map>
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
  double log_prob(const Attempt&) const;           // nats
  void count(const Attempt& x, double times = 1);  // times = -1 takes back what +1 has counted

 private:
  struct Context {
    double total = 0;
    std::map<char, double> next;
    std::map<char, std::unique_ptr<Context>> longer;  // by the character before this context
  };
  std::size_t order_;
  Context empty_;
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
  double visited(const Attempt&);  // counts x, returns its bonus
  StringDensity density_;
  double c_, visits_ = 0;
};

}  // namespace banel
