// A method of the comparison: a registry entry with a name, one sentence, settings, and what it makes of a
// round's failures. A table knows a method only by what stands here.
//   Method mine = method("banel");  set(mine, "f", 8);  set(mine, "theta_rate", 5e-4);
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "banel/banel.h"
#include "tasks/model/value.h"

namespace banel {

struct NoveltySettings {
  int order = 4;       // count: characters a prediction looks back
  double c = 0.1;      // count: scale of the prediction gain
  int epochs = 1;      // rnd: passes of the predictor over the strings of a round
  double rate = 1e-3;  // rnd: learning rate of the predictor
};

struct Start {  // what a run begins with
  const Generator& prior;
  std::uint64_t seed;
  std::shared_ptr<Cost> cost;
};

struct PaperFigure {  // what the paper reports of a method on a task, with an instance of its own
  std::string task;
  double rate, factor;
};

struct Method {
  std::string name, sentence;
  std::function<std::unique_ptr<Learner>(const Method&, const Start&)> learner;
  std::vector<std::string> uses = {};  // keys of the settings that it reads
  std::optional<PaperFigure> paper = {};
  Settings settings = {};  // of the loop
  NoveltySettings novelty = {};
  // Which screens of the task it uses: "none", "known" (all that need no prior knowledge), or the name of one
  // that is used beside these. A screened method also submits no string twice.
  std::string screen = "known";
  double temperature = 1;  // of sampling
  // Strings of the prior that all draws are taken from (pool.h); 0: fresh draws. For methods that leave theta
  // as it is: their attacker is measured as the prior.
  std::size_t pool = 0;
  bool consults_oracle = true;  // false: every attempt is taken for a failure, nothing is evaluated
  // true: a string that was rewarded may train a model, which the paper rules out.
  bool trains_on_rewarded = false;
  // What it never draws again: nothing, attempts that were evaluated, or those that claim what was evaluated
  // in vain (Task::claim).
  enum class Remembers { nothing, attempts, claims } remembers = Remembers::nothing;
  bool one_round = false;  // true: m is the whole budget, since nothing is learned between rounds
};

// Every setting there is, in the order of `banel methods`: key, unit, range, what it does. The default of a
// method is its value in the registry.
const std::vector<Setting>& method_settings();

// The settings that a method uses with their values in it.
std::vector<Setting> settings_of(const Method&);
Values values_of(const Method&);

// Errors: UsageError naming a setting that does not exist, that this method does not use, or a value that is
// out of range.
void set(Method&, const std::string& key, const Value&);
void set(Method&, const Values&);

// Another method that is `base` with other settings.
Method variant(std::string name, const Method& base, const Values& values);

}  // namespace banel
