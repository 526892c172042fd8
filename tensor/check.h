// Errors of the whole project. A message is "where: what is wrong; how to fix it".
//
//   ENSURE(k >= 1, "top-k", "k = " << k << " must be 1 or more");
//   ENSURE_AS(file.good(), IoError, path, "cannot read");
//
// Both throw if the condition is false.
#pragma once
#include <sstream>
#include <stdexcept>
#include <string>

namespace banel {

// A value, shape or setting out of range. The command line exits with 2. Place and fault are kept apart for
// whoever names the place in its own way, such as the reader of a file.
struct UsageError : std::invalid_argument {
  explicit UsageError(const std::string& text) : std::invalid_argument(text), why(text) {}
  UsageError(const std::string& place, const std::string& fault)
      : std::invalid_argument(place + ": " + fault), where(place), why(fault) {}
  std::string where, why;
};

// A file that is not what it claims to be. Exit code 3.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The system refused to read or write. Exit code 4.
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Files that do not agree with one another. Exit code 5.
struct VerificationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An evaluation beyond the budget. Exit code 6.
struct BudgetError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The work is done, and what it made is worse than was asked for. Exit code 7.
struct ShortfallError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace banel

// Throws Error("where: message") unless the condition holds; both may use <<.
#define ENSURE_AS(condition, Error, where, message) \
  do {                                              \
    if (!(condition)) {                             \
      std::ostringstream require_text;              \
      require_text << where << ": " << message;     \
      throw Error(require_text.str());              \
    }                                               \
  } while (false)

// The same with UsageError: for preconditions of a call.
#define ENSURE(condition, where, message)                                \
  do {                                                                   \
    if (!(condition)) {                                                  \
      std::ostringstream require_where, require_why;                     \
      require_where << where;                                            \
      require_why << message;                                            \
      throw ::banel::UsageError(require_where.str(), require_why.str()); \
    }                                                                    \
  } while (false)
