// Random network distillation (Burda et al. 2018, arXiv 1810.12894) on strings: what the predictor has not
// seen is novel.
//   Rnd novelty(attacker, {.epochs = 10}, seed, cost);     novelty.visit(failures, order)[0] is the bonus
#pragma once
#include "banel/novelty.h"
#include "tasks/model/gpt_generator.h"
#include "tasks/model/method.h"

namespace banel {

// bonus(x) = |f(x) - g(x)|^2 / d, where g is a small random transformer that stays as it is, f another one
// that is trained to agree with it on the visited strings, and both are read at the last position of x.
class Rnd : public Novelty {
 public:
  // For the strings that the attacker can write. Settings: epochs and rate of each visit.
  Rnd(const GptGenerator& attacker, const NoveltySettings&, std::uint64_t seed, std::shared_ptr<Cost> cost);

  std::vector<double> visit(std::span<const Attempt>, Stream order) override;
  std::vector<double> bonus(std::span<const Attempt>) override;

 private:
  std::vector<Example> examples(std::span<const Attempt>) const;
  Language language_;
  FitSettings fit_;
  std::shared_ptr<Cost> cost_;
  GPT random_, predictor_;
};

}  // namespace banel
