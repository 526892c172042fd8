// Sampling and greedy continuation.
//
//   const auto strings = sample(gpt, 1000, {.prompt = {0}, .stop = 2}, {seed, "my samples"});
//   const std::vector<Sequence> prompts = {{0, 5, 3}, {0, 7}};
//   const auto answers = greedy(gpt, prompts, 2);
//
// The same call gives the same bits for any number of threads. A log-probability may round differently when
// more or fewer strings are asked for at once, because some BLAS kernels round a row by where it stands.
//
// Errors: UsageError for a setting out of range; std::runtime_error that names the position of a logit that
// is NaN or infinite; Interrupted (parallel.h).
#pragma once
#include <span>
#include <vector>

#include "nn/batch.h"
#include "tensor/parallel.h"
#include "tensor/rng.h"

namespace banel {

struct SampleSettings {
  Sequence prompt = {};    // 1..context tokens, which every string begins with
  int stop = -1;           // token that ends a string; -1: strings end with the context only
  double temperature = 1;  // divides the logits; >= 1e-6
  int top_k = 0;           // draws from the k most likely tokens, of equals those with smaller ids; 0: all
};

struct Sampled {
  Sequence tokens;      // what follows the prompt, with the stop token if it was reached
  double log_prob = 0;  // log p(tokens | prompt) in nats, from the whole distribution at temperature 1
};

// `count` independent strings. Each goes on until `stop`, or until it has one token more than the context.
// String i draws its random numbers from random[i], one for each token.
std::vector<Sampled> sample(const GPT&, std::size_t count, const SampleSettings&, Stream random,
                            const OnProgress& strings_done = {});

// The most likely token after each prompt, then the most likely one after that, and so on until `stop`, which
// is part of the answer, or the end as in sample(). A prompt has 1..context tokens.
std::vector<Sequence> greedy(const GPT&, std::span<const Sequence> prompts, int stop,
                             const OnProgress& prompts_done = {});

}  // namespace banel
