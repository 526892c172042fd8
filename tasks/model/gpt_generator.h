// A GPT over characters as the method's Generator: it continues a prompt until a stop character.
//   const Language questions{Alphabet("0123456789+=\n"), "\n", '='};        // "\n" -> "58+67="
//   GptGenerator attacker(GPT(...), questions);      attacker.sample(5, {1, "samples"})[0].text == "58+67="
#pragma once
#include "banel/generator.h"
#include "nn/gpt.h"
#include "tasks/model/alphabet.h"

namespace banel {

// What a network writes: a prompt, which it is given and does not count, then an attempt up to `stop`.
struct Language {
  Alphabet alphabet;
  std::string prompt;  // at least one character; for a free string a single begin character
  char stop;
};

// Model FLOPs: 2 per weight of the linear layers for each token read, 6 for each token trained on.
void add_read(Cost&, const GPT&, std::int64_t tokens);
void add_trained(Cost&, const GPT&, std::int64_t tokens);
std::int64_t tokens_of(std::span<const Attempt>);  // one a character; the prompt is not counted

class GptGenerator : public Generator {
 public:
  // Errors: UsageError if the network's vocabulary is not the alphabet's size.
  GptGenerator(GPT model, Language language);

  std::vector<Proposal> sample(std::size_t n, Stream random) const override;
  std::vector<double> log_prob(std::span<const Attempt>) const override;
  double fit(std::span<const Attempt>, const Fit&, Stream order) override;
  double ascend(std::span<const Attempt>, std::span<const double> weights, const Fit&, Stream order) override;
  double unlearn(std::span<const Attempt>, const Fit&, Stream order) override;
  std::unique_ptr<Generator> clone() const override;

  std::string state() const override;  // a safetensors file of the network
  std::unique_ptr<Generator> with_state(std::string_view bytes, std::string_view where) const override;
  std::string_view format() const override { return "safetensors"; }
  void count_cost(std::shared_ptr<Cost> cost) override { cost_ = std::move(cost); }

  // Of sample(); 1 except for the control that only turns it up.
  void set_temperature(double temperature) { temperature_ = temperature; }
  const GPT& model() const { return model_; }
  const Language& language() const { return language_; }

 private:
  std::vector<Example> examples(std::span<const Attempt>, std::span<const double> weights) const;
  void count_read(std::span<const Attempt>) const;
  void count_trained(std::span<const Attempt>, int epochs) const;
  GPT model_;
  Language language_;
  double temperature_ = 1;
  std::shared_ptr<Cost> cost_;  // null: nobody counts, and several threads may ask the same model
};

// The generator as a GptGenerator. Errors: UsageError "WHO needs a prior that is a GPT; this one is kept as
// FORMAT".
const GptGenerator& as_gpt(const Generator&, std::string_view who);

}  // namespace banel
