// Training: one step, and fitting a set of examples. Every network of the project is trained here.
//
//   banel::GPT gpt({.vocabulary = 5, .context = 8}, banel::Rng(1, "my weights"));
//   std::vector<banel::Example> examples = {{.tokens = {0, 1, 2, 3, 4}}, {.tokens = {2, 3, 4}}};
//   const auto report = banel::fit(gpt, examples, {.epochs = 10, .rate = 1e-2}, {1, "my order"});
//
// The main header of banel::nn. Stable for users of these libraries alone: this header with batch.h,
// gpt.h, adamw.h and parameters.h, sample.h, likelihood.h, io/checkpoint.h and io/safetensors.h; from
// banel::tensor those that tape.h names. The others (decoder.h, muon.h, io/file.h, io/json.h) may change in
// any version. Threads, fork and signals: parallel.h.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nn/adamw.h"
#include "nn/batch.h"
#include "tensor/parallel.h"
#include "tensor/rng.h"

namespace banel {

// The loss of a shard, one number; the losses of all shards of a batch are added up. May be called from
// several threads at once.
using Loss = std::function<Tensor(const GPT&, const Weights&, const Shard&)>;

// - sum over targets i of weights[i] log p(targets[i] | the tokens before it), in nats: maximum likelihood,
// or a policy gradient if the weights are advantages.
Tensor next_token_loss(const GPT&, const Weights&, const Shard&);

// - sum over targets i of weights[i] log(1 - p(targets[i] | the tokens before it)), in nats: unlikelihood,
// which makes the targets less likely (Welleck et al. 2019, arXiv 1908.04319).
Tensor unlikelihood_loss(const GPT&, const Weights&, const Shard&);

struct StepReport {
  double loss = 0;
  double gradient_norm = 0;  // before clipping
};

class Trainer {
 public:
  Trainer(GPT&, const AdamWSettings&, Loss = next_token_loss);  // the GPT must outlive it

  // One step on the batch: the gradient of its loss, clipping, AdamW. The sorted strings are cut into at most
  // 8 lanes, each with its own gradient, which are added in order: the same bits for any number of threads.
  // Errors: UsageError for an empty batch; std::runtime_error that names the operation and the step if a
  // number is NaN or infinite; after both the weights are those from before the step. After Interrupted they
  // may be half updated.
  StepReport step(const Batch&, double rate);

  const Reals& gradients() const { return lanes_[0]->gradients; }  // of the last step, before clipping
  std::int64_t steps() const { return optimizer_.state().steps; }
  AdamW& optimizer() { return optimizer_; }

 private:
  struct Lane {
    Tape tape;
    Reals gradients;
    Shard shard;
    double loss = 0;
  };
  void run_lane(Lane&, const Batch&, std::span<const std::size_t> strings);
  [[noreturn]] void report_non_finite(const Batch&);

  GPT& model_;
  Loss loss_;
  AdamW optimizer_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // the gradient of the first becomes the sum of all
  std::vector<std::size_t> strings_;          // of the batch, sorted
  std::vector<double> partial_norms_;         // squared norms of the chunks of the gradient
};

struct FitSettings {
  int epochs = 1;      // passes over the examples
  int batch = 64;      // examples in a step; the last step of an epoch may have fewer
  double rate = 1e-3;  // learning rate after `warmup` steps, in which it rises linearly
  int warmup = 0;
  AdamWSettings optimizer = {};
  OnProgress steps_done = {};
};

struct FitReport {
  std::vector<double> losses;  // of each epoch: the mean over its steps; for next_token_loss nats per token
  double gradient_norm = 0;    // the largest of all steps, before clipping
};

// Minimises the loss over the examples from the present weights, with a fresh optimiser. Epoch e takes them
// in the random order of order[e]. No examples or no epochs: nothing changes. Errors: as Trainer::step.
FitReport fit(GPT&, std::span<const Example>, const FitSettings&, Stream order, Loss = next_token_loss);

}  // namespace banel
