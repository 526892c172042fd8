// A whole GPT in double precision: its gradient against central differences, its cached form against the
// batch form.
#include "nn/train.h"
#include "tests/support/check_grad.h"

namespace banel {
namespace {

struct Text {
  std::vector<int> tokens, positions, offsets = {0}, targets;
  std::vector<real> weights;

  Text(const std::vector<int>& lengths, int vocabulary, Rng& rng) {
    for (int length : lengths) {
      for (int t = 0; t < length; ++t) {
        tokens.push_back(static_cast<int>(rng.below(static_cast<std::uint32_t>(vocabulary))));
        positions.push_back(t);
        targets.push_back(static_cast<int>(rng.below(static_cast<std::uint32_t>(vocabulary))));
        weights.push_back(rng.uniform() - 0.2);
      }
      offsets.push_back(offsets.back() + length);
    }
  }
};

void check_gpt(const GPTConfig& config, const std::vector<int>& lengths, double logit_size) {
  Rng rng(3, "gpt_grad_test", static_cast<std::uint32_t>(config.d_model));
  GPT gpt(config, rng);
  for (real& w : gpt.parameters.values) w += 0.2 * rng.normal();  // so that no gain is 1 and no bias 0
  for (const Slice& slice : gpt.parameters.slices())
    if (slice.name == "head.weight")
      for (std::size_t i = slice.offset; i < slice.end(); ++i) gpt.parameters.values[i] *= logit_size;
  const Text text(lengths, config.vocabulary, rng);
  std::vector<real> gradient(gpt.parameters.values.size());
  const auto loss = [&](real* gradients) {
    Tape tape;
    const Tensor logits =
        gpt.logits(Weights(tape, gpt.parameters, gradients), {text.tokens, text.positions, text.offsets, {}});
    const Tensor result = cross_entropy(logits, text.targets, text.weights);
    if (gradients == gradient.data()) tape.backward(result);
    return result.data()[0];
  };
  loss(gradient.data());
  for (const Slice& slice : gpt.parameters.slices()) {
    const auto first = static_cast<std::ptrdiff_t>(slice.offset),
               last = static_cast<std::ptrdiff_t>(slice.end());
    std::vector<real> values(gpt.parameters.values.begin() + first, gpt.parameters.values.begin() + last);
    const std::vector<real> slice_gradient(gradient.begin() + first, gradient.begin() + last);
    std::ostringstream what;
    what << "GPT of width " << config.d_model << ", " << slice.name << ' ' << slice.shape;
    check_direction(what.str(), slice_gradient, values, rng, [&] {
      std::copy(values.begin(), values.end(), gpt.parameters.values.begin() + first);
      return loss(nullptr);
    });
    std::copy(values.begin(), values.end(), gpt.parameters.values.begin() + first);
  }
}

TEST_CASE("the gradient of a whole GPT agrees with central differences") {
  check_gpt({.vocabulary = 2, .context = 1, .d_model = 1, .layers = 1, .heads = 1}, {1}, 1);
  check_gpt({.vocabulary = 5, .context = 9, .d_model = 3, .layers = 1, .heads = 3}, {1, 9}, 1);
  check_gpt({.vocabulary = 13, .context = 40, .d_model = 20, .layers = 2, .heads = 4}, {1, 40, 3, 17, 8, 1},
            1);
  check_gpt({.vocabulary = 9, .context = 16, .d_model = 16, .layers = 3, .heads = 2}, {16, 7}, 1);
}

TEST_CASE("the gradient of a whole GPT agrees with central differences at logits of several hundreds") {
  check_gpt({.vocabulary = 11, .context = 12, .d_model = 10, .layers = 2, .heads = 2}, {12, 5, 1}, 200);
}

TEST_CASE("the unlikelihood is that of its formula and its gradient agrees with central differences") {
  Rng rng(5, "gpt_grad_test");
  GPT gpt({.vocabulary = 5, .context = 6, .d_model = 8, .layers = 1, .heads = 2}, rng);
  for (real& w : gpt.parameters.values) w += 0.2 * rng.normal();
  Batch batch;
  batch.add({.tokens = {0, 1, 2, 3}});
  batch.add({.tokens = {0, 1, 4}, .loss_from = 2, .weight = 0.5});
  std::vector<std::size_t> order;
  sort_strings(batch, order);
  Shard shard;
  REQUIRE(next_shard(batch, order, shard) == 2);
  std::vector<real> gradient(gpt.parameters.values.size());
  double formula = 0;
  const auto loss = [&](real* gradients) {
    Tape tape;
    const Weights weights(tape, gpt.parameters, gradients);
    const Tensor result = unlikelihood_loss(gpt, weights, shard);
    if (gradients) {
      tape.backward(result);
      Tape other;
      const Tensor logits =
          select(gpt.logits(Weights(other, gpt.parameters, nullptr), shard.rows()), shard.target_rows);
      for (std::size_t i = 0; i < shard.targets.size(); ++i) {
        const real* row = logits.data() + 5 * static_cast<Index>(i);
        double sum = 0;
        for (int v = 0; v < 5; ++v) sum += std::exp(row[v]);
        formula -= shard.weights[i] * std::log(1 - std::exp(row[shard.targets[i]]) / sum);
      }
    }
    return result.data()[0];
  };
  const real value = loss(gradient.data());
  CHECK(value == doctest::Approx(formula).epsilon(1e-12));
  std::vector<real> values(gpt.parameters.values.begin(), gpt.parameters.values.end());
  check_direction("unlikelihood", gradient, values, rng, [&] {
    std::copy(values.begin(), values.end(), gpt.parameters.values.begin());
    return loss(nullptr);
  });
}

TEST_CASE("a GPT that reads one token at a time with a cache gives the logits of the batch form") {
  Rng rng(4, "gpt_grad_test");
  GPT gpt({.vocabulary = 13, .context = 21, .d_model = 20, .layers = 3, .heads = 4}, rng);
  const std::vector<int> lengths = {21, 1, 9};
  const Text text(lengths, 13, rng);
  Tape tape(Record::no);
  const Weights weights(tape, gpt.parameters, nullptr);
  const Tensor whole = gpt.logits(weights, {text.tokens, text.positions, text.offsets, {}});
  auto cache = gpt.make_cache(3);
  double largest = 0;
  for (int t = 0; t < 21; ++t) {
    std::vector<int> tokens, positions, slots;
    for (int b = 0; b < 3; ++b)
      if (t < lengths[static_cast<std::size_t>(b)]) {
        tokens.push_back(
            text.tokens[static_cast<std::size_t>(text.offsets[static_cast<std::size_t>(b)] + t)]);
        positions.push_back(t);
        slots.push_back(b);
      }
    const Tensor step = gpt.logits(weights, {tokens, positions, {}, {}, slots}, cache);
    for (std::size_t n = 0; n < slots.size(); ++n)
      for (int v = 0; v < 13; ++v) {
        const int row = text.offsets[static_cast<std::size_t>(slots[n])] + t;
        largest = std::max(largest,
                           std::abs(step.data()[static_cast<int>(n) * 13 + v] - whole.data()[row * 13 + v]));
      }
  }
  CHECK(largest < 1e-12);
}

}  // namespace
}  // namespace banel
