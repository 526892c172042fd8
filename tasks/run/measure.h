// What a table reports of an attacker: samples, judged outside the budget and never fed back.
//   const Measurement m = measure(task, task.judge(), attacker.sample(10'000, {1, "samples"}));
//   m.success.value();  m.modes[0].distinct;  m.findings[0].attempt
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tasks/task.h"

namespace banel {

struct Finding {  // a success, with what people want to know of it
  Attempt attempt;
  std::string answer, truth, mode;
};
Json to_json(const Finding&);
Finding finding_from(const Field&);

struct ModeCount {  // successes of one mode (Task::modes)
  std::string name;
  std::int64_t samples = 0, distinct = 0;  // of all samples; of the distinct ones
};

struct Measurement {
  Rate success, valid, distinct;     // of all samples
  Rate distinct_success;             // successes, each string once: a method that repeats one scores 1/n
  std::vector<ModeCount> modes;      // in the order of Task::modes
  std::map<std::string, Rate> also;  // success under the second readings of Task::also, of all samples
  double entropy = 0;                // mean of -log p(x), nats per string
  std::optional<double> surprise;    // of an attack: mean of -log p(x) under the prior, nats
  std::optional<Estimate> exact;     // Task::exact_success, where there is one
  std::vector<Finding> findings;     // the first distinct successes, up to 20

  double value() const { return exact ? exact->value : success.value(); }  // the success rate
};
Json to_json(const Measurement&);
Measurement measurement_from(const Field&);  // errors: InputError naming what is missing or impossible

// Judges each string once and counts it as often as it was drawn.
Measurement measure(const Task&, const Judge&, std::span<const Proposal> samples);

// The same of evaluations that were paid: each counts with its own verdict, because a judge may waver.
// Entropy is 0.
Measurement measure_paid(const Task&, std::span<const Evaluation>);

// Judges each attempt once and remembers the verdict. For one thread at a time.
Judge memoised(Judge);

}  // namespace banel
