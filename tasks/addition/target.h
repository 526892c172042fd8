// The target of the addition task, the network that adds: how it is trained, and what it errs on.
//   GPT target = train_target("folder", {}, 5, 1, ProgressMode::plain);  // seed 1
//   measure_errors(target, 5, 1'000'000, {1, "errors"}).all.value();
#pragma once
#include <map>
#include <utility>

#include "tasks/addition/question.h"
#include "tasks/model/rate.h"
#include "tasks/model/training.h"

namespace banel::addition {

struct TargetSettings {
  TrainingSettings training;
  Preference preference;       // of its training data
  double stop_error = 3.5e-4;  // training ends at the first check with at most this share of wrong answers
  std::int64_t check_every = 50'000;  // examples between checks
  std::size_t check_questions = 300'000;
  std::size_t final_questions = 1'000'000;
};

// Trains, or loads what an earlier call made, FOLDER/target.safetensors, and writes FOLDER/target.json:
// settings, the checks made on the way, a warning if none was passed, the error on final_questions fresh
// questions with its interval, and the error map. Errors: InputError if the folder holds a target with other
// settings.
GPT train_target(const std::filesystem::path& folder, const TargetSettings&, int digits, std::uint64_t seed,
                 ProgressMode);

// Where a target errs on uniform questions, as text.
struct ErrorMap {
  Rate all;
  std::map<int, Rate> by_carry;                    // longest_carry -> errors
  std::map<std::pair<int, int>, Rate> by_lengths;  // digits of a, of b -> errors
};
ErrorMap measure_errors(const GPT& target, int digits, std::size_t questions, Stream random);
Json to_json(const ErrorMap&);

// What is read of target.json.
struct TargetReport {
  Rate error;
  std::int64_t examples = 0;
  double training_seconds = 0;
  std::vector<TrainingCheck> checks = {};
};
TargetReport parse_target_report(std::string_view json, std::string_view where);  // errors: InputError

// Says so if the schedule ended before a check was passed; otherwise empty.
std::string shortfall(const std::vector<TrainingCheck>&, const TargetSettings&);

}  // namespace banel::addition
