// Judging attempts with the target, and what tables report of an attacker or a target.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "banel/oracle.h"
#include "nn/io/json.h"
#include "tasks/addition/addition.h"
#include "tasks/base/stats.h"

namespace banel {

struct Rate {  // k of n
  std::int64_t k = 0, n = 0;
  void count(bool hit) { k += hit, ++n; }
  double value() const { return n ? static_cast<double>(k) / static_cast<double>(n) : 0; }
};
Json to_json(const Rate&);     // {"k", "n", "rate", "lo", "hi"}: Clopper-Pearson, 95 %
Rate rate_from(const Field&);  // errors: InputError if it is none

// The reward of the addition task: r(x) = 1 iff x is a valid question and the target's greedy answer is
// wrong.
Oracle::Judge addition_judge(const GPT& target, const addition::Rules& rules);

// Asks the judge about each attempt once and then knows what it said. For one thread at a time.
Oracle::Judge remembering(Oracle::Judge judge);

struct Finding {  // a question the target gets wrong
  std::string question, answer, truth;
};

struct Measurement {
  Rate success, valid, leading_zero, distinct;  // of all attempts
  Rate distinct_success;  // successes, each string once: a method that repeats one scores 1/n
  Rate success_leading_zero, success_carry, success_other;  // share of all attempts: success by failure mode
  double entropy = 0;                                       // mean of -log p(x), nats per string
  std::optional<double> surprise;  // of an attack: mean of -log p(x) under the pre-trained attacker, nats
  std::vector<Finding> findings;   // up to 5 distinct successes, in the order met
};
Json to_json(const Measurement&);

// Samples as they come, judged outside any budget; nothing of it is ever fed back. A success counts for the
// first mode that fits: a leading zero, a carry that ripples through >= 2 columns, other.
Measurement measure(const Oracle::Judge& judge, const addition::Rules& rules,
                    std::span<const Proposal> attempts);

// `n` samples of a generator, measured.
Measurement measure_samples(const Generator& generator, const Oracle::Judge& judge,
                            const addition::Rules& rules, std::size_t n, Stream random);

// A target's error on fresh questions, and where it errs.
struct ErrorMap {
  Rate all;
  std::map<int, Rate> by_carry;                    // longest_carry -> errors
  std::map<std::pair<int, int>, Rate> by_lengths;  // digits of a, of b -> errors
};
ErrorMap measure_errors(const GPT& target, int digits, std::size_t questions, Stream random);
Json to_json(const ErrorMap&);

}  // namespace banel
