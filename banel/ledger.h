// The ledger: a file that holds every verdict a run has paid for, one JSON object a line, for example
//
//   {"n":1,"attempt":"12+4=","answer":"17","reward":1,"hash":"9adc705d272ce8db"}
//
//   n         the number of the evaluation, from 1
//   attempt   the string that was judged
//   answer    what the judged system said
//   kind      the class of the verdict; the key is absent if there is none
//   reward    1 success, 0 failure, null unjudged
//   hash      of the file up to here: h_n = fnv1a(c_n, h_(n-1)), h_0 = fnv1a(""), c_n = the bytes of line n
//             before `,"hash"`. A line that is changed, removed, inserted or moved breaks the chain there.
//
// JSON holds UTF-8 only. A text that is not UTF-8 is written byte by byte, in hexadecimal and under another
// key: the attempt "\xff7" is "attempt_hex":"ff37". The same goes for answer_hex and kind_hex.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "banel/generator.h"
#include "tensor/hash.h"

namespace banel {

// r(x), as far as the judge could tell. An unjudged attempt is paid for. It is no failure, so nothing is
// learned from it, and no success either.
enum class Reward : unsigned char { failure, success, unjudged };

struct Verdict {
  std::string answer;  // what the judged system said; for people
  Reward reward = Reward::failure;
  std::string kind = {};  // optional class of the verdict, e.g. "timeout"; for people and tables
};

struct Evaluation {
  Attempt attempt;
  Verdict verdict;
  std::uint64_t hash = 0;  // of the ledger up to this line
};

// Names the beginning of a ledger: the number of its evaluations and the hash of the last one. A checkpoint
// keeps the mark of the evaluations it was made after.
struct LedgerMark {
  std::int64_t evaluations = 0;
  std::uint64_t hash = fnv1a("");
};

struct Ledger {
  std::vector<Evaluation> evaluations;
  std::size_t bytes = 0;  // of the complete lines; a torn last line, left by a kill, is not among them
};

// Reads a ledger; a missing file is an empty ledger. Errors: InputError with the file and the number of the
// first line that is not as ledger_line wrote it; InputError if the ledger does not begin with `mark`.
Ledger read_ledger(const std::filesystem::path&, const LedgerMark& mark = {});

// Line n of a ledger, with its '\n'. `before` is the hash of line n-1; sets evaluation.hash.
std::string ledger_line(std::size_t n, Evaluation& evaluation, std::uint64_t before);

}  // namespace banel
