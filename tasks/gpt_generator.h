// A GPT over the addition alphabet as the method's Generator.
#pragma once
#include "banel/generator.h"
#include "nn/sample.h"

namespace banel {

class GptGenerator : public Generator {
 public:
  // temperature: of sample(); 1 except for the control that only turns it up.
  GptGenerator(GPT model, FitSettings fit, double temperature = 1);

  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;
  double fit(std::span<const Attempt>, int epochs, Stream order) override;
  std::unique_ptr<Generator> clone() const override;

  const GPT& model() const { return model_; }

 private:
  GPT model_;
  FitSettings fit_;
  double temperature_;
};

}  // namespace banel
