// AdamW (Loshchilov & Hutter 2019): Adam with weight decay taken off the weights directly; Muon beside it.
#pragma once
#include <optional>
#include <vector>

#include "nn/muon.h"
#include "nn/parameters.h"

namespace banel {

struct AdamWSettings {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;  // on weights of rank 2 only: matrices and embeddings, not gains and biases
  double max_norm = 1;      // gradients longer than this are scaled down to it (Pascanu et al. 2013)
  bool muon = false;        // Muon for the matrices of the blocks
};

// Linear from 0 to `peak` over `warmup` steps, then a half cosine down to `floor` * peak at step `total`.
struct Schedule {
  double peak = 1e-3;
  std::int64_t warmup = 0, total = 0;  // total == 0: constant after the warm-up
  double floor = 0;
  double at(std::int64_t step) const;  // learning rate of step 0, 1, ...
};

class AdamW {
 public:
  AdamW(const Parameters&, const AdamWSettings&);

  // One step with the gradient g, |g| = norm:  g <- g min(1, max_norm / (norm + 1e-6));
  //   m <- b1 m + (1-b1) g;  v <- b2 v + (1-b2) g^2;  w <- w - rate (decay w + m^ / (sqrt(v^) + eps))
  // for the weights begin..end-1 only, so that pieces can run side by side; call advance() once before.
  void advance() { ++state_.steps; }
  void update(Parameters&, const real* gradients, double norm, double rate, std::size_t begin,
              std::size_t end);
  // The same for one of the matrices that update() leaves to Muon; its momentum is in m.
  std::size_t matrices() const { return muon_ ? muon_->matrices() : 0; }
  void update_matrix(std::size_t matrix, Parameters&, const real* gradients, double norm, double rate);

  struct State {  // all that a resumed run needs
    Reals m, v;
    std::int64_t steps = 0;
  };
  const State& state() const { return state_; }
  void restore(State);  // of an optimiser of the same parameters

 private:
  struct Range {
    std::size_t begin, end;
  };
  real clip(double norm) const;

  AdamWSettings settings_;
  std::optional<Muon> muon_;
  std::vector<Range> ours_;  // the weights that are not Muon's
  Reals decay_;              // weight_decay or 0 for each weight
  State state_;
};

}  // namespace banel
