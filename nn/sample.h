// Reading a network: sampling, greedy answers and log-likelihood. All work on groups of strings that begin
// alike, which compute what they share once; the groups depend on what is asked, never on the threads, so the
// same call gives the same bits for any number of these. Beside other strings a log-probability may round
// differently, since some BLAS kernels do. Errors: std::runtime_error naming the position where a logit is
// NaN or infinite.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "nn/gpt.h"
#include "nn/train.h"

namespace banel {

struct Sampled {
  Sequence tokens;      // without the begin token, with the stop token if it was reached
  double log_prob = 0;  // under the network at temperature 1, in nats
};

// `count` independent strings, each from `begin` until `stop` or the end of the context; string i draws from
// random[i]. temperature > 0 divides the logits.
std::vector<Sampled> sample(const GPT&, std::size_t count, int begin, int stop, double temperature,
                            Stream random);

// The most likely continuation of each prompt, token by token, with `stop` if it was reached.
// Precondition: 1 <= prompt length <= context.
std::vector<Sequence> greedy(const GPT&, std::span<const Sequence> prompts, int stop);

// sum over i >= 1 of log p(tokens[i] | tokens before i), in nats, for each sequence of at least two tokens.
std::vector<double> log_likelihood(const GPT&, std::span<const Sequence>);

}  // namespace banel
