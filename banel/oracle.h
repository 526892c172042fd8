// The oracle: an expensive judge with a budget. It counts every evaluation, refuses those beyond the budget
// and writes each verdict to a ledger on disk before anyone sees it. A killed run therefore neither loses nor
// repeats an evaluation whose verdict it has used. For example
//
//   Oracle oracle(judge, 7500, "run/ledger.jsonl");
//   std::vector<Reward> r = oracle.evaluate(attempts);
//
// One gap remains, and no ledger can close it. Between the judge's answer and the end of the disk's sync
// (milliseconds) a batch is judged but not recorded. If the run is killed or the disk fills just then, the
// resumed run submits that batch a second time. Nothing had learned from the lost answers and the ledger
// counts the batch once, but a judge that bills by the call bills twice unless it recognises the batch.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "banel/ledger.h"
#include "nn/io/file.h"

namespace banel {

// Judges a batch: one verdict per attempt, in order. Its verdicts may waver: the same attempt may fail once
// and succeed another time.
using Judge = std::function<std::vector<Verdict>(std::span<const Attempt>)>;

class Oracle {
 public:
  // budget >= 1: evaluations in all. All evaluations in the ledger file are paid. Those of `used` belong to
  // completed rounds. The later ones belong to the round that was interrupted: when the resumed run repeats
  // that round, evaluate() takes them from the ledger instead of asking the judge. Errors: those of
  // read_ledger; InputError if the ledger holds more evaluations than the budget.
  Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger = {},
         const LedgerMark& used = {});

  // r(x) of each attempt. Each attempt costs one evaluation, repeated ones too.
  // Errors: BudgetError if the batch exceeds the budget, before the judge is asked; InputError if the ledger
  // holds another attempt in this place; errors of the judge and the disk. After any of them the call may be
  // repeated. Several threads may call evaluate; their batches are taken one after the other. All other
  // functions are for one thread at a time.
  std::vector<Reward> evaluate(std::span<const Attempt>);

  std::int64_t used() const { return used_; }  // evaluations handed out so far (the paper's NRE)
  std::int64_t budget() const { return budget_; }
  LedgerMark mark() const;  // of the evaluations handed out so far
  std::span<const Evaluation> paid() const {
    return std::span(entries_).first(static_cast<std::size_t>(used_));
  }

  bool seen(const Attempt& x) const { return first_reward_.contains(x); }  // was evaluated
  bool succeeded(const Attempt& x) const {                                 // was rewarded at least once
    const auto found = first_reward_.find(x);
    return found != first_reward_.end() && found->second != never;
  }

  // The failures among evaluations first..last-1, in order (0-based, last <= used()). A string that was
  // rewarded by one of the evaluations 0..last-1 is not among them, so the failures of a past round are those
  // that the round itself saw.
  std::vector<Attempt> failures(std::size_t first, std::size_t last) const;

 private:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  void pay(std::span<const Attempt>);
  void remember(std::size_t entry);

  Judge judge_;
  std::int64_t budget_, used_ = 0;
  std::unique_ptr<AppendFile> ledger_;
  std::vector<Evaluation> entries_;  // all that were paid; the first used_ of them are handed out
  std::unordered_map<Attempt, std::size_t>
      first_reward_;  // of each attempt handed out: its first rewarded entry
  std::mutex turn_;
};

}  // namespace banel
