// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"): a matrix moves along
// its momentum with all singular values set to about 1, so that no direction is learned much slower than the
// others.
//
//   Muon muon(gpt.parameters);
//   for (std::size_t m = 0; m < muon.matrices(); ++m)
//     muon.update(m, gpt.parameters.values.data(), gradients.data(), 1, 1e-3, 0, momentum.data());
#pragma once
#include <span>
#include <vector>

#include "nn/parameters.h"

namespace banel {

// x (rows, columns) = U S V^T becomes about U V^T, by five Newton-Schulz steps. The singular values are then
// in 0.7..1.2, except those that were below a hundredth of the norm of x.
//
//   Orthogonaliser o(rows, columns);
//   std::copy(..., o.x.begin());
//   o.run();  // o.x is the result
class Orthogonaliser {
 public:
  Orthogonaliser(Index rows, Index columns);
  void run();

  Index rows, columns;
  Reals x;

 private:
  Reals next_, gram_, polynomial_;
};

class Muon {
 public:
  // For the matrices of a GPT's blocks; queries, keys and values are three matrices. Embeddings, head, gains
  // and biases are left to AdamW.
  explicit Muon(const Parameters&);
  std::span<const Slice> slices() const { return slices_; }  // those that consist of these matrices
  std::size_t matrices() const { return matrices_.size(); }

  // One step of one matrix with the gradient g, where b = 0.95 and O(x) is the orthogonalised x:
  //   m <- b m + (1 - b) clip g
  //   w <- w - rate (decay w + 0.2 sqrt(longer side) O(b m + (1 - b) clip g))
  // The factor 0.2 sqrt(longer side) makes the step as large as one of AdamW, so that both use the same rate
  // (Liu et al. 2025, "Muon is scalable for LLM training", section 2.2). Weights, gradients and momentum are
  // laid out as Parameters::values. Different matrices may be updated at the same time.
  void update(std::size_t matrix, real* weights, const real* gradients, real clip, real rate, real decay,
              real* momentum);

 private:
  struct Matrix {
    std::size_t begin;  // row r is the weights from begin + r * stride on
    Index stride;
    Orthogonaliser step;
  };
  std::vector<Slice> slices_;
  std::vector<Matrix> matrices_;
};

}  // namespace banel
