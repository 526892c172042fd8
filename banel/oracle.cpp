#include "banel/oracle.h"

#include <nlohmann/json.hpp>

#include "tensor/check.h"

namespace banel {

namespace {

// What a line ends with after the part that is hashed.
std::string seal(std::uint64_t hash) { return R"(,"hash":")" + hex(hash) + R"("})"; }

// The part that is hashed.
std::string content(std::size_t n, const Attempt& attempt, const Verdict& verdict) {
  std::string text =
      nlohmann::ordered_json{
          {"n", n}, {"attempt", attempt}, {"answer", verdict.answer}, {"reward", verdict.reward ? 1 : 0}}
          .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.pop_back();  // the brace closes after the hash
  return text;
}

// Line n, after lines of this hash.
Evaluation parse(std::string_view line, std::size_t n, std::uint64_t before) {
  const std::string_view hashed = line.substr(0, line.rfind(R"(,"hash":)"));
  const std::uint64_t hash = fnv1a(hashed, before);
  ENSURE_AS(line.substr(hashed.size()) == seal(hash), InputError, "hash",
            "it is not " << hex(hash) << ", that of the lines up to here");
  const auto json = nlohmann::json::parse(line);
  Evaluation read{json.at("attempt").get<std::string>(),
                  {json.at("answer").get<std::string>(), json.at("reward") == 1},
                  hash};
  // A key twice, a number out of order or beyond its type, a reward of 2: none of them is what it wrote.
  ENSURE_AS(content(n, read.attempt, read.verdict) == hashed, InputError, "form",
            "it is not evaluation " << n << " as the oracle writes it");
  return read;
}

}  // namespace

Ledger read_ledger(const std::filesystem::path& path, const LedgerMark& mark) {
  Ledger ledger;
  const std::string text = std::filesystem::exists(path) ? read_file(path) : "";
  std::vector<Evaluation>& read = ledger.evaluations;
  const auto refuse = [&](const char* why) {
    ENSURE_AS(false, InputError, path.string(),
              "line " << read.size() + 1 << " is damaged (" << why
                      << "); restore the file, or remove the run folder and start again");
  };
  std::uint64_t hash = LedgerMark().hash;
  for (std::size_t end; (end = text.find('\n', ledger.bytes)) != text.npos; ledger.bytes = end + 1) {
    try {
      read.push_back(
          parse(std::string_view(text).substr(ledger.bytes, end - ledger.bytes), read.size() + 1, hash));
      hash = read.back().hash;
    } catch (const InputError& error) {
      refuse(error.what());
    } catch (const nlohmann::json::exception& error) {
      refuse(error.what());
    }
    if (std::ssize(read) == mark.evaluations)
      ENSURE_AS(hash == mark.hash, InputError, path.string(),
                "line " << mark.evaluations << " has the hash " << hex(hash) << ", the checkpoint remembers "
                        << hex(mark.hash) << ": it is the ledger of another run; restore the right one");
  }
  ENSURE_AS(0 <= mark.evaluations && mark.evaluations <= std::ssize(read), InputError, path.string(),
            "has " << read.size() << " evaluations, the checkpoint was made after " << mark.evaluations
                   << ": it was cut or replaced; restore it, or remove the run folder and start again");
  return ledger;
}

Oracle::Oracle(Judge judge, std::int64_t budget, std::optional<std::filesystem::path> ledger,
               const LedgerMark& used)
    : judge_(std::move(judge)), budget_(budget) {
  ENSURE(budget >= 1, "oracle", "budget = " << budget << " evaluations; at least 1 is needed");
  if (!ledger) return;
  Ledger paid = read_ledger(*ledger, used);
  entries_ = std::move(paid.evaluations);
  ENSURE_AS(std::ssize(entries_) <= budget, InputError, ledger->string(),
            "has " << entries_.size() << " evaluations, more than the budget of " << budget);
  ledger_ = std::make_unique<AppendFile>(*ledger, paid.bytes);
  for (; used_ < used.evaluations; ++used_) remember(entries_[static_cast<std::size_t>(used_)]);
}

void Oracle::remember(const Evaluation& entry) {
  bool& succeeded = verdicts_[entry.attempt];
  succeeded = succeeded || entry.verdict.reward;
}

std::vector<bool> Oracle::evaluate(std::span<const Attempt> attempts) {
  const std::scoped_lock turn(turn_);
  const auto n = static_cast<std::int64_t>(attempts.size());
  ENSURE_AS(n <= budget_ - used_, BudgetError, "oracle",
            n << " evaluations refused: " << used_ << " of " << budget_ << " are used");
  const auto first = static_cast<std::size_t>(used_);
  const std::size_t known = std::min(attempts.size(), entries_.size() - first);
  for (std::size_t i = 0; i < known; ++i)
    ENSURE_AS(entries_[first + i].attempt == attempts[i], InputError, "ledger",
              "entry " << first + i + 1 << " is another attempt; the settings or the program changed since");
  pay(attempts.subspan(known));
  std::vector<bool> rewards;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Evaluation& entry = entries_[first + i];
    rewards.push_back(entry.verdict.reward);
    remember(entry);
  }
  used_ += n;
  return rewards;
}

LedgerMark Oracle::mark() const {
  return used_ ? LedgerMark{used_, entries_[static_cast<std::size_t>(used_) - 1].hash} : LedgerMark();
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
  std::vector<Verdict> verdicts = judge_(attempts);
  ENSURE(verdicts.size() == attempts.size(), "oracle",
         "the judge answered " << verdicts.size() << " of " << attempts.size());
  const std::size_t before = entries_.size();
  std::string lines;
  try {
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      Evaluation entry{attempts[i], std::move(verdicts[i]), LedgerMark().hash};
      if (ledger_) {
        const std::string text = content(entries_.size() + 1, entry.attempt, entry.verdict);
        entry.hash = fnv1a(text, entries_.empty() ? LedgerMark().hash : entries_.back().hash);
        lines += text + seal(entry.hash) + '\n';
      }
      entries_.push_back(std::move(entry));
    }
    if (ledger_) ledger_->append(lines);  // durable before anyone learns a verdict
  } catch (...) {
    entries_.resize(before);  // what is not on disk was not paid
    throw;
  }
}

}  // namespace banel
