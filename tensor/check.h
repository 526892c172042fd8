// One error format for the whole project: "where: what is wrong and how to mend it".
#pragma once
#include <sstream>
#include <stdexcept>

namespace banel {

// Each error class is one documented exit code of the command line (tasks/main.cpp).
struct UsageError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};  // exit 2: a value out of range
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};  // exit 3: a file that is not what it claims
struct IoError : std::runtime_error {
  using std::runtime_error::runtime_error;
};  // exit 4: the system refused to read or write
struct VerificationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};  // exit 5: files that do not agree with one another
struct BudgetError : std::runtime_error {
  using std::runtime_error::runtime_error;
};  // exit 6: an evaluation beyond the budget

}  // namespace banel

// ENSURE_AS(condition, Error, "where", "message " << value): throws Error("where: message value").
#define ENSURE_AS(condition, Error, where, message) \
  do {                                              \
    if (!(condition)) {                             \
      std::ostringstream require_text;              \
      require_text << where << ": " << message;     \
      throw Error(require_text.str());              \
    }                                               \
  } while (false)

// A precondition of a function call: wrong shapes, indices or settings.
#define ENSURE(condition, where, message) ENSURE_AS(condition, ::banel::UsageError, where, message)
