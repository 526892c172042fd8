// The libraries inside a shared library, such as a module of Python.
#include "nn/sample.h"

extern "C" double length_of_answer() {
  const banel::GPT gpt({.vocabulary = 5, .context = 8, .d_model = 16, .layers = 1, .heads = 2},
                       banel::Rng(1, "plugin"));
  const std::vector<banel::Sequence> prompts{{3}};
  return static_cast<double>(banel::greedy(gpt, prompts, -1)[0].size());
}
