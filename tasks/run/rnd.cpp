#include "tasks/run/rnd.h"

#include "tensor/parallel.h"

namespace banel {

namespace {

constexpr int width = 32, layers = 1, heads = 4;

GPTConfig small(const GPTConfig& attacker) {
  return {attacker.vocabulary, attacker.context + 1, width, layers,
          heads};  // it reads the last character too
}

// |f - g|^2 / d for each row, as numbers of the tape of f.
Tensor squared_differences(const Tensor& f, const Tensor& g) {
  const Tensor difference = sub(f, g);
  return scale(mul(difference, difference), real(1) / static_cast<real>(f.dim(1)));
}

Tensor features(const GPT& model, Tape& tape, const Rows& rows) {
  return model.hidden(Weights(tape, model.parameters), rows);
}

}  // namespace

Rnd::Rnd(const GptGenerator& attacker, const NoveltySettings& settings, std::uint64_t seed,
         std::shared_ptr<Cost> cost)
    : language_(attacker.language()),
      fit_{.epochs = settings.epochs, .rate = settings.rate},
      cost_(std::move(cost)),
      random_(small(attacker.model().config()), Rng(seed, "rnd random network")),
      predictor_(small(attacker.model().config()), Rng(seed, "rnd predictor")) {}

// The last token of an example is never read, so one more character stands behind the string; only the row
// before it counts.
std::vector<Example> Rnd::examples(std::span<const Attempt> attempts) const {
  const std::string& prompt = language_.prompt;
  std::vector<Example> result;
  for (const Attempt& x : attempts)
    result.push_back({.tokens = language_.alphabet.encode(prompt + x + prompt[0]),
                      .loss_from = static_cast<int>(prompt.size() + x.size())});
  return result;
}

std::vector<double> Rnd::visit(std::span<const Attempt> attempts, Stream order) {
  std::vector<double> before = bonus(attempts);
  const auto loss = [this](const GPT& predictor, const Weights& weights, const Shard& shard) {
    const Tensor f = predictor.hidden(weights, shard.rows()), g = features(random_, f.tape(), shard.rows());
    const Tensor d = select(squared_differences(f, g), shard.target_rows);
    const Tensor counted = d.tape().uninitialised(d.shape());
    for (Index n = 0; n < d.dim(0); ++n)
      std::fill_n(counted.data() + n * d.dim(1), d.dim(1), shard.weights[static_cast<std::size_t>(n)]);
    return sum(mul(d, counted));
  };
  const std::vector<Example> data = examples(attempts);
  fit(predictor_, data, fit_, order, loss);
  add_trained(*cost_, predictor_, fit_.epochs * tokens_of(attempts));
  return before;
}

std::vector<double> Rnd::bonus(std::span<const Attempt> attempts) {
  constexpr std::size_t group = 128;  // strings
  const std::vector<Example> data = examples(attempts);
  std::vector<double> result(attempts.size());
  parallel_for((data.size() + group - 1) / group, [&](std::size_t k) {
    Batch batch;
    const std::size_t first = k * group, last = std::min(first + group, data.size());
    for (std::size_t i = first; i < last; ++i) batch.add(data[i]);
    const Rows rows{batch.tokens, batch.positions, batch.offsets, {}};
    Tape tape(Record::no);
    const Tensor d = squared_differences(features(predictor_, tape, rows), features(random_, tape, rows));
    for (std::size_t i = first; i < last; ++i) {
      const real* row = d.data() + (batch.offsets[i - first + 1] - 1) * d.dim(1);
      for (Index j = 0; j < d.dim(1); ++j) result[i] += static_cast<double>(row[j]);
    }
  });
  add_read(*cost_, predictor_, 2 * tokens_of(attempts));
  return result;
}

}  // namespace banel
