#include "banel/oracle.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

Oracle::Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger,
               const LedgerMark& used)
    : judge_(std::move(judge)), budget_(budget) {
  ENSURE(budget >= 1, "oracle", "budget = " << budget << " evaluations; at least 1 is needed");
  if (!ledger) return;
  Ledger paid = read_ledger(*ledger, used);
  entries_ = std::move(paid.evaluations);
  ENSURE_AS(std::ssize(entries_) <= budget, InputError, ledger->string(),
            "has " << entries_.size() << " evaluations, more than the budget of " << budget
                   << "; raise the budget, or remove the run folder and start again");
  ledger_ = std::make_unique<AppendFile>(*ledger, paid.bytes);
  for (; used_ < used.evaluations; ++used_) remember(static_cast<std::size_t>(used_));
}

void Oracle::remember(std::size_t entry) {
  check_stop();
  const Evaluation& e = entries_[entry];
  std::size_t& first = first_reward_.try_emplace(e.attempt, never).first->second;
  if (e.verdict.reward == Reward::success) first = std::min(first, entry);
}

std::vector<Reward> Oracle::evaluate(std::span<const Attempt> attempts) {
  const std::scoped_lock turn(turn_);
  const auto n = static_cast<std::int64_t>(attempts.size());
  ENSURE_AS(n <= budget_ - used_, BudgetError, "oracle",
            n << " evaluations refused: " << used_ << " of " << budget_ << " are used; raise the budget");
  const auto first = static_cast<std::size_t>(used_);
  const std::size_t known = std::min(attempts.size(), entries_.size() - first);
  for (std::size_t i = 0; i < known; ++i)
    ENSURE_AS(entries_[first + i].attempt == attempts[i], InputError, "ledger",
              "entry " << first + i + 1 << " is another attempt: the settings or the program changed since; "
                       << "start again in another folder");
  pay(attempts.subspan(known));
  std::vector<Reward> rewards;
  for (std::size_t i = first; i < first + attempts.size(); ++i) {
    rewards.push_back(entries_[i].verdict.reward);
    remember(i);
  }
  used_ += n;
  return rewards;
}

LedgerMark Oracle::mark() const {
  return used_ ? LedgerMark{used_, entries_[static_cast<std::size_t>(used_) - 1].hash} : LedgerMark();
}

std::vector<Attempt> Oracle::failures(std::size_t first, std::size_t last) const {
  ENSURE(first <= last && last <= static_cast<std::size_t>(used_), "oracle",
         "evaluations " << first << ".." << last << " are not among the " << used_ << " used");
  std::vector<Attempt> result;
  for (std::size_t i = first; i < last; ++i) {
    check_stop();
    const Evaluation& e = entries_[i];
    const bool rewarded_by_then = first_reward_.at(e.attempt) < last;
    if (e.verdict.reward == Reward::failure && !rewarded_by_then) result.push_back(e.attempt);
  }
  return result;
}

void Oracle::pay(std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  std::vector<Verdict> verdicts = judge_(attempts);
  ENSURE(verdicts.size() == attempts.size(), "oracle",
         "the judge gave " << verdicts.size() << " verdicts for " << attempts.size() << " attempts");
  // What a judge has said is paid for and is written even if the program is to stop, unless it is so much
  // that only a quick judge can have said it.
  constexpr std::size_t together = 100'000;
  std::size_t on_disk = entries_.size();
  std::string lines;
  const auto write = [&] {
    if (ledger_) ledger_->append(lines);  // durable before anyone learns a verdict
    lines.clear();
    on_disk = entries_.size();
  };
  try {
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (i > 0 && i % together == 0) {
        write();
        check_stop();
      }
      Evaluation entry{attempts[i], std::move(verdicts[i]), LedgerMark().hash};
      const std::uint64_t hash = entries_.empty() ? LedgerMark().hash : entries_.back().hash;
      if (ledger_) lines += ledger_line(entries_.size() + 1, entry, hash);
      entries_.push_back(std::move(entry));
    }
    write();
  } catch (...) {
    entries_.resize(on_disk);  // what is not on disk was not paid
    throw;
  }
}

}  // namespace banel
