// What the method needs of a generative model. The method knows no digits, tokens or networks.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/rng.h"

namespace banel {

using Attempt = std::string;

struct Proposal {
  Attempt text;
  double log_prob = 0;  // under the model that drew it, in nats
};

inline std::vector<Attempt> texts(std::span<const Proposal> proposals) {
  std::vector<Attempt> result;
  for (const Proposal& p : proposals) result.push_back(p.text);
  return result;
}

class Generator {
 public:
  virtual ~Generator() = default;
  virtual std::vector<Proposal> sample(std::size_t n,
                                       Stream random) const = 0;  // proposal i draws from random[i]
  virtual std::vector<double> log_prob(
      std::span<const Attempt>) const = 0;  // nats; -infinity if it cannot be drawn
  virtual double fit(std::span<const Attempt>, int epochs,
                     Stream order) = 0;  // maximum likelihood, continuing from here;
                                         // returns the last epoch's nats per token
  // Policy gradient: one pass over the attempts in a random order, each batch one step up the gradient of the
  // mean of weights[i] log p(x_i). Returns the largest gradient norm; weights of 0 leave the model as it is.
  virtual double ascend(std::span<const Attempt>, std::span<const double> weights, Stream order) = 0;
  virtual std::unique_ptr<Generator> clone() const = 0;
};

}  // namespace banel
