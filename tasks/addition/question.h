// Questions of the addition task. One worked example, D = 5:
//   question   "58+67="        what the attacker writes: digits + digits =, at most D digits each
//   target     reads "58+67=", answers "125\n" greedily; it was trained on questions without leading zeros
//   tokens      5  8 10  6  7 11 | 1  2  5 12      '0'..'9' = 0..9, '+' = 10, '=' = 11, end of line = 12
//   loss                           counts here     only the answer is learned
//   reward      1 if the question is valid and the target's answer is wrong; else 0
// "058+67=" is valid too (the sum is still 125), but no question of the training data looks like it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "tasks/model/gpt_generator.h"

namespace banel::addition {

constexpr int max_digits = 18;  // the longest operand whose sums fit 64 bits

const Alphabet& alphabet();  // "0123456789+=" and the end of a line
const Language& language();  // the attacker's: it begins after an end of line and stops at '='

struct Question {
  std::string a, b;  // digits as written, leading zeros kept
};

// What counts as a valid question.
struct Syntax {
  int digits;                 // longest operand, 1..max_digits
  bool leading_zeros = true;  // false: "058+67=" is as invalid as "58+67"
};

std::string write(const Question&);                              // "58+67="
std::optional<Question> parse(std::string_view, const Syntax&);  // nothing unless valid
bool has_leading_zero(const Question&);                          // in an operand longer than one digit
std::string sum(const Question&);                                // "125": decimal, without leading zeros
int longest_carry(const Question&);  // longest run of columns with digit sum 9 that a carry ripples through

// Whether the answer is wrong. As text: unless it is the sum, digit for digit. As a number: unless it
// consists of digits whose value is the sum, so that "0489" is 489.
enum class Judged { as_text, as_number };
bool is_wrong(std::string_view answer, const Question&, Judged);

// What the training data of a target prefer; questions that measure errors are uniform.
struct Preference {
  int length_draws = 1;  // length of an operand: the longest of so many uniform draws
  double nines = 0;      // probability that a digit of b becomes 9 minus the digit of a above it
};

// Lengths uniform in 1..digits, then digits uniform, the first not 0 unless it is the only one; then what is
// preferred. A nine is left out where a 0 would lead. Through a column that sums to nine a carry ripples.
Question random_question(int digits, Rng&, const Preference& = {});

// What the target is trained on: the answer counts.
Example target_example(const Question&);
// The shortest context that holds the longest question and its answer, with the other sizes as given.
GPTConfig target_config(int digits, int d_model, int layers, int heads);

// The target's greedy answers to valid questions, without the final end of line.
std::vector<std::string> answers(const GPT& target, const std::vector<Question>&);

}  // namespace banel::addition
