#include "nn/train.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {
constexpr std::size_t max_lanes = 8, smallest_lane = 32;  // strings
constexpr int shard_rows = 160;           // a shard has about as many: few enough for the second-level cache
constexpr std::size_t norm_chunk = 4096;  // weights
}  // namespace

void Batch::clear() {
  for (auto* v : {&tokens, &positions, &targets, &offsets}) v->clear();
  weights.clear();
}

void Batch::add(const Example& example) {
  if (offsets.empty()) offsets.push_back(0);
  const auto& t = example.tokens;
  for (std::size_t i = 0; i + 1 < t.size(); ++i) {
    tokens.push_back(t[i]);
    positions.push_back(static_cast<int>(i));
    targets.push_back(t[i + 1]);
    weights.push_back(static_cast<int>(i) + 1 >= example.loss_from ? static_cast<real>(example.weight) : 0);
  }
  offsets.push_back(static_cast<int>(tokens.size()));
}

void Batch::normalise() {
  const auto counted = std::count_if(weights.begin(), weights.end(), [](real w) { return w != 0; });
  for (real& w : weights) w /= static_cast<real>(std::max<std::ptrdiff_t>(1, counted));
}

std::span<const int> Batch::text(std::size_t b) const {
  const auto begin = static_cast<std::size_t>(offsets[b]), end = static_cast<std::size_t>(offsets[b + 1]);
  return std::span(tokens).subspan(begin, end - begin);
}

void sort_strings(const Batch& batch, std::vector<std::size_t>& strings) {
  strings.resize(batch.strings());
  std::iota(strings.begin(), strings.end(), 0);
  std::sort(strings.begin(), strings.end(), [&](std::size_t a, std::size_t b) {
    const auto order = std::lexicographical_compare_three_way(batch.text(a).begin(), batch.text(a).end(),
                                                              batch.text(b).begin(), batch.text(b).end());
    return order != 0 ? order < 0 : a < b;
  });
}

namespace {

// How many rows string strings[i] shares with the one before it.
int shared_rows(const Batch& batch, std::span<const std::size_t> strings, std::size_t i) {
  if (i == 0) return 0;
  const std::span<const int> before = batch.text(strings[i - 1]), text = batch.text(strings[i]);
  return static_cast<int>(std::ranges::mismatch(before, text).in2 - text.begin());
}

// Sets the wanted rows from the row of every place: each once, and some others if these are few.
void set_wanted(Shard& shard) {
  const std::size_t rows = shard.tokens.size();
  std::vector<int>& place_of = shard.place_of;
  place_of.assign(rows, -1);
  for (int row : shard.places) place_of[static_cast<std::size_t>(row)] = 0;
  shard.wanted.clear();
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t most = shard.wanted.size() + rows - row;  // that can still be
    if (place_of[row] < 0 && most > std::size_t{fewest_rows}) continue;
    place_of[row] = static_cast<int>(shard.wanted.size());
    shard.wanted.push_back(static_cast<int>(row));
  }
  for (int& place : shard.places) place = place_of[static_cast<std::size_t>(place)];
}

}  // namespace

std::size_t next_shard(const Batch& batch, std::span<const std::size_t> strings, Shard& shard) {
  int rows = 0;
  for (std::size_t i = 0; i < strings.size(); ++i)
    rows += static_cast<int>(batch.text(strings[i]).size()) - shared_rows(batch, strings, i);
  const int shards = std::max(1, (rows + shard_rows - 1) / shard_rows), enough = (rows + shards - 1) / shards;
  for (auto* v : {&shard.tokens, &shard.positions, &shard.shared, &shard.places, &shard.targets}) v->clear();
  shard.weights.clear();
  shard.offsets.assign(1, 0);
  std::vector<int>& path = shard.path;
  std::size_t i = 0;
  do {
    const std::span<const int> text = batch.text(strings[i]);
    const auto shared = static_cast<std::size_t>(shared_rows(batch, strings, i));
    path.resize(shared);
    for (std::size_t t = 0; t < text.size(); ++t) {
      if (t >= shared) {
        path.push_back(static_cast<int>(shard.tokens.size()));
        shard.tokens.push_back(text[t]);
        shard.positions.push_back(static_cast<int>(t));
      }
      const std::size_t n = static_cast<std::size_t>(batch.offsets[strings[i]]) + t;
      if (batch.weights[n] == 0) continue;
      shard.places.push_back(path[t]);
      shard.targets.push_back(batch.targets[n]);
      shard.weights.push_back(batch.weights[n]);
    }
    shard.shared.push_back(static_cast<int>(shared));
    shard.offsets.push_back(static_cast<int>(shard.tokens.size()));
  } while (++i < strings.size() && shard.offsets.back() < enough);
  set_wanted(shard);
  return i;
}

Tensor next_token_loss(const GPT& model, const Weights& weights, const Shard& shard) {
  const Tensor logits = select(model.logits(weights, shard.rows()), shard.places);
  return cross_entropy(logits, shard.targets, shard.weights);
}

Trainer::Trainer(GPT& model, const AdamWSettings& settings, Loss loss)
    : model_(model),
      loss_(std::move(loss)),
      optimizer_(model.parameters, settings),
      partial_norms_((model.parameters.values.size() + norm_chunk - 1) / norm_chunk) {
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
// In eight sums, whose order of additions is the same in every build.
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
  ENSURE(strings > 0 && !batch.tokens.empty(), "train step", "the batch is empty");
  const std::size_t lanes = std::clamp<std::size_t>(strings / smallest_lane, 1, max_lanes);
  while (lanes_.size() < lanes) lanes_.push_back(std::make_unique<Lane>());
  sort_strings(batch, strings_);
  const auto lane = [&](std::size_t l) {
    const std::size_t first = strings * l / lanes, last = strings * (l + 1) / lanes;
    run_lane(*lanes_[l], batch, std::span(strings_).subspan(first, last - first));
  };
  parallel_for(lanes, lane, Share::same_parts);

  const std::span<real> sum(lanes_[0]->gradients);
  const std::size_t chunks = partial_norms_.size();
  const auto chunk = [&](std::size_t c) {
    return std::pair{c * norm_chunk, std::min((c + 1) * norm_chunk, sum.size())};
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

  optimizer_.advance();
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

// Runs the batch again string by string until the tape shows where the first bad number was made.
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
  Trainer trainer(model, settings.optimizer, std::move(criterion));
  const Schedule schedule{.peak = settings.rate, .warmup = settings.warmup};
  Batch batch;
  const auto size = static_cast<std::size_t>(settings.batch);
  for (int epoch = 0; epoch < settings.epochs; ++epoch) {
    Rng rng = order[static_cast<std::size_t>(epoch)];
    const auto shuffled = permutation(examples.size(), rng);
    double loss = 0;
    std::size_t steps = 0;
    for (std::size_t first = 0; first < shuffled.size(); first += size, ++steps) {
      batch.clear();
      for (std::size_t i = first; i < std::min(first + size, shuffled.size()); ++i)
        batch.add(examples[shuffled[i]]);
      batch.normalise();
      const StepReport step = trainer.step(batch, schedule.at(trainer.steps()));
      loss += step.loss;
      report.gradient_norm = std::max(report.gradient_norm, step.gradient_norm);
    }
    report.losses.push_back(loss / static_cast<double>(steps));
  }
  return report;
}

}  // namespace banel
