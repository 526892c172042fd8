// The only view the method has of a generative model: it samples strings, scores strings and learns strings.
// The method therefore runs on a table of words (tabular.h) as well as on a network. For example
//
//   std::unique_ptr<Generator> phi = theta.clone();   // a failure model starts as a copy of theta
//   phi->fit(failures, {.epochs = 30}, {seed, "phi", round});
//   std::vector<double> log_p = phi->log_prob(texts(theta.sample(100, {seed, "proposals", round})));
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/parallel.h"
#include "tensor/rng.h"

namespace banel {

using Attempt = std::string;  // x, any bytes

struct Proposal {
  Attempt text;
  double log_prob = 0;  // log p(text) in nats, under the model that drew it
};

inline std::vector<Attempt> texts(std::span<const Proposal> proposals) {
  std::vector<Attempt> result;
  for (const Proposal& p : proposals) {
    check_stop();
    result.push_back(p.text);
  }
  return result;
}

// How a model is fitted. A model that has no use for a field ignores it.
struct Fit {
  int epochs = 1;      // passes over the strings, >= 0
  double rate = 1e-3;  // learning rate
  int batch = 64;      // strings per gradient step, >= 1
};

// What the models of one run have computed so far.
struct Cost {
  std::int64_t tokens = 0;  // that went through a model
  double flops = 0;         // of the model itself, without the optimiser
};

class Generator {
 public:
  virtual ~Generator() = default;

  // n independent draws; draw i takes its random numbers from random[i], so draws 0..k-1 do not depend on n.
  virtual std::vector<Proposal> sample(std::size_t n, Stream random) const = 0;

  // log p(x) of each string in nats; -infinity for a string that the model cannot write.
  virtual std::vector<double> log_prob(std::span<const Attempt>) const = 0;

  // Maximum likelihood: raises sum_i log p(x_i), starting from the present parameters. Returns the loss of
  // the last epoch in nats per token; 0 without strings or epochs, which also leave the model as it is.
  virtual double fit(std::span<const Attempt>, const Fit&, Stream order) = 0;

  // Policy gradient: one pass over the strings in random order. Each batch makes one step up the gradient of
  //   sum_i weights[i] log p(x_i) / size of the batch        (in strings or tokens, as the model counts).
  // fit.epochs is ignored. One weight per string; a weight may be negative. Returns the largest gradient norm
  // of the pass. If all weights are 0, it is exactly 0, and the probabilities stay up to rounding.
  virtual double ascend(std::span<const Attempt>, std::span<const double> weights, const Fit&,
                        Stream order) = 0;

  // Unlikelihood (Welleck et al. 2019, arXiv 1908.04319): one pass like that of ascend, up the gradient of
  //   sum over all tokens t of the strings of log(1 - p(t | the tokens before it)).
  // By default a string is one token: the gradient of log(1 - p(x)) is that of log p(x) with the weight
  // -p(x) / (1 - p(x)). A model that writes token by token has its own, since p(x) is next to nothing.
  virtual double unlearn(std::span<const Attempt>, const Fit&, Stream order);

  virtual std::unique_ptr<Generator> clone() const = 0;

  // All that training changes, as bytes for a file, and the ending of that file's name: "safetensors".
  virtual std::string state() const = 0;
  virtual std::string_view format() const = 0;

  // A clone in the state that state() wrote, equal to it bit for bit. Texts that others added to the metadata
  // of a safetensors file, or under "label" to a JSON object, are ignored. Errors: InputError "WHERE: ..." if
  // the bytes are damaged or do not fit this model.
  virtual std::unique_ptr<Generator> with_state(std::string_view bytes, std::string_view where) const = 0;

  // From here on this model and the clones made of it add up their work in `cost`. A model may ignore this.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): models that count keep it
  virtual void count_cost(std::shared_ptr<Cost> cost) { (void)cost; }
};

}  // namespace banel
