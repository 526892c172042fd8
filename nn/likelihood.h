// Log-likelihoods of whole strings.
//
//   const std::vector<Sequence> texts = {{0, 5, 3, 2}, {0, 7, 2}};
//   const std::vector<double> nats = log_likelihood(gpt, texts);
//
// The bits do not depend on the number of threads; they may depend on the other strings of the call
// (sample.h).
#pragma once
#include <span>
#include <vector>

#include "nn/batch.h"
#include "tensor/parallel.h"

namespace banel {

// For each sequence, sum over i >= from of log p(tokens[i] | tokens[0..i-1]), in nats. With `from` = the
// length of a prompt it is the log-likelihood of what follows the prompt. Preconditions: from >= 1; each
// sequence has more than `from` and at most context + 1 tokens. Errors: as sample().
std::vector<double> log_likelihood(const GPT&, std::span<const Sequence>, std::size_t from = 1,
                                   const OnProgress& strings_done = {});

}  // namespace banel
