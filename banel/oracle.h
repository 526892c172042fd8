// The expensive judge. It counts its own calls, refuses the first one beyond its budget, and writes every
// verdict to a ledger on disk before anyone sees it: a killed run neither loses nor repeats a paid
// evaluation.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "banel/generator.h"
#include "nn/file.h"

namespace banel {

struct Verdict {
  std::string answer;   // what the judged system said; for people
  bool reward = false;  // r(x)
};

class Oracle {
 public:
  using Judge = std::function<std::vector<Verdict>(std::span<const Attempt>)>;

  // budget >= 1 evaluations in all. With a ledger file, what it holds counts as paid; its first `replayed`
  // entries belong to rounds that are over, later ones are handed out again, unpaid, as a resumed run repeats
  // the interrupted round. Errors: InputError naming the line of a damaged ledger.
  Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger = {},
         std::int64_t replayed = 0);

  // r(x) of each attempt. Errors: BudgetError before anything is evaluated if the batch would exceed the
  // budget.
  std::vector<bool> evaluate(std::span<const Attempt>);

  std::int64_t used() const { return used_; }  // evaluations handed out (NRE)
  std::int64_t budget() const { return budget_; }
  bool seen(const Attempt& x) const { return verdicts_.contains(x); }
  // Of evaluations first..last-1 (0-based, last <= used) those with reward 0, in order.
  std::vector<Attempt> failures(std::size_t first, std::size_t last) const;
  bool succeeded(const Attempt& x) const {  // whether it was ever rewarded
    const auto found = verdicts_.find(x);
    return found != verdicts_.end() && found->second;
  }

 private:
  struct Entry {
    Attempt attempt;
    Verdict verdict;
  };
  std::size_t load_ledger(const std::filesystem::path&);  // bytes of its whole lines
  void pay(std::span<const Attempt>);
  void remember(const Entry&);

  Judge judge_;
  std::int64_t budget_, used_ = 0;
  std::unique_ptr<AppendFile> ledger_;
  std::vector<Entry> entries_;                  // all that was ever paid; the first used_ are handed out
  std::unordered_map<Attempt, bool> verdicts_;  // handed out: whether it was ever rewarded
};

}  // namespace banel
