#include "nn/likelihood.h"

#include <algorithm>
#include <memory>

#include "nn/decoder.h"
#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel {

namespace {

constexpr std::size_t strings_per_group = 32;

// Computes the log-likelihoods of some strings of a batch, a shard at a time.
class Reader {
 public:
  explicit Reader(const GPT& model)
      : model_(model), p_(static_cast<std::size_t>(simd::round_up(model.config().vocabulary))) {}

  // results[b] <- the log-likelihood of each string b in `strings`, from its token `from` on.
  void run(const Batch& batch, std::span<const std::size_t> strings, std::size_t from,
           std::vector<double>& results) {
    const int vocabulary = model_.config().vocabulary;
    while (!strings.empty()) {
      const std::size_t count = next_shard(batch, strings, shard_);
      tape_.reset();
      const Tensor logits = model_.logits(Weights(tape_, model_.parameters), shard_.rows());
      sum_rows(logits);
      auto row = shard_.target_rows.begin();
      auto target = shard_.targets.begin();
      for (std::size_t b : strings.first(count))
        for (std::size_t t = from; t <= batch.text(b).size(); ++t, ++row)
          results[b] += static_cast<double>(logits.data()[*row * vocabulary + *target++] -
                                            log_sums_[static_cast<std::size_t>(*row)]);
      strings = strings.subspan(count);
    }
  }

 private:
  // log_sums_[n] <- log of the sum of exp of row n: once for each row, however many strings share it.
  void sum_rows(const Tensor& logits) {
    const int vocabulary = model_.config().vocabulary;
    log_sums_.clear();
    for (int row : shard_.output_rows) {
      const real* x = logits.data() + static_cast<Index>(log_sums_.size()) * vocabulary;
      check_finite("log_likelihood", shard_.positions[static_cast<std::size_t>(row)], x, vocabulary);
      std::copy_n(x, vocabulary, p_.data());
      log_sums_.push_back(kernels::softmax(p_.data(), vocabulary, p_.data()).log_sum());
    }
  }

  const GPT& model_;
  Shard shard_;
  Reals p_;
  std::vector<real> log_sums_;
  Tape tape_{Record::no};
};

}  // namespace

std::vector<double> log_likelihood(const GPT& model, std::span<const Sequence> sequences, std::size_t from,
                                   const OnProgress& strings_done) {
  ENSURE(from >= 1, "log_likelihood", "from = 0; the first token is predicted from nothing, so from >= 1");
  Batch batch;
  for (const Sequence& sequence : sequences) {
    ENSURE(sequence.size() > from, "log_likelihood",
           "a sequence of " << sequence.size() << " tokens; expected " << from + 1 << " or more");
    batch.add({.tokens = sequence, .loss_from = static_cast<int>(from)});
  }
  std::vector<std::size_t> order;
  sort_strings(batch, order);
  std::vector<double> results(sequences.size());
  ProgressCount progress(strings_done, sequences.size());
  const auto reader = [&] { return std::make_unique<Reader>(model); };
  parallel_for_groups(order.size(), strings_per_group, reader,
                      [&](std::size_t first, std::size_t used, auto& own) {
                        own->run(batch, std::span(order).subspan(first, used), from, results);
                        progress.add(used);
                      });
  return results;
}

}  // namespace banel
