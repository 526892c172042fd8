#include "tasks/gpt_generator.h"

#include "tasks/addition.h"

namespace banel {

using namespace addition;

GptGenerator::GptGenerator(GPT model, FitSettings fit, double temperature)
    : model_(std::move(model)), fit_(fit), temperature_(temperature) {}

std::vector<Proposal> GptGenerator::sample(std::size_t n, Stream random) const {
  std::vector<Proposal> proposals;
  for (const Sampled& s : banel::sample(model_, n, newline, equals, temperature_, random))
    proposals.push_back({decode(s.tokens), s.log_prob});
  return proposals;
}

std::vector<double> GptGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<Sequence> sequences;
  for (const Attempt& x : attempts) sequences.push_back(encode('\n' + x));
  return log_likelihood(model_, sequences);
}

double GptGenerator::fit(std::span<const Attempt> attempts, int epochs, Stream order) {
  std::vector<Example> examples;
  for (const Attempt& x : attempts)
    examples.push_back({.tokens = encode('\n' + x), .loss_from = 1, .weight = 1});
  FitSettings settings = fit_;
  settings.epochs = epochs;
  const std::vector<double> losses = banel::fit(model_, examples, settings, order);
  return losses.empty() ? 0 : losses.back();
}

std::unique_ptr<Generator> GptGenerator::clone() const { return std::make_unique<GptGenerator>(*this); }

}  // namespace banel
