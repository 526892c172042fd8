#include "tasks/model/prior.h"

#include "nn/io/file.h"

namespace banel {

GptGenerator train_prior(const NetworkFile& file, const Language& language, int longest,
                         const TrainingSettings& t, std::uint64_t seed,
                         const std::function<Attempt(Rng&)>& string, ProgressMode mode) {
  const auto prompt = static_cast<int>(language.prompt.size());
  const int context = prompt + longest - 1;  // the last character is predicted, never read
  const GPTConfig config{language.alphabet.size(), context, t.d_model, t.layers, t.heads};
  if (auto model = file.finished(config)) return {std::move(*model), language};
  create_folders(file.folder);
  GPT model(config, Rng(seed, "attacker weights"));
  const auto example = [&](Rng& rng) -> Example {
    return {
        .tokens = language.alphabet.encode(language.prompt + string(rng)), .loss_from = prompt, .weight = 1};
  };
  constexpr std::int64_t save_every = 100'000;  // examples
  Progress progress(file.name, t.examples, mode);
  const Training training = train(
      model, file, t, {seed, "attacker data"}, save_every, example, [](Training&) { return false; },
      progress);
  file.finish(
      model,
      {{"examples", training.examples}, {"loss", training.loss}, {"training_seconds", training.seconds}});
  return {std::move(model), language};
}

}  // namespace banel
