// The methods of the comparison: each a name, settings, and what it makes of a round's failures.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "banel/banel.h"
#include "tasks/model/gpt_generator.h"

namespace banel {

struct NoveltySettings {
  int order = 4;       // count: characters a prediction looks back
  double c = 0.1;      // count: scale of the prediction gain
  int epochs = 1;      // rnd: passes of the predictor over the strings of a round
  double rate = 1e-3;  // rnd: learning rate of the predictor
};

struct Start {  // what a run begins with
  const GPT& attacker;
  std::uint64_t seed;
  std::shared_ptr<Cost> cost;
};

struct Method {
  std::string name, description;
  Settings settings;        // of the loop
  FitSettings fit;          // of theta and phi: batch, rate
  NoveltySettings novelty;  // of the methods that have one
  std::function<std::unique_ptr<Learner>(const Method&, const Start&)> learner;
  bool consults_oracle = true;  // false: every attempt is taken for a failure, nothing is evaluated
  bool exact_memory = false;    // true: never draws a string again that was evaluated
  double temperature = 1;       // of sampling
};

const std::vector<Method>& methods();    // in the order of the table
Method method(const std::string& name);  // errors: UsageError listing the names

}  // namespace banel
