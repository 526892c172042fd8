// Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"): a matrix moves along
// its momentum with all singular values near 1, so that no direction is learned much slower than the others.
#pragma once
#include <span>
#include <vector>

#include "nn/parameters.h"

namespace banel {

// x (rows, columns) = U S V^T becomes about U V^T: five Newton-Schulz steps, after which the singular values
// lie near 1, in 0.7..1.2 unless they were below a hundredth of the norm of x.
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
  // For the matrices of a GPT's blocks, those of queries, keys and values each on its own; its embeddings,
  // head, gains and biases are left to AdamW.
  explicit Muon(const Parameters&);
  std::span<const Slice> slices() const { return slices_; }  // whose weights these are
  std::size_t matrices() const { return matrices_.size(); }

  // One step of one matrix with the gradient g, O as above:
  //   m <- b m + (1-b) clip g;  w <- w - rate (decay w + 0.2 sqrt(longer side) O(b m + (1-b) clip g)),  b =
  //   0.95
  // The factor gives the step the size of one of AdamW, whose rate then serves both (Liu et al. 2025, "Muon
  // is scalable for LLM training", section 2.2). Different matrices may be updated side by side.
  void update(std::size_t matrix, real* weights, const real* gradients, real clip, real rate, real decay,
              real* momentum);

 private:
  struct Matrix {
    std::size_t begin;  // row r is the weights begin + r * stride + (0 ... columns - 1)
    Index stride;
    Orthogonaliser step;
  };
  std::vector<Slice> slices_;
  std::vector<Matrix> matrices_;
};

}  // namespace banel
