// Word problems with written reasoning, one character a token.
//
//   C=73.C5dH.H31fB.?B:    C has 73. C has a fifth of H. H has 31 fewer than B. How many has B?
//   C=73;sH=5*73=365;B=31+365=396;#396.
//                          C has 73; so H = 5 * 73 = 365; B = 31 + 365 = 396; the answer is 396.
//
//   const Problem problem = random_problem(rng, 0.5, 0.5);
//   problem.text();   problem.answer();   random_solution(problem, rng)
//
// A relation reads SUBJECT k r OBJECT, with r = m (k more than), f (k fewer than), t (k times as many as) or
// d (a k-th of). It is direct if its subject is what has to be found, and inverse if its object is: then the
// operation turns round, and "C has a fifth of H" needs H = 5 * C. In the problem above both are inverse.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/rng.h"

namespace banel::reason {

inline constexpr int most_relations = 4, largest_value = 999;

struct Relation {
  char kind;     // m, f, t or d
  int k;         // 2..99 for m and f, 2..9 for t and d
  bool inverse;  // its object is what has to be found
  bool scales() const { return kind == 't' || kind == 'd'; }
};

// Person 0 has `given`; relation i leads from person i to person i + 1; asked is what the last one has.
struct Problem {
  std::vector<char> names;  // one more than relations
  int given;                // 1..largest_value
  std::vector<Relation> relations;

  std::string text() const;         // "C=73.C5dH.H31fB.?B:"
  std::string words() const;        // in English
  std::vector<int> values() const;  // of each person
  int answer() const { return values().back(); }
};

// One to four relations; a relation that scales (t, d) is inverse with probability `scaling`, another one
// with probability `shifting`. All values are whole and in 1..largest_value.
Problem random_problem(Rng&, double shifting, double scaling);

// Errors: UsageError "problem: ..." that says what is wrong and shows a right one.
Problem parse_problem(std::string_view text);

// The reference reasoning, in pieces: a solution takes one text of each piece in order, and every choice
// makes another solution. The pieces are the restatement or nothing ("C=73;"), one a relation (its step after
// any of eight connectives, the operands of + and * in either order), and the answer ("#396.").
std::vector<std::vector<std::string>> pieces(const Problem&);

std::string random_solution(const Problem&, Rng&);  // each piece uniformly
bool is_sound(const Problem&,
              std::string_view solution);  // whether it is a wording of the reference reasoning

// What is written, whether it is right or not.
struct Step {
  int a;
  char operation;  // + - * /
  int b, result;
  bool adds_up() const;
};
struct Solution {
  std::vector<Step> steps;
  int answer;
  bool adds_up() const;  // every step does, and the answer is the last result
};
// Nothing if the text has another form than restatement, steps and answer.
std::optional<Solution> parse_solution(std::string_view);

// The digits after the last '#'; empty if there are none.
std::string written_answer(std::string_view solution);

}  // namespace banel::reason
