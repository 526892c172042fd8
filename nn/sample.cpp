#include "nn/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "tensor/check.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"
#include "tensor/simd.h"

namespace banel {

namespace {

constexpr std::size_t group_size = 128;

// Weights that grew without bound write NaN, from which nothing may be drawn.
void check_finite(const char* caller, int position, const real* logits, int vocabulary) {
  const bool finite = std::all_of(logits, logits + vocabulary, [](real x) { return std::isfinite(x); });
  if (!finite)
    throw std::runtime_error(std::string(caller) + ": NaN or infinity in the logits at position " +
                             std::to_string(position) + "; train again with a lower --rate");
}

// Feeds `group` strings through the network one position at a time until all have ended.
// next(i, t, logits, log_sum_exp) -> token of string i after position t, or nothing if the string has ended.
template <class Next>
void decode(const char* caller, const GPT& model, std::size_t group, std::span<const int> first_tokens,
            Next next) {
  const int vocabulary = model.config().vocabulary, context = model.config().context;
  GPT& reader = const_cast<GPT&>(
      model);  // tensors have no const form; a tape with Record::no never writes to its leaves
  std::vector<KeyValueCache> cache = model.make_cache(static_cast<int>(group));
  std::vector<int> tokens(first_tokens.begin(), first_tokens.end()), positions(group, 0), slots(group);
  std::iota(slots.begin(), slots.end(), 0);
  Tape tape(Record::no);
  for (int t = 0; t < context && !slots.empty(); ++t) {
    tape.reset();
    const Tensor logits =
        model.logits(Weights(tape, reader.parameters, nullptr), {tokens, positions, {}, slots}, cache);
    std::size_t alive = 0;
    for (std::size_t n = 0; n < slots.size(); ++n) {
      const real* row = logits.data() + static_cast<Index>(n) * vocabulary;
      check_finite(caller, t, row, vocabulary);
      const std::optional<int> token = next(static_cast<std::size_t>(slots[n]), t, row);
      if (!token) continue;  // ended: its row is dropped, the others move up
      slots[alive] = slots[n];
      tokens[alive++] = *token;
    }
    slots.resize(alive);
    tokens.resize(alive);
    positions.assign(alive, t + 1);
  }
}

// body(first, count) for groups of `count` strings in parallel.
template <class Body>
void each_group(std::size_t strings, Body body) {
  parallel_for((strings + group_size - 1) / group_size,
               [&](std::size_t g) { body(g * group_size, std::min(group_size, strings - g * group_size)); });
}

}  // namespace

std::vector<Sampled> sample(const GPT& model, std::size_t count, int begin, int stop, double temperature,
                            Stream random) {
  ENSURE(temperature > 0, "sample", "temperature = " << temperature << " must be above 0");
  const int vocabulary = model.config().vocabulary;
  std::vector<Sampled> result(count);
  each_group(count, [&](std::size_t first, std::size_t used) {
    std::vector<Sampled> group(group_size);  // always whole, so that string i does not depend on `count`
    std::vector<Rng> rngs;
    for (std::size_t i = 0; i < group_size; ++i) rngs.push_back(random[first + i]);
    const std::vector<int> begins(group_size, begin);
    std::vector<real> p(static_cast<std::size_t>(simd::round_up(vocabulary)));
    decode("sample", model, group_size, begins,
           [&](std::size_t i, int, const real* logits) -> std::optional<int> {
             std::copy_n(logits, vocabulary, p.data());
             const real log_sum = kernels::softmax(p.data(), vocabulary, p.data());
             if (temperature != 1) {
               for (int v = 0; v < vocabulary; ++v)
                 p[static_cast<std::size_t>(v)] = logits[v] / static_cast<real>(temperature);
               kernels::softmax(p.data(), vocabulary, p.data());
             }
             double u = rngs[i].uniform();
             int token = 0;
             while (token + 1 < vocabulary && u >= static_cast<double>(p[static_cast<std::size_t>(token)]))
               u -= static_cast<double>(p[static_cast<std::size_t>(token++)]);
             group[i].tokens.push_back(token);
             group[i].log_prob += static_cast<double>(logits[token] - log_sum);
             return token == stop ? std::nullopt : std::optional(token);
           });
    std::move(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(used),
              result.begin() + static_cast<std::ptrdiff_t>(first));
  });
  return result;
}

std::vector<Sequence> greedy(const GPT& model, std::span<const Sequence> prompts, int stop) {
  const int vocabulary = model.config().vocabulary;
  std::vector<Sequence> answers(prompts.size());
  each_group(prompts.size(), [&](std::size_t first, std::size_t used) {
    std::vector<int> begins;
    for (std::size_t i = first; i < first + used; ++i) {
      ENSURE(!prompts[i].empty() && static_cast<int>(prompts[i].size()) <= model.config().context, "greedy",
             "a prompt of " << prompts[i].size() << " tokens; expected 1.." << model.config().context);
      begins.push_back(prompts[i][0]);
    }
    decode("greedy", model, used, begins,
           [&](std::size_t i, int t, const real* logits) -> std::optional<int> {
             const Sequence& prompt = prompts[first + i];
             if (static_cast<std::size_t>(t) + 1 < prompt.size())
               return prompt[static_cast<std::size_t>(t) + 1];
             const int token = static_cast<int>(std::max_element(logits, logits + vocabulary) - logits);
             answers[first + i].push_back(token);
             return token == stop ? std::nullopt : std::optional(token);
           });
  });
  return answers;
}

std::vector<double> log_likelihood(const GPT& model, std::span<const Sequence> sequences) {
  const int vocabulary = model.config().vocabulary;
  GPT& reader = const_cast<GPT&>(model);
  std::vector<double> result(sequences.size());
  each_group(sequences.size(), [&](std::size_t first, std::size_t used) {
    Batch batch;
    for (std::size_t i = first; i < first + used; ++i) {
      ENSURE(sequences[i].size() >= 2, "log_likelihood",
             "a sequence of " << sequences[i].size() << " tokens; expected 2 or more");
      batch.add({.tokens = sequences[i]});
    }
    Tape tape(Record::no);
    const Tensor logits = model.logits(Weights(tape, reader.parameters, nullptr),
                                       {batch.tokens, batch.positions, batch.offsets, {}});
    std::vector<real> row(static_cast<std::size_t>(simd::round_up(vocabulary)));
    for (std::size_t i = 0; i < used; ++i)
      for (int n = batch.offsets[i]; n < batch.offsets[i + 1]; ++n) {
        std::copy_n(logits.data() + static_cast<Index>(n) * vocabulary, vocabulary, row.data());
        check_finite("log_likelihood", n - batch.offsets[i], row.data(), vocabulary);
        const real score = row[static_cast<std::size_t>(batch.targets[static_cast<std::size_t>(n)])];
        result[first + i] +=
            static_cast<double>(score - kernels::softmax(row.data(), vocabulary, row.data()));
      }
  });
  return result;
}

}  // namespace banel
