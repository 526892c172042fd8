#include "tasks/model/gpt_generator.h"

#include "nn/likelihood.h"
#include "tasks/addition/addition.h"

namespace banel {

using namespace addition;

void Cost::read(const GPT& model, std::int64_t count) {
  tokens += count;
  flops += static_cast<double>(count) * model.flops_per_token();
}

void Cost::trained(const GPT& model, std::int64_t count) {
  tokens += count;
  flops +=
      3 * static_cast<double>(count) * model.flops_per_token();  // the backward pass costs two forward ones
}

std::int64_t tokens_of(std::span<const Attempt> attempts) {
  std::int64_t tokens = 0;
  for (const Attempt& x : attempts) tokens += static_cast<std::int64_t>(x.size());
  return tokens;
}

GptGenerator::GptGenerator(GPT model, FitSettings fit, double temperature, std::shared_ptr<Cost> cost)
    : model_(std::move(model)), fit_(fit), temperature_(temperature), cost_(std::move(cost)) {}

std::vector<Proposal> GptGenerator::sample(std::size_t n, Stream random) const {
  const SampleSettings settings{.prompt = {newline}, .stop = equals, .temperature = temperature_};
  std::vector<Proposal> proposals;
  for (const Sampled& s : banel::sample(model_, n, settings, random))
    proposals.push_back({decode(s.tokens), s.log_prob});
  cost_->read(model_, tokens_of(texts(proposals)));
  return proposals;
}

std::vector<double> GptGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<Sequence> sequences;
  for (const Attempt& x : attempts) sequences.push_back(encode('\n' + x));
  cost_->read(model_, tokens_of(attempts));
  return log_likelihood(model_, sequences);
}

double GptGenerator::fit(std::span<const Attempt> attempts, int epochs, Stream order) {
  std::vector<Example> examples;
  for (const Attempt& x : attempts)
    examples.push_back({.tokens = encode('\n' + x), .loss_from = 1, .weight = 1});
  FitSettings settings = fit_;
  settings.epochs = epochs;
  cost_->trained(model_, epochs * tokens_of(attempts));
  const FitReport report = banel::fit(model_, examples, settings, order);
  return report.losses.empty() ? 0 : report.losses.back();
}

double GptGenerator::ascend(std::span<const Attempt> attempts, std::span<const double> weights,
                            Stream order) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < attempts.size(); ++i)
    examples.push_back({.tokens = encode('\n' + attempts[i]), .loss_from = 1, .weight = weights[i]});
  FitSettings settings = fit_;
  settings.epochs = 1;
  cost_->trained(model_, tokens_of(attempts));
  return banel::fit(model_, examples, settings, order).gradient_norm;
}

std::unique_ptr<Generator> GptGenerator::clone() const { return std::make_unique<GptGenerator>(*this); }

}  // namespace banel
