// The only training step of the project: target, attacker, failure model, distillation and baselines all use
// it.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nn/adamw.h"
#include "nn/gpt.h"
#include "tensor/rng.h"

namespace banel {

using Sequence = std::vector<int>;

struct Example {
  Sequence tokens = {};  // all tokens; each but the first is predicted from those before it
  int loss_from = 1;     // index of the first token that counts in the loss
  double weight = 1;     // of the example; may be negative (policy gradient)
};

// Examples laid out as rows: row n reads tokens[n] and should predict targets[n], with loss weights[n].
struct Batch {
  std::vector<int> tokens, positions, targets, offsets;
  std::vector<real> weights;  // an example's weight over the number of counted tokens of the batch
  void clear();
  void add(const Example&);
  void normalise();  // after the last add(): the loss becomes a mean over counted tokens
  std::size_t strings() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::span<const int> text(std::size_t b) const;  // the tokens that are read of string b
};

// Strings of a batch as a tree: what begins like the string before it shares the rows of this beginning.
struct Shard {
  std::vector<int> tokens, positions, offsets, shared, wanted;  // see Rows; wanted: rows that predict
                                                                // something, some others if these are few
  // What counts in the loss, string after string: row wanted[places[i]] should predict targets[i].
  std::vector<int> places, targets;
  std::vector<real> weights;
  std::vector<int> path, place_of;  // while it is made: the rows of a string, the places of the rows
  Rows rows() const { return {tokens, positions, offsets, shared, {}, wanted}; }
};
// The strings of a batch in the order of their texts: neighbours begin alike.
void sort_strings(const Batch&, std::vector<std::size_t>& strings);
// The strings are computed in shards of about equal size whose activations fit into a cache. Sets the shard
// to the first of them and returns the number of strings in it.
std::size_t next_shard(const Batch&, std::span<const std::size_t> strings, Shard&);

struct StepReport {
  double loss = 0, gradient_norm = 0;
};  // norm before clipping

using Loss = std::function<Tensor(const GPT&, const Weights&, const Shard&)>;  // a scalar
Tensor next_token_loss(const GPT&, const Weights&, const Shard&);  // maximum likelihood, or policy gradient

class Trainer {
 public:
  Trainer(GPT&, const AdamWSettings&, Loss = next_token_loss);

  // One step: gradients to zero, loss, backward, clipping, AdamW. The batch, sorted by text, is cut into at
  // most 8 lanes, each with its own gradient, and these are added in order: the same bits for any number of
  // threads.
  // Errors: std::runtime_error naming operation and step if a number is NaN or infinite; weights stay as they
  // were.
  StepReport step(const Batch&, double rate);

  // Of the last step, unclipped.
  const Reals& gradients() const { return lanes_[0]->gradients; }
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
  std::vector<std::unique_ptr<Lane>> lanes_;  // the first one's gradient becomes the sum of all
  std::vector<std::size_t> strings_;          // of the batch, sorted
  std::vector<double> partial_norms_;
};

struct FitSettings {
  int epochs = 1;
  int batch = 64;      // examples per step
  double rate = 1e-3;  // constant after `warmup` steps
  int warmup = 0;
  AdamWSettings optimizer = {};
};

struct FitReport {
  std::vector<double>
      losses;                // of each epoch: mean over its steps, nats per counted token for next_token_loss
  double gradient_norm = 0;  // the largest of all steps, before clipping
};

// Minimises the loss over a fixed set of examples, by default maximum likelihood: `epochs` passes, each in a
// new random order, with a fresh optimiser. An empty set returns at once.
FitReport fit(GPT&, std::span<const Example>, const FitSettings&, Stream order, Loss = next_token_loss);

}  // namespace banel
