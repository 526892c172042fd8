// Many attacks on one pair of networks, several side by side.
#pragma once
#include "tasks/run/attack.h"
#include "tasks/base/progress.h"

namespace banel {

struct Networks {
  GPT target, attacker;
  addition::Rules rules;  // what counts as a question
};

// The longest operand a target was made for. Errors: InputError if it is no addition target.
int digits_of(const GPT& target, const std::filesystem::path& file);
// Errors: InputError if it is no attacker for that many digits.
void check_attacker(const GPT& attacker, int digits, const std::filesystem::path& file);
// target.safetensors and attacker.safetensors of one folder.
Networks load_networks(const std::filesystem::path& folder, bool leading_zeros = true);

struct Job {
  std::filesystem::path folder;
  Method method;
  std::uint64_t seed = 1;
};

// Runs or resumes every job, `side_by_side` of them at a time, each on one thread then; results in the order
// of the jobs. They do not depend on side_by_side. A job that is finished is read back.
std::vector<AttackResult> run_all(const std::vector<Job>&, const Networks&, std::size_t measured_samples,
                                  int side_by_side, ProgressMode);

}  // namespace banel
