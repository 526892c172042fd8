#include "banel/oracle.h"

#include <nlohmann/json.hpp>

#include "tensor/check.h"

namespace banel {

Oracle::Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger,
               std::int64_t replayed)
    : judge_(std::move(judge)), budget_(budget) {
  ENSURE(budget >= 1, "oracle", "budget = " << budget << " evaluations; at least 1 is needed");
  const std::size_t whole = ledger ? load_ledger(*ledger) : 0;
  const auto paid = static_cast<std::int64_t>(entries_.size());
  ENSURE_AS(replayed >= 0 && replayed <= paid && paid <= budget, InputError, "ledger",
            paid << " paid evaluations do not fit " << replayed << " used ones and a budget of " << budget);
  if (ledger)
    ledger_ = std::make_unique<AppendFile>(*ledger, whole);  // a torn last line was never handed out: drop it
  for (; used_ < replayed; ++used_) remember(entries_[static_cast<std::size_t>(used_)]);
}

void Oracle::remember(const Entry& entry) {
  bool& succeeded = verdicts_[entry.attempt];
  succeeded = succeeded || entry.verdict.reward;
}

std::size_t Oracle::load_ledger(const std::filesystem::path& path) {
  std::size_t whole = 0;
  if (std::filesystem::exists(path)) {
    const std::string text = read_file(path);
    for (std::size_t end; (end = text.find('\n', whole)) != text.npos; whole = end + 1) {
      try {
        const auto line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(whole),
                                                text.begin() + static_cast<std::ptrdiff_t>(end));
        ENSURE_AS(line.at("n").get<std::size_t>() == entries_.size() + 1, InputError, "ledger",
                  "numbers out of order");
        const int reward = line.at("reward").get<int>();
        ENSURE_AS(reward == 0 || reward == 1, InputError, "ledger",
                  "reward " << reward << " is neither 0 nor 1");
        entries_.push_back(
            {line.at("attempt").get<std::string>(), {line.at("answer").get<std::string>(), reward == 1}});
      } catch (const std::exception& error) {
        ENSURE_AS(false, InputError, path.string(),
                  "line " << entries_.size() + 1 << " is damaged (" << error.what()
                          << "); remove the run folder and start again");
      }
    }
  }
  return whole;
}

std::vector<bool> Oracle::evaluate(std::span<const Attempt> attempts) {
  const auto n = static_cast<std::int64_t>(attempts.size());
  ENSURE_AS(used_ + n <= budget_, BudgetError, "oracle",
            n << " evaluations refused: " << used_ << " of " << budget_ << " are used");
  const auto known = std::min(attempts.size(), entries_.size() - static_cast<std::size_t>(used_));
  for (std::size_t i = 0; i < known; ++i)
    ENSURE_AS(entries_[static_cast<std::size_t>(used_) + i].attempt == attempts[i], InputError, "ledger",
              "entry " << used_ + static_cast<std::int64_t>(i) + 1
                       << " is another attempt; the settings or the program changed since");
  pay(attempts.subspan(known));
  std::vector<bool> rewards;
  for (std::size_t i = 0; i < attempts.size(); ++i, ++used_) {
    const Entry& entry = entries_[static_cast<std::size_t>(used_)];
    rewards.push_back(entry.verdict.reward);
    remember(entry);
  }
  return rewards;
}

std::vector<Attempt> Oracle::failures(std::size_t first, std::size_t last) const {
  ENSURE(first <= last && last <= static_cast<std::size_t>(used_), "oracle",
         "evaluations " << first << ".." << last << " of " << used_);
  std::vector<Attempt> result;
  for (std::size_t i = first; i < last; ++i)
    if (!entries_[i].verdict.reward) result.push_back(entries_[i].attempt);
  return result;
}

void Oracle::pay(std::span<const Attempt> attempts) {
  if (attempts.empty()) return;
  const std::vector<Verdict> verdicts = judge_(attempts);
  ENSURE(verdicts.size() == attempts.size(), "oracle",
         "the judge answered " << verdicts.size() << " of " << attempts.size());
  std::string lines;
  std::vector<Entry> paid;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    paid.push_back({attempts[i], verdicts[i]});
    lines += nlohmann::ordered_json{{"n", entries_.size() + i + 1},
                                    {"attempt", attempts[i]},
                                    {"answer", verdicts[i].answer},
                                    {"reward", verdicts[i].reward ? 1 : 0}}
                 .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
             '\n';
  }
  if (ledger_) ledger_->append(lines);  // durable before anyone learns a verdict
  entries_.insert(entries_.end(), paid.begin(), paid.end());
}

}  // namespace banel
