// Random network distillation (Burda et al. 2018, arXiv 1810.12894) on strings.
#pragma once
#include "banel/novelty.h"
#include "tasks/model/gpt_generator.h"

namespace banel {

// bonus(x) = |f(x) - g(x)|^2 / d, where g is a small random transformer that stays as it is, f another one
// that is trained to agree with it on the visited strings, and both are read at the last position of x.
class Rnd : public Novelty {
 public:
  // For the strings an attacker of this configuration can write. settings: epochs, batch and rate of each
  // visit.
  Rnd(const GPTConfig& attacker, const FitSettings& settings, std::uint64_t seed, std::shared_ptr<Cost> cost);

  std::vector<double> visit(std::span<const Attempt>, Stream order) override;
  std::vector<double> bonus(std::span<const Attempt>) override;

 private:
  std::vector<Example> examples(std::span<const Attempt>) const;
  FitSettings settings_;
  std::shared_ptr<Cost> cost_;
  GPT random_, predictor_;
};

}  // namespace banel
