// A GPT over the addition alphabet as the method's Generator.
#pragma once
#include "banel/generator.h"
#include "nn/sample.h"
#include "nn/train.h"

namespace banel {

// What a run has computed: tokens through a network, and model FLOPs (2 x weights of the linear layers for
// each token read, three times that for each token trained on).
struct Cost {
  std::int64_t tokens = 0;
  double flops = 0;
  void read(const GPT&, std::int64_t count);
  void trained(const GPT&, std::int64_t count);
};
std::int64_t tokens_of(std::span<const Attempt>);

class GptGenerator : public Generator {
 public:
  // temperature: of sample(); 1 except for the control that only turns it up.
  // cost: where its work is added up, shared with its clones; one run, one Cost.
  GptGenerator(GPT model, FitSettings fit, double temperature = 1,
               std::shared_ptr<Cost> cost = std::make_shared<Cost>());

  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;
  double fit(std::span<const Attempt>, int epochs, Stream order) override;
  double ascend(std::span<const Attempt>, std::span<const double> weights, Stream order) override;
  std::unique_ptr<Generator> clone() const override;

  const GPT& model() const { return model_; }

 private:
  GPT model_;
  FitSettings fit_;
  double temperature_;
  std::shared_ptr<Cost> cost_;
};

}  // namespace banel
