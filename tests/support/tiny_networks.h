// Networks of 2-digit addition that are made in a second: an attacker that writes mostly valid questions, and a
// target that has learned some sums of two single digits and next to nothing else, so that both verdicts occur.
#pragma once
#include <string>
#include <vector>

#include "nn/train.h"
#include "tasks/addition/addition.h"
#include "tasks/run/attack.h"

namespace banel::tiny {

constexpr int digits = 2, d_model = 16, layers = 1, heads = 2;

inline GPT train(GPT model, Example (*example)(const addition::Question&), int question_digits, int examples, int epochs) {
  std::vector<Example> data;
  for (std::size_t i = 0; i < static_cast<std::size_t>(examples); ++i) {
    Rng rng = Stream{7, "tiny data"}[i];
    data.push_back(example(addition::random_question(question_digits, rng)));
  }
  fit(model, data, {.epochs = epochs, .batch = 64, .rate = 1e-2}, {7, "tiny order"});
  return model;
}

inline const GPT& target() {
  static const GPT made = train(GPT(addition::target_config(digits, d_model, layers, heads), Rng(7, "tiny target")),
                                addition::target_example, 1, 1000, 20);
  return made;
}

inline const GPT& attacker() {
  static const GPT made = train(GPT(addition::attacker_config(digits, d_model, layers, heads), Rng(7, "tiny attacker")),
                                addition::attacker_example, digits, 2000, 5);
  return made;
}

// A method of the table with everything small: three rounds.
inline Method method(const std::string& name) {
  Method m = banel::method(name);
  m.settings.budget = 60;
  m.settings.per_round = 20;
  m.settings.probe = 0;
  m.settings.accepted = 30;
  m.settings.phi_epochs = 2;
  m.settings.distil_epochs = 1;
  return m;
}

constexpr std::size_t measured_samples = 100;

}  // namespace banel::tiny
