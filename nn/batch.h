// From strings of tokens to the rows that the network reads, for training and for log-likelihoods.
//
//   Batch batch;
//   batch.add({.tokens = {0, 4, 2}});  // reads 0 4 and predicts 4 2
//   batch.add({.tokens = {0, 4, 3}});  // reads 0 4 and predicts 4 3
//   batch.normalise();                 // the loss becomes a mean over the four predicted tokens
//   std::vector<std::size_t> order;
//   sort_strings(batch, order);
//   Shard shard;
//   next_shard(batch, order, shard);   // returns 2: both strings, in two rows that they share
//
// A shard is a prefix tree: a row is computed once, however many strings begin with it.
#pragma once
#include <span>
#include <vector>

#include "nn/gpt.h"

namespace banel {

using Sequence = std::vector<int>;  // token ids

struct Example {
  Sequence tokens = {};  // each token but the first is predicted from those before it
  int loss_from = 1;     // index of the first token that counts in the loss
  double weight = 1;     // factor of its loss; a negative one lowers the probability (policy gradient)
};

// Examples as rows, one after the other: row n reads tokens[n] at positions[n] of its string and should
// predict targets[n]; its loss has the factor weights[n]. String b is rows offsets[b]..offsets[b+1]-1.
struct Batch {
  std::vector<int> tokens, positions, targets, offsets;
  std::vector<real> weights;

  void clear();
  void add(const Example&);
  void normalise();  // after the last add(): divides the weights by the number of those that are not 0
  std::size_t strings() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::span<const int> text(std::size_t b) const;  // the tokens that string b reads: all but its last one
};

// Some strings of a batch as a prefix tree. tokens, positions, offsets, shared and output_rows are those of
// Rows (gpt.h). Target i is targets[i] with loss weight weights[i]; row target_rows[i] of the network's
// output, which is row output_rows[target_rows[i]] of the shard, should predict it.
struct Shard {
  std::vector<int> tokens, positions, offsets, shared, output_rows;
  std::vector<int> target_rows, targets;
  std::vector<real> weights;
  std::vector<int> row_at, output_index;  // scratch of next_shard, so that a training step allocates nothing

  Rows rows() const { return {tokens, positions, offsets, shared, {}, output_rows}; }
};

// strings <- the strings of the batch in lexical order of their texts, so that neighbours share prefixes.
void sort_strings(const Batch&, std::vector<std::size_t>& strings);

// Fills the shard with the first of these sorted strings and returns how many it took. Shards are about
// equally large, and small enough that what a forward pass keeps for the backward pass stays in a core's
// cache. Precondition: at least one string.
std::size_t next_shard(const Batch&, std::span<const std::size_t> strings, Shard&);

}  // namespace banel
