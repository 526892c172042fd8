#include "nn/train.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <thread>

#include "nn/likelihood.h"
#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/in_child.h"
#include "tests/support/rounding.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

const GPTConfig tiny = {.vocabulary = 5, .context = 8, .d_model = 8, .layers = 1, .heads = 2};

// Strings 0 1 2 3 4 0 1 ... of several lengths, from several starts.
std::vector<Example> counting(std::size_t count) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    Example example;
    for (std::size_t t = 0; t < 2 + i % 8; ++t) example.tokens.push_back(static_cast<int>((i + t) % 5));
    examples.push_back(example);
  }
  return examples;
}

Batch batch_of(const std::vector<Example>& examples) {
  Batch batch;
  for (const Example& example : examples) batch.add(example);
  batch.normalise();
  return batch;
}

TEST_CASE("a batch lays strings out row after row and counts only what the loss should see") {
  Batch batch;
  batch.add({.tokens = {1, 2, 3, 4}, .loss_from = 2});
  batch.add({.tokens = {4, 0}, .weight = -2});
  batch.normalise();
  CHECK(batch.tokens == std::vector<int>{1, 2, 3, 4});
  CHECK(batch.targets == std::vector<int>{2, 3, 4, 0});
  CHECK(batch.positions == std::vector<int>{0, 1, 2, 0});
  CHECK(batch.offsets == std::vector<int>{0, 3, 4});
  CHECK(batch.strings() == 2);
  const real third = real{1} / 3;
  CHECK(batch.weights == std::vector<real>{0, third, third, -2 * third});
  batch.clear();
  CHECK(batch.strings() == 0);
  CHECK(batch.tokens.empty());
}

TEST_CASE("a step on an empty batch is refused") {
  GPT gpt(tiny, Rng(1, "train"));
  Trainer trainer(gpt, {});
  CHECK_THROWS_AS(trainer.step(Batch{}, 0.1), UsageError);
}

TEST_CASE("the loss is the mean over counted tokens of minus the log-likelihood") {
  GPT gpt(tiny, Rng(1, "train"));
  const std::vector<Example> examples = counting(50);
  std::vector<Sequence> texts;
  std::size_t tokens = 0;
  for (const Example& example : examples) {
    texts.push_back(example.tokens);
    tokens += example.tokens.size() - 1;
  }
  double expected = 0;
  for (double log_prob : log_likelihood(gpt, texts)) expected -= log_prob / static_cast<double>(tokens);
  Trainer trainer(gpt, {});
  CHECK(trainer.step(batch_of(examples), 0.01).loss == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("the gradient of a batch is the sum of the gradients of its strings whatever lanes they run in") {
  const GPT gpt(tiny, Rng(1, "train"));
  const Batch whole = batch_of(counting(100));
  GPT copy = gpt;
  Trainer trainer(copy, {});
  const double norm = trainer.step(whole, 0.01).gradient_norm;
  std::vector<double> sum(trainer.gradients().size());
  for (std::size_t b = 0; b < whole.strings(); ++b) {
    const auto first = static_cast<std::size_t>(whole.offsets[b]),
               last = static_cast<std::size_t>(whole.offsets[b + 1]);
    Batch one;
    const auto part = [&](auto& to, const auto& from) {
      to.assign(from.begin() + static_cast<std::ptrdiff_t>(first),
                from.begin() + static_cast<std::ptrdiff_t>(last));
    };
    part(one.tokens, whole.tokens);
    part(one.positions, whole.positions);
    part(one.targets, whole.targets);
    part(one.weights, whole.weights);
    one.offsets = {0, static_cast<int>(last - first)};
    GPT fresh = gpt;
    Trainer single(fresh, {});
    single.step(one, 0.01);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(single.gradients()[i]);
  }
  double squares = 0, difference = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    squares += sum[i] * sum[i];
    difference = std::max(difference, std::abs(sum[i] - static_cast<double>(trainer.gradients()[i])));
  }
  CHECK(difference < 1e-5 * norm);
  CHECK(norm == doctest::Approx(std::sqrt(squares)).epsilon(1e-5));
}

TEST_CASE("examples of weight zero change nothing and a negative weight turns the gradient around") {
  GPT a(tiny, Rng(1, "train")), b = a;
  std::vector<Example> examples = counting(4);
  Batch plain = batch_of(examples);
  Batch turned = plain;
  for (real& w : turned.weights) w = -w;
  Trainer up(a, {}), down(b, {});
  up.step(plain, 0.01);
  down.step(turned, 0.01);
  for (std::size_t i = 0; i < up.gradients().size(); ++i) REQUIRE(up.gradients()[i] == -down.gradients()[i]);
}

TEST_CASE(
    "the loss and the gradient of the counted rows are those of all rows bit for bit if the kernels round "
    "rows alike") {
  for (const auto& sizes : std::vector<std::pair<int, int>>{
           {64, 7}, {64, 5}, {64, 3}, {64, 1}, {24, 7}, {128, 7}, {256, 7}, {256, 2}}) {
    const int width = sizes.first, strings = sizes.second;
    GPT gpt({.vocabulary = 14, .context = 20, .d_model = width, .layers = 2, .heads = 8}, Rng(1, "train"));
    Batch batch;
    for (int b = 0; b < strings; ++b) {
      Example example{.loss_from = 11 + b % 3, .weight = b % 2 ? -0.5 : 1};
      for (int t = 0; t < 17; ++t) example.tokens.push_back((t * t + b) % 14);
      batch.add(example);
    }
    batch.normalise();
    std::vector<std::size_t> order;
    sort_strings(batch, order);
    Shard counted, all;
    REQUIRE(next_shard(batch, order, counted) == order.size());
    REQUIRE(counted.tokens == batch.tokens);  // no two share a prefix
    all = counted;
    all.output_rows.resize(batch.tokens.size());
    std::iota(all.output_rows.begin(), all.output_rows.end(), 0);
    all.target_rows = all.output_rows, all.targets = batch.targets, all.weights = batch.weights;
    const auto run = [&](const Shard& shard) {
      std::vector<real> gradients(gpt.parameters.values.size());
      Tape tape;
      const Tensor loss = next_token_loss(gpt, Weights(tape, gpt.parameters, gradients.data()), shard);
      tape.backward(loss);
      gradients.push_back(loss.data()[0]);
      return gradients;
    };
    REQUIRE((counted.output_rows.size() < all.output_rows.size()) == (all.output_rows.size() > 32));
    INFO(strings << " strings, width " << width);
    CHECK(same_up_to_rows(run(counted), run(all)));
  }
}

TEST_CASE("a shard has one row for each different prefix of its strings") {
  const Batch batch = batch_of({{.tokens = {2, 1, 0, 3}},
                                {.tokens = {4, 0}},
                                {.tokens = {2, 1, 4}, .loss_from = 2},
                                {.tokens = {2, 1, 0, 1}}});
  std::vector<std::size_t> order;
  sort_strings(batch, order);
  CHECK(order == std::vector<std::size_t>{2, 0, 3, 1});  // what they read: 2 1, 2 1 0 twice, 4
  Shard shard;
  CHECK(next_shard(batch, order, shard) == 4);
  CHECK(shard.tokens == std::vector<int>{2, 1, 0, 4});
  CHECK(shard.positions == std::vector<int>{0, 1, 2, 0});
  CHECK(shard.offsets == std::vector<int>{0, 2, 3, 3, 4});
  CHECK(shard.shared == std::vector<int>{0, 2, 3, 0});
  CHECK(shard.target_rows == std::vector<int>{1, 0, 1, 2, 0, 1, 2, 3});
  CHECK(shard.targets == std::vector<int>{4, 1, 0, 3, 1, 0, 1, 0});
  CHECK(shard.weights == std::vector<real>(8, real{1} / 8));
  CHECK(next_shard(batch, std::span(order).subspan(2), shard) ==
        2);  // nothing is shared with what is elsewhere
  CHECK(shard.tokens == std::vector<int>{2, 1, 0, 4});
  CHECK(shard.shared == std::vector<int>{0, 0});
}

TEST_CASE("a batch in which nothing counts has no loss and no gradient") {
  GPT gpt(tiny, Rng(1, "train"));
  std::vector<Example> examples = counting(100);
  for (Example& example : examples) example.weight = 0;
  Trainer trainer(gpt, {});
  const StepReport report = trainer.step(batch_of(examples), 0.01);
  CHECK(report.loss == 0);
  CHECK(report.gradient_norm == 0);
}

TEST_CASE("a number that is not finite stops the step and names operation and step and leaves the weights") {
  const Batch batch = batch_of(counting(40));
  struct Damage {
    std::string parameter;
    real value;
    std::string op;
  };
  for (const Damage& damage :
       {Damage{"block0.qkv.weight", std::numeric_limits<real>::quiet_NaN(), "block0.qkv.weight: value"},
        Damage{"head.bias", std::numeric_limits<real>::infinity(), "head.bias: value"},
        Damage{"token_embedding", 3e38f, "layer_norm: value"},
        Damage{"block0.mlp_in.weight", 3e38f, "linear: value"}}) {
    GPT gpt(tiny, Rng(1, "train"));
    Trainer trainer(gpt, {});
    for (int step = 0; step < 3; ++step) trainer.step(batch, 0.01);
    for (const Slice& slice : gpt.parameters.slices())
      if (slice.name == damage.parameter)
        std::fill_n(gpt.parameters.values.begin() + static_cast<std::ptrdiff_t>(slice.offset),
                    slice.shape.size(), damage.value);
    const Reals before = gpt.parameters.values;
    INFO(damage.parameter);
    try {
      trainer.step(batch, 0.01);
      FAIL_CHECK("the step did not stop");
    } catch (const std::runtime_error& error) {
      const std::string message = error.what();
      INFO(message);
      CHECK(message.starts_with("train step 3: "));
      CHECK(message.find(damage.op) != message.npos);
    }
    CHECK(std::equal(before.begin(), before.end(), gpt.parameters.values.begin(),
                     [](real x, real y) { return x == y || (std::isnan(x) && std::isnan(y)); }));
    CHECK(trainer.steps() == 3);
  }
}

TEST_CASE("one string of the whole context with the first and the last token is a batch") {
  GPT gpt(tiny, Rng(1, "train"));
  Example example;
  for (int t = 0; t <= tiny.context; ++t) example.tokens.push_back(t % 2 ? tiny.vocabulary - 1 : 0);
  Trainer trainer(gpt, {});
  const double before = trainer.step(batch_of({example}), 0.01).loss;
  CHECK(trainer.step(batch_of({example}), 0.01).loss < before);
  example.tokens.push_back(0);
  CHECK_THROWS_AS(trainer.step(batch_of({example}), 0.01), UsageError);
  CHECK(trainer.steps() == 2);
}

TEST_CASE("training gives the same bits for any number of threads on a busy machine") {
  std::atomic<bool> done = false;
  std::vector<std::thread> others;  // they take the cores from the lanes at any instant
  for (int i = 0; i < 4; ++i)
    others.emplace_back([&] {
      while (!done) std::this_thread::yield();
    });
  const std::vector<Example> examples = counting(300);
  check_same_for_all_threads([&] {
    GPT gpt({.vocabulary = 5, .context = 9, .d_model = 24, .layers = 2, .heads = 2}, Rng(1, "train"));
    fit(gpt, examples, {.epochs = 1, .batch = 130, .warmup = 2, .optimizer = {}}, {3, "order"});
    return gpt.parameters.values;
  });
  done = true;
  for (std::thread& other : others) other.join();
}

TEST_CASE("training gives the same bits for any number of threads") {
  const std::vector<Example> examples = counting(300);
  for (const bool muon : {false, true})
    check_same_for_all_threads([&] {
      GPT gpt({.vocabulary = 5, .context = 9, .d_model = 24, .layers = 2, .heads = 2}, Rng(1, "train"));
      const FitSettings settings{.epochs = 2, .batch = 130, .warmup = 2, .optimizer = {.muon = muon}};
      const auto losses = fit(gpt, examples, settings, {3, "order"}).losses;
      return std::pair(losses, gpt.parameters.values);
    });
}

TEST_CASE("fitting learns to count and repeats exactly for the same stream") {
  const std::vector<Example> examples = counting(64);
  const auto run = [&](std::uint64_t seed) {
    GPT gpt(tiny, Rng(1, "train"));
    return fit(gpt, examples, {.epochs = 30, .batch = 16, .rate = 1e-2, .optimizer = {}}, {seed, "order"})
        .losses;
  };
  const auto losses = run(1);
  REQUIRE(losses.size() == 30);
  CHECK(losses.front() > 1);
  CHECK(losses.back() < 0.1);
  CHECK(losses == run(1));
  CHECK(losses != run(2));
}

TEST_CASE("the loss of an epoch is the mean over its steps") {
  const auto loss = [&](int batch) {  // a rate so small that the steps do not change it
    GPT gpt(tiny, Rng(1, "train"));
    return fit(gpt, counting(64), {.epochs = 1, .batch = batch, .rate = 1e-9, .optimizer = {}}, {1, "order"})
        .losses.at(0);
  };
  CHECK(loss(16) == doctest::Approx(loss(64)).epsilon(0.02));  // batches differ in length
}

TEST_CASE("the gradient norm of a fit is that of its largest step") {
  const auto norm = [](int epochs) {
    GPT gpt(tiny, Rng(1, "train"));
    return fit(gpt, counting(64), {.epochs = epochs, .batch = 64, .rate = 1e-2, .optimizer = {}},
               {1, "order"})
        .gradient_norm;
  };
  CHECK(norm(100) >= norm(1));  // the last step's is smaller by far
}

TEST_CASE("fitting reports every step and ends when the report throws") {
  GPT gpt(tiny, Rng(1, "train"));
  std::vector<std::size_t> reported;
  FitSettings settings{.epochs = 3, .batch = 4, .optimizer = {}};
  settings.steps_done = [&](std::size_t done, std::size_t total) {
    CHECK(total == 9);  // three epochs of ten examples
    reported.push_back(done);
    if (done == 7) throw std::out_of_range("enough");
  };
  CHECK_THROWS_WITH_AS(fit(gpt, counting(10), settings, {1, "order"}), "enough", std::out_of_range);
  CHECK(reported == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a step that is to stop computes no further shard and leaves the weights as they were") {
  std::vector<Example> examples;
  for (int i = 0; i < 31; ++i)  // one lane of several shards
    examples.push_back({.tokens = {i % 5, i / 5 % 5, i / 25, 1, 2, 3, 4, 0}});
  GPT gpt(tiny, Rng(1, "train"));
  std::atomic<int> shards = 0;
  const Loss counted = [&](const GPT& model, const Weights& weights, const Shard& shard) {
    ++shards;
    return next_token_loss(model, weights, shard);
  };
  Trainer(gpt, {}, counted).step(batch_of(examples), 0);
  REQUIRE(shards >= 2);
  for (const bool at_once : {true, false})
    CHECK(in_child([&] {
            int started = 0;
            const Reals before = gpt.parameters.values;
            const Loss stopping = [&](const GPT& model, const Weights& weights, const Shard& shard) {
              ++started;
              if (at_once) request_stop();  // or between the loss and its gradient
              const Tensor loss = next_token_loss(model, weights, shard);
              if (!at_once) request_stop();
              return loss;
            };
            try {
              Trainer(gpt, {}, stopping).step(batch_of(examples), 0.1);
            } catch (const Interrupted&) {
              return started == 1 && gpt.parameters.values == before ? 0 : 1;
            }
            return 2;
          }) == 0);
}

TEST_CASE("fitting nothing or for no epoch changes nothing") {
  GPT gpt(tiny, Rng(1, "train"));
  const Reals before = gpt.parameters.values;
  CHECK(fit(gpt, {}, {}, {1, "order"}).losses.empty());
  CHECK(fit(gpt, counting(3), {.epochs = 0, .optimizer = {}}, {1, "order"}).losses.empty());
  CHECK(gpt.parameters.values == before);
}

TEST_CASE("a training step allocates nothing once it is warm") {
  std::vector<Example> examples;
  for (int i = 0; i < 64; ++i) examples.push_back({.tokens = Sequence(20, i % 13), .loss_from = 1 + i % 19});
  const Batch batch = batch_of(examples);
  for (const bool muon : {false, true}) {
    GPT gpt({.vocabulary = 13, .context = 20, .d_model = 64, .layers = 2, .heads = 4}, Rng(1, "train"));
    Trainer trainer(gpt, {.muon = muon});
    for (int step = 0; step < 3; ++step) trainer.step(batch, 0.01);
    const Allocations allocations;
    trainer.step(batch, 0.01);
    CHECK(allocations.bytes() == 0);
    ::operator delete(::operator new(
        100));  // a compiler may leave out what a new-expression or a vector allocates, not this
    CHECK((allocations.bytes() >= 100) == Allocations::counted);
  }
}

}  // namespace
}  // namespace banel
