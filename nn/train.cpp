#include "nn/train.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel {

namespace {
constexpr std::size_t max_lanes = 8, min_strings_per_lane = 32;
constexpr std::size_t weights_per_chunk = 4096;
}  // namespace

Tensor next_token_loss(const GPT& model, const Weights& weights, const Shard& shard) {
  const Tensor logits = select(model.logits(weights, shard.rows()), shard.target_rows);
  return cross_entropy(logits, shard.targets, shard.weights);
}

// The gradient of -log(1 - p) is that of the cross entropy -log p with the weight -p / (1 - p), taken for a
// constant.
Tensor unlikelihood_loss(const GPT& model, const Weights& weights, const Shard& shard) {
  constexpr real least_rest = real(1e-5);  // of 1 - p, so that a certain token has a finite weight
  const Tensor logits = select(model.logits(weights, shard.rows()), shard.target_rows);
  const Index vocabulary = logits.dim(1);
  const std::size_t n = shard.targets.size();
  real* const token_weights = logits.tape().scratch(static_cast<Index>(n));
  Reals p(static_cast<std::size_t>(simd::round_up(vocabulary)));
  double loss = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(logits.data() + static_cast<Index>(i) * vocabulary, vocabulary, p.begin());
    kernels::softmax(p.data(), vocabulary, p.data());
    const real chance = p[static_cast<std::size_t>(shard.targets[i])];
    const real rest = std::max(1 - chance, least_rest);
    token_weights[i] = -shard.weights[i] * chance / rest;
    loss -= static_cast<double>(shard.weights[i] * std::log(rest));
  }
  Tensor result = cross_entropy(logits, shard.targets, std::span<const real>(token_weights, n));
  result.data()[0] = static_cast<real>(loss);  // a cross entropy in its gradient only
  return result;
}

Trainer::Trainer(GPT& model, const AdamWSettings& settings, Loss loss)
    : model_(model),
      loss_(std::move(loss)),
      optimizer_(model.parameters, settings),
      partial_norms_((model.parameters.values.size() + weights_per_chunk - 1) / weights_per_chunk) {
  lanes_.push_back(std::make_unique<Lane>());
}

void Trainer::run_lane(Lane& lane, const Batch& batch, std::span<const std::size_t> strings) {
  lane.gradients.assign(model_.parameters.values.size(), 0);
  lane.loss = 0;
  while (!strings.empty()) {
    strings = strings.subspan(next_shard(batch, strings, lane.shard));
    lane.tape.reset();
    const Weights weights(lane.tape, model_.parameters, lane.gradients.data());
    const Tensor loss = loss_(model_, weights, lane.shard);
    lane.tape.backward(loss);
    lane.loss += static_cast<double>(loss.data()[0]);
  }
}

namespace {
// Eight partial sums, which a compiler can keep in a vector: it may not choose such an order by itself.
double sum_of_squares(std::span<const real> x) {
  constexpr std::size_t sums = 8;
  double squares[sums] = {};
  const auto add = [&](std::size_t i, std::size_t sum) {
    squares[sum] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  };
  const std::size_t whole = x.size() / sums * sums;
  for (std::size_t i = 0; i < whole; i += sums)
    for (std::size_t sum = 0; sum < sums; ++sum) add(i + sum, sum);
  for (std::size_t i = whole; i < x.size(); ++i) add(i, i - whole);
  return std::accumulate(squares, squares + sums, 0.0);
}
}  // namespace

StepReport Trainer::step(const Batch& batch, double rate) {
  const std::size_t strings = batch.strings();
  ENSURE(strings > 0 && !batch.tokens.empty(), "train step", "the batch is empty; add an example first");
  const std::size_t lanes = std::clamp<std::size_t>(strings / min_strings_per_lane, 1, max_lanes);
  while (lanes_.size() < lanes) lanes_.push_back(std::make_unique<Lane>());
  sort_strings(batch, strings_);
  const auto lane = [&](std::size_t l) {  // 1. the loss and the gradient of each lane
    const std::size_t first = strings * l / lanes, last = strings * (l + 1) / lanes;
    run_lane(*lanes_[l], batch, std::span(strings_).subspan(first, last - first));
  };
  parallel_for(lanes, lane, Share::same_parts);

  const std::span<real> sum(lanes_[0]->gradients);  // 2. their sum and its norm
  const std::size_t chunks = partial_norms_.size();
  const auto chunk = [&](std::size_t c) {
    return std::pair{c * weights_per_chunk, std::min((c + 1) * weights_per_chunk, sum.size())};
  };
  const auto add_lanes = [&](std::size_t c) {
    const auto [begin, end] = chunk(c);
    for (std::size_t l = 1; l < lanes; ++l)
      for (std::size_t i = begin; i < end; ++i) sum[i] += lanes_[l]->gradients[i];
    partial_norms_[c] = sum_of_squares(sum.subspan(begin, end - begin));
  };
  parallel_for(chunks, add_lanes, Share::same_parts);

  StepReport report;
  for (std::size_t l = 0; l < lanes; ++l) report.loss += lanes_[l]->loss;
  report.gradient_norm = std::sqrt(std::accumulate(partial_norms_.begin(), partial_norms_.end(), 0.0));
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) report_non_finite(batch);

  optimizer_.advance();  // 3. the update
  parallel_for(optimizer_.matrices(), [&](std::size_t m) {
    optimizer_.update_matrix(m, model_.parameters, sum.data(), report.gradient_norm, rate);
  });
  const auto update = [&](std::size_t c) {
    const auto [begin, end] = chunk(c);
    optimizer_.update(model_.parameters, sum.data(), report.gradient_norm, rate, begin, end);
  };
  parallel_for(chunks, update, Share::same_parts);
  return report;
}

// Runs the batch a second time, string by string, until a tape shows where the first bad number was made.
void Trainer::report_non_finite(const Batch& batch) {
  std::string where = "the sum of gradients";
  Lane lane;
  for (std::size_t b = 0; b < batch.strings(); ++b) {
    run_lane(lane, batch, std::span(&b, 1));
    if (const std::string found = lane.tape.first_non_finite(); !found.empty()) {
      where = found;
      break;
    }
  }
  throw std::runtime_error("train step " + std::to_string(steps()) + ": NaN or infinity in " + where +
                           "; the weights are those of the step before");
}

FitReport fit(GPT& model, std::span<const Example> examples, const FitSettings& settings, Stream order,
              Loss criterion) {
  FitReport report;
  if (examples.empty()) return report;
  ENSURE(settings.batch >= 1, "fit", "batch = " << settings.batch << " must be 1 or more");
  Trainer trainer(model, settings.optimizer, std::move(criterion));
  const Schedule schedule{.peak = settings.rate, .warmup = settings.warmup};
  Batch batch;
  const auto size = static_cast<std::size_t>(settings.batch),
             epochs = static_cast<std::size_t>(std::max(0, settings.epochs));
  const std::size_t steps_per_epoch = (examples.size() + size - 1) / size;
  ProgressCount progress(settings.steps_done, epochs * steps_per_epoch);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    Rng rng = order[epoch];
    const auto shuffled = permutation(examples.size(), rng);
    double loss = 0;
    for (std::size_t first = 0; first < shuffled.size(); first += size) {
      batch.clear();
      for (std::size_t i = first; i < std::min(first + size, shuffled.size()); ++i)
        batch.add(examples[shuffled[i]]);
      batch.normalise();
      const StepReport step = trainer.step(batch, schedule.at(trainer.steps()));
      loss += step.loss;
      report.gradient_norm = std::max(report.gradient_norm, step.gradient_norm);
      progress.add(1);
    }
    report.losses.push_back(loss / static_cast<double>(steps_per_epoch));
  }
  return report;
}

}  // namespace banel
