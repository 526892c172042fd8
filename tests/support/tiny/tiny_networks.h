// Networks of 2-digit addition that are made in a second: an attacker that writes mostly valid questions, and
// a target that has learned some sums of two single digits and next to nothing else, so that both verdicts
// occur.
#pragma once
#include <functional>
#include <vector>

#include "nn/train.h"
#include "tasks/addition/question.h"

namespace banel::tiny {

constexpr int digits = 2, d_model = 16, layers = 1, heads = 2;

inline GPT trained(GPT model, int question_digits, int examples, int epochs,
                   const std::function<Example(const addition::Question&)>& example) {
  std::vector<Example> data;
  for (std::size_t i = 0; i < static_cast<std::size_t>(examples); ++i) {
    Rng rng = Stream{7, "tiny data"}[i];
    data.push_back(example(addition::random_question(question_digits, rng)));
  }
  fit(model, data, {.epochs = epochs, .batch = 64, .rate = 1e-2}, {7, "tiny order"});
  return model;
}

inline const GPT& target() {
  static const GPT made =
      trained(GPT(addition::target_config(digits, d_model, layers, heads), Rng(7, "tiny target")), 1, 1000,
              20, addition::target_example);
  return made;
}

inline const GPT& attacker() {
  static const GPT made = trained(GPT({13, 2 * digits + 2, d_model, layers, heads}, Rng(7, "tiny attacker")),
                                  digits, 2000, 5, [](const addition::Question& q) -> Example {
                                    return {.tokens = addition::alphabet().encode('\n' + addition::write(q))};
                                  });
  return made;
}

}  // namespace banel::tiny
