// What a target says to one question, letter by letter.
//   ask_target(task, settings, "58+67")     58+67= 125 (right): 1 99.9 %, 2 97.0 %, 5 99.2 %, end 100 %
#pragma once
#include <vector>

#include "tasks/task.h"

namespace banel {

struct TargetAnswer {
  struct Digit {
    std::string text;  // one character, or "end"
    double probability;
  };
  std::string question, answer, truth;
  std::vector<Digit> digits;
  bool wrong_as_text = false, wrong_as_number = false;
};

// The task must be addition, opened. A question may lack its '='. Errors: UsageError for another task, and
// for what is no question of it.
TargetAnswer ask_target(const Task&, const Values& settings, const std::string& question);

// Error rate on so many uniform questions, and where the errors are.
Json target_errors(const Task&, const Values& settings, std::size_t questions, std::uint64_t seed);

std::string in_words(const TargetAnswer&);
Json to_json(const TargetAnswer&);

}  // namespace banel
