#include "tasks/model/gpt_generator.h"

#include "nn/io/checkpoint.h"
#include "nn/likelihood.h"
#include "nn/sample.h"
#include "tensor/check.h"

namespace banel {

void add_read(Cost& cost, const GPT& model, std::int64_t tokens) {
  cost.tokens += tokens;
  cost.flops += static_cast<double>(tokens) * model.flops_per_token();
}

void add_trained(Cost& cost, const GPT& model, std::int64_t tokens) {
  cost.tokens += tokens;
  cost.flops += 3 * static_cast<double>(tokens) * model.flops_per_token();  // backward costs two forwards
}

std::int64_t tokens_of(std::span<const Attempt> attempts) {
  std::int64_t tokens = 0;
  for (const Attempt& x : attempts) tokens += std::ssize(x);
  return tokens;
}

GptGenerator::GptGenerator(GPT model, Language language)
    : model_(std::move(model)), language_(std::move(language)) {
  ENSURE(model_.config().vocabulary == language_.alphabet.size(), "network",
         "its vocabulary is " << model_.config().vocabulary << ", the alphabet has "
                              << language_.alphabet.size() << " characters");
  ENSURE(!language_.prompt.empty(), "language", "the prompt is empty; give a begin character");
}

void GptGenerator::count_read(std::span<const Attempt> attempts) const {
  if (cost_) add_read(*cost_, model_, tokens_of(attempts));
}

void GptGenerator::count_trained(std::span<const Attempt> attempts, int epochs) const {
  if (cost_) add_trained(*cost_, model_, epochs * tokens_of(attempts));
}

std::vector<Proposal> GptGenerator::sample(std::size_t n, Stream random) const {
  const Alphabet& alphabet = language_.alphabet;
  const SampleSettings settings{.prompt = alphabet.encode(language_.prompt),
                                .stop = alphabet.id(language_.stop),
                                .temperature = temperature_};
  std::vector<Proposal> proposals;
  proposals.reserve(n);
  for (const Sampled& s : banel::sample(model_, n, settings, random))
    proposals.push_back({alphabet.decode(s.tokens), s.log_prob});
  count_read(texts(proposals));
  return proposals;
}

std::vector<double> GptGenerator::log_prob(std::span<const Attempt> attempts) const {
  std::vector<Sequence> sequences;
  sequences.reserve(attempts.size());
  for (const Attempt& x : attempts) sequences.push_back(language_.alphabet.encode(language_.prompt + x));
  count_read(attempts);
  return log_likelihood(model_, sequences, language_.prompt.size());
}

std::vector<Example> GptGenerator::examples(std::span<const Attempt> attempts,
                                            std::span<const double> weights) const {
  std::vector<Example> result;
  for (std::size_t i = 0; i < attempts.size(); ++i)
    result.push_back({.tokens = language_.alphabet.encode(language_.prompt + attempts[i]),
                      .loss_from = static_cast<int>(language_.prompt.size()),
                      .weight = weights.empty() ? 1 : weights[i]});
  return result;
}

double GptGenerator::fit(std::span<const Attempt> attempts, const Fit& fit, Stream order) {
  count_trained(attempts, fit.epochs);
  const FitReport report = banel::fit(model_, examples(attempts, {}),
                                      {.epochs = fit.epochs, .batch = fit.batch, .rate = fit.rate}, order);
  return report.losses.empty() ? 0 : report.losses.back();
}

double GptGenerator::ascend(std::span<const Attempt> attempts, std::span<const double> weights,
                            const Fit& fit, Stream order) {
  count_trained(attempts, 1);
  return banel::fit(model_, examples(attempts, weights), {.epochs = 1, .batch = fit.batch, .rate = fit.rate},
                    order)
      .gradient_norm;
}

double GptGenerator::unlearn(std::span<const Attempt> attempts, const Fit& fit, Stream order) {
  count_trained(attempts, 1);
  return banel::fit(model_, examples(attempts, {}), {.epochs = 1, .batch = fit.batch, .rate = fit.rate},
                    order, unlikelihood_loss)
      .gradient_norm;
}

std::unique_ptr<Generator> GptGenerator::clone() const { return std::make_unique<GptGenerator>(*this); }

std::string GptGenerator::state() const { return encode_checkpoint(model_); }

std::unique_ptr<Generator> GptGenerator::with_state(std::string_view bytes, std::string_view where) const {
  Checkpoint checkpoint = decode_checkpoint(bytes, where);
  ENSURE_AS(checkpoint.model.config() == model_.config(), InputError, where,
            "is a network of other sizes; restore the file, or remove the folder and start over");
  auto model = std::make_unique<GptGenerator>(*this);
  model->model_ = std::move(checkpoint.model);
  return model;
}

const GptGenerator& as_gpt(const Generator& generator, std::string_view who) {
  const auto* gpt = dynamic_cast<const GptGenerator*>(&generator);
  ENSURE(gpt, who, "needs a prior that is a GPT; the prior of this task is kept as " << generator.format());
  return *gpt;
}

}  // namespace banel
