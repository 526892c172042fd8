// Trains a tiny GPT to count 0 1 2 3 4 0 1 ... and lets it go on counting.
#include <cstdio>

#include "nn/sample.h"
#include "nn/train.h"

int main() {
  std::vector<banel::Example> examples;
  for (int start = 0; start < 5; ++start) {
    banel::Example example;
    for (int t = 0; t < 8; ++t) example.tokens.push_back((start + t) % 5);
    examples.push_back(example);
  }
  banel::GPT gpt({.vocabulary = 5, .context = 8, .d_model = 16, .layers = 1, .heads = 2},
                 banel::Rng(1, "consumer"));
  const auto losses =
      banel::fit(gpt, examples, {.epochs = 200, .batch = 5, .rate = 1e-2}, {1, "order"}).losses;
  std::printf("as drawn:");
  for (const banel::Sampled& s : banel::sample(gpt, 1, {.prompt = {3, 4}, .top_k = 2}, {1, "samples"}))
    for (int token : s.tokens) std::printf(" %d", token);
  std::printf("\n");
  const std::vector<banel::Sequence> prompts{{3}};
  const banel::Sequence counted = banel::greedy(gpt, prompts, -1)[0];
  std::printf("loss %.3f -> %.3f nats per token; after 3 comes", losses.front(), losses.back());
  for (int token : counted) std::printf(" %d", token);
  std::printf("\n");
  return losses.back() < 0.1 && counted == banel::Sequence{4, 0, 1, 2, 3, 4, 0, 1} ? 0 : 1;
}
