// The optimiser: AdamW (Loshchilov & Hutter 2019), and Muon (muon.h) for the matrices of the blocks if asked
// for.
//
//   AdamW optimizer(gpt.parameters, {.weight_decay = 0.1});
//   optimizer.advance();  // step 1
//   optimizer.update(gpt.parameters, gradients.data(), norm, 1e-3, 0, gradients.size());
//
// Trainer (train.h) does this for you.
#pragma once
#include <optional>
#include <vector>

#include "nn/muon.h"
#include "nn/parameters.h"

namespace banel {

struct AdamWSettings {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;  // of weights of rank 2: matrices and embeddings, not gains and biases
  double max_norm = 1;      // a longer gradient is scaled down to this norm (Pascanu et al. 2013)
  bool muon = false;        // whether Muon updates the matrices of the blocks
};

// Learning rates: linear up to `peak` in `warmup` steps, then half a cosine down to floor * peak at step
// `total`, then constant. total = 0: constant after the warm-up.
struct Schedule {
  double peak = 1e-3;
  std::int64_t warmup = 0, total = 0;
  double floor = 0;                    // as a share of the peak
  double at(std::int64_t step) const;  // steps count from 0
};

class AdamW {
 public:
  AdamW(const Parameters&, const AdamWSettings&);

  void advance() { ++state_.steps; }  // once before the updates of a step

  // Step t for the weights begin..end-1 without those of Muon, with the gradient g of the norm |g| = `norm`:
  //   g <- g min(1, max_norm / (|g| + 1e-6))
  //   m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) g^2
  //   w <- w - rate (decay w + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon))
  // Different ranges may be updated at the same time.
  void update(Parameters&, const real* gradients, double norm, double rate, std::size_t begin,
              std::size_t end);

  // The same for one of the matrices that update() leaves to Muon, whose momentum is in m.
  std::size_t matrices() const { return muon_ ? muon_->matrices() : 0; }
  void update_matrix(std::size_t matrix, Parameters&, const real* gradients, double norm, double rate);

  struct State {  // all that a resumed run needs: m and v, laid out as the weights, and t
    Reals m, v;
    std::int64_t steps = 0;
  };
  const State& state() const { return state_; }
  void restore(State);  // of an optimiser of the same parameters; UsageError if the sizes differ

 private:
  struct Range {
    std::size_t begin, end;
  };
  real clip(double norm) const;

  AdamWSettings settings_;
  std::optional<Muon> muon_;
  std::vector<Range> ranges_;  // of weights that are not Muon's
  Reals decay_;                // weight_decay or 0 for each weight
  State state_;
};

}  // namespace banel
