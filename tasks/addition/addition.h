// The addition task. One worked example, D = 5:
//   question   "58+67="        what the attacker writes: digits + digits =, at most D digits each
//   target     reads "58+67=", answers "125\n" greedily; it was trained on questions without leading zeros
//   tokens      5  8 10  6  7 11 | 1  2  5 12      '0'..'9' = 0..9, '+' = 10, '=' = 11, end of line = 12
//   loss                           counts here     only the answer is learned
//   reward      1 if the question is valid and the target's answer is not the sum; else 0
// "058+67=" is valid too (the sum is still 125), but no question of the training data looks like it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "nn/sample.h"

namespace banel::addition {

constexpr int vocabulary = 13, equals = 11, newline = 12;
constexpr int max_digits = 18;  // the longest operand whose sums fit 64 bits

struct Question {
  std::string a, b;  // digits as written, leading zeros kept
};

// What counts as a valid question.
struct Rules {
  int digits;                 // longest operand, 1..max_digits
  bool leading_zeros = true;  // false: "058+67=" is as invalid as "58+67"
};

std::string write(const Question&);                             // "58+67="
std::optional<Question> parse(std::string_view, const Rules&);  // nothing unless valid
bool has_leading_zero(const Question&);                         // in an operand longer than one digit
std::string sum(const Question&);                               // "125": decimal, without leading zeros
int longest_carry(const Question&);  // longest run of columns with digit sum 9 that a carry ripples through

// Lengths of both operands uniform in 1..digits (each the longest of `length_draws` such draws), then digits
// uniform, the first not 0 unless it is the only one. A digit of b becomes 9 minus the one of a above it with
// probability `nines`, unless a 0 would lead: through such a column a carry ripples.
Question random_question(int digits, Rng&, int length_draws = 1, double nines = 0);

Sequence encode(std::string_view text);  // precondition: only characters of the alphabet
std::string decode(const Sequence&);     // newline is written as "\n"

// What each network is trained on: the target on answers, the attacker on questions (begin token: newline).
Example target_example(const Question&);
Example attacker_example(const Question&);
GPTConfig target_config(int digits, int d_model, int layers, int heads);
GPTConfig attacker_config(int digits, int d_model, int layers, int heads);

// The target's greedy answers to valid questions, without the final newline.
std::vector<std::string> answers(const GPT& target, const std::vector<Question>&);

}  // namespace banel::addition
