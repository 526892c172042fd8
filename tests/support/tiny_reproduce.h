// `banel reproduce` in less than a second: the same path, from untrained networks to the table, with settings that the
// command line does not go down to.
#pragma once
#include <initializer_list>

#include "tasks/study/reproduce.h"

namespace banel::tiny {

inline ReproduceSettings reproduction(std::initializer_list<const char*> methods) {
  const TrainingSettings training{
      .network = {8, 1, 2}, .batch = 100, .rate = 1e-2, .warmup = 5, .weight_decay = 0, .examples = 3000};
  ReproduceSettings s = quick_settings();
  s.digits = 1;
  s.target = {.training = training,
              .stop_error = 0,
              .check_every = 1000,
              .check_questions = 500,
              .final_questions = 500};
  s.attacker = {.training = training, .final_samples = 500};
  s.attacker.training.examples = 110'000;  // past its first checkpoint, which comes after 100,000
  s.attacker.training.batch = 1000;
  s.methods.clear();
  for (const char* name : methods) {
    Method& m = s.methods.emplace_back(method(name));
    m.settings.budget = 40;
    m.settings.per_round = 20;
    m.settings.accepted = 20;
    m.settings.phi_epochs = m.settings.distil_epochs = 1;
  }
  s.measured_samples = 100;
  return s;
}

}  // namespace banel::tiny
