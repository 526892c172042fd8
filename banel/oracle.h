// The expensive judge. It counts its own calls, refuses the first one beyond its budget, and writes every
// verdict to a ledger on disk before anyone sees it: a killed run neither loses nor repeats an evaluation
// whose verdict it used.
//
// The one gap that no ledger can close alone: between the judge's answer and the end of the ledger's sync
// (milliseconds) the batch is judged but not recorded. A kill or a full disk just then makes the resumed run
// submit the same batch again. Nothing had learned from the lost answers, and the ledger counts the batch
// once; a judge that bills by the call bills it twice, unless it recognises a batch that it has answered.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "banel/generator.h"
#include "nn/io/file.h"
#include "tensor/hash.h"

namespace banel {

struct Verdict {
  std::string answer;   // what the judged system said; for people
  bool reward = false;  // r(x)
};

// One line of a ledger, for example
//   {"n":1,"attempt":"12+4=","answer":"17","reward":1,"hash":"9adc705d272ce8db"}
// The hashes are a chain: that of line n is FNV-1a of all lines up to it, each without its own hash,
//   h_n = fnv1a(c_n, h_{n-1}),  h_0 = fnv1a(""),  c_n = the bytes of line n before `,"hash"`,
// so a line that is changed, removed, inserted or moved breaks the chain at itself.
struct Evaluation {
  Attempt attempt;
  Verdict verdict;
  std::uint64_t hash = 0;
};

// The beginning of a ledger that a checkpoint stands on: so many evaluations, and the hash of the last.
struct LedgerMark {
  std::int64_t evaluations = 0;
  std::uint64_t hash = fnv1a("");
};

struct Ledger {
  std::vector<Evaluation> evaluations;
  std::size_t bytes = 0;  // of its whole lines; a torn last line, left by a kill, was never used
};

// A missing file is an empty ledger. Errors: InputError naming the first line that does not belong there, or
// if it does not begin with what was marked.
Ledger read_ledger(const std::filesystem::path&, const LedgerMark& = {});

class Oracle {
 public:
  using Judge = std::function<std::vector<Verdict>(std::span<const Attempt>)>;

  // budget >= 1 evaluations in all. With a ledger file, what it holds counts as paid; what is marked belongs
  // to rounds that are over, later entries are handed out again, unpaid, as a resumed run repeats the
  // interrupted round. Errors: those of read_ledger; InputError if more is paid than the budget allows.
  Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger = {},
         const LedgerMark& used = {});

  // r(x) of each attempt. Errors: BudgetError before anything is evaluated if the batch would exceed the
  // budget; InputError if the ledger holds another attempt in this place. After any error, the judge's own
  // and those of the disk included, the same call may be made again. Several threads may call it: their
  // batches are taken one after the other. All else is for one thread at a time.
  std::vector<bool> evaluate(std::span<const Attempt>);

  std::int64_t used() const { return used_; }  // evaluations handed out (NRE)
  std::int64_t budget() const { return budget_; }
  LedgerMark mark() const;  // of what is used
  bool seen(const Attempt& x) const { return verdicts_.contains(x); }
  // Of evaluations first..last-1 (0-based, last <= used) those with reward 0, in order.
  std::vector<Attempt> failures(std::size_t first, std::size_t last) const;
  bool succeeded(const Attempt& x) const {  // whether it was ever rewarded
    const auto found = verdicts_.find(x);
    return found != verdicts_.end() && found->second;
  }

 private:
  void pay(std::span<const Attempt>);
  void remember(const Evaluation&);

  Judge judge_;
  std::int64_t budget_, used_ = 0;
  std::unique_ptr<AppendFile> ledger_;
  std::vector<Evaluation> entries_;             // all that was ever paid; the first used_ are handed out
  std::unordered_map<Attempt, bool> verdicts_;  // handed out: whether it was ever rewarded
  std::mutex turn_;
};

}  // namespace banel
