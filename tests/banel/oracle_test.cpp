#include "banel/oracle.h"

#include <doctest/doctest.h>

#include <atomic>

#include "tensor/check.h"
#include "tensor/parallel.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/in_child.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/seven_judge.h"

namespace banel {
namespace {

using enum Reward;

TEST_CASE("the oracle judges each attempt and remembers the verdicts") {
  SevenJudge judge;
  Oracle oracle(judge.judge(), 20);
  const auto x = numbered_attempts(5, 5);
  CHECK(oracle.evaluate(x) == std::vector<Reward>{failure, failure, success, failure, failure});
  CHECK(oracle.used() == 5);
  CHECK(oracle.seen("a5"));
  CHECK(!oracle.seen("a4"));
  CHECK(oracle.succeeded("a7"));
  CHECK(!oracle.succeeded("a5"));
  CHECK(!oracle.succeeded("a17"));
  CHECK(oracle.evaluate({}).empty());
}

TEST_CASE("the failures of a past round are those that the round itself saw") {
  std::vector<Reward> verdicts{failure, failure, unjudged, success, failure, failure, success};
  std::size_t next = 0;
  const auto judge = [&](std::span<const Attempt> attempts) {
    std::vector<Verdict> result;
    for (std::size_t i = 0; i < attempts.size(); ++i) result.push_back({"", verdicts[next++]});
    return result;
  };
  Oracle oracle(judge, 7);
  oracle.evaluate(std::vector<Attempt>{"x", "y", "z"});
  CHECK(oracle.failures(0, 3) == std::vector<Attempt>{"x", "y"});
  oracle.evaluate(std::vector<Attempt>{"x", "x", "y"});            // x is rewarded, then fails
  CHECK(oracle.failures(0, 3) == std::vector<Attempt>{"x", "y"});  // before it was rewarded
  CHECK(oracle.failures(3, 6) == std::vector<Attempt>{"y"});
  oracle.evaluate(std::vector<Attempt>{"x"});  // and is rewarded once more
  CHECK(oracle.failures(3, 6) == std::vector<Attempt>{"y"});
  CHECK(oracle.succeeded("x"));
  CHECK(oracle.seen("z"));
  CHECK(!oracle.succeeded("z"));
  CHECK_THROWS_AS(oracle.failures(0, 8), UsageError);
}

TEST_CASE("a budget below one is refused and so is a judge that does not answer all") {
  SevenJudge judge;
  CHECK_THROWS_AS(Oracle(judge.judge(), 0), UsageError);
  CHECK_THROWS_AS(Oracle(judge.judge(), -5), UsageError);
  Oracle oracle([](std::span<const Attempt>) { return std::vector<Verdict>(1); }, 9);
  CHECK_THROWS_AS(oracle.evaluate(numbered_attempts(0, 2)), UsageError);
}

TEST_CASE("an attempt evaluated twice is paid twice") {
  SevenJudge judge;
  Oracle oracle(judge.judge(), 3);
  const std::vector<Attempt> twice = {"a1", "a1"};
  oracle.evaluate(twice);
  CHECK(oracle.used() == 2);
  CHECK(judge.total == 2);
}

// How a generated schedule went.
struct Counts {
  std::int64_t schedules = 0, refusals = 0, judged = 0, wrong = 0;
};

// Batches of random sizes, some across the limit, until the last evaluation of the budget is used and one
// more is refused.
void spend(std::int64_t budget, std::uint32_t longest, Rng& rng, Counts& counts) {
  std::int64_t judged = 0;
  const auto judge = [&](std::span<const Attempt> x) {
    judged += std::ssize(x);
    return std::vector<Verdict>(x.size());
  };
  Oracle oracle(judge, budget);
  std::vector<Attempt> batch;
  bool refused = false;
  while (oracle.used() < budget || !refused) {
    const std::int64_t used = oracle.used(), left = budget - used;
    // After a refusal one that fits, so that schedules come to an end.
    batch.resize(left == 0 ? 1
                 : refused ? 1 + rng.below(static_cast<std::uint32_t>(left))
                           : rng.below(longest + 1),
                 "a");
    const bool fits = std::ssize(batch) <= left;
    try {
      counts.wrong += oracle.evaluate(batch).size() != batch.size();
      refused = false;
    } catch (const BudgetError&) {
      refused = true;
      ++counts.refusals;
    }
    counts.wrong +=
        refused == fits || judged != oracle.used() || oracle.used() != used + (fits ? std::ssize(batch) : 0);
  }
  ++counts.schedules;
  counts.judged += judged;
  counts.wrong += judged != budget;
}

TEST_CASE("an evaluation beyond the budget is refused in a million schedules on any number of threads" *
          doctest::test_suite("slow")) {
  std::vector<Counts> parts(100);
  parallel_for(parts.size(), [&](std::size_t part) {
    Rng rng(1, "schedules", 0, static_cast<std::uint32_t>(part));
    for (int i = 0; i < 9'990; ++i) spend(1 + rng.below(20), 1 + rng.below(25), rng, parts[part]);
    for (int i = 0; i < 10; ++i) spend(7500, 1 + rng.below(8000), rng, parts[part]);
  });
  Counts all;
  for (const Counts& part : parts) {
    all.schedules += part.schedules;
    all.refusals += part.refusals;
    all.wrong += part.wrong;
  }
  CHECK(all.schedules == 1'000'000);
  CHECK(all.refusals > 1'200'000);  // the last of each schedule, and batches across the limit
  CHECK(all.wrong == 0);
}

TEST_CASE("threads that share an oracle cannot pass its budget together") {
  std::int64_t refusals = 0, wrong = 0;
  for (int schedule = 0; schedule < 2000; ++schedule) {
    Rng rng(3, "threads", 0, static_cast<std::uint32_t>(schedule));
    const std::int64_t budget = 1 + rng.below(60);
    std::int64_t judged = 0;  // only one thread at a time may change it
    Oracle oracle(
        [&](std::span<const Attempt> x) { return judged += std::ssize(x), std::vector<Verdict>(x.size()); },
        budget);
    std::atomic<std::int64_t> granted = 0, refused = 0;
    const int before = threads();
    set_threads(8);
    parallel_for(16, [&](std::size_t i) {
      const auto x =
          numbered_attempts(static_cast<std::int64_t>(i) * 10, 1 + static_cast<std::int64_t>(i) % 10);
      try {
        granted += std::ssize(oracle.evaluate(x));
      } catch (const BudgetError&) {
        ++refused;
      }
    });
    set_threads(before);
    refusals += refused;
    wrong += judged > budget || judged != oracle.used() || judged != granted;
  }
  CHECK(refusals > 2000);
  CHECK(wrong == 0);
}

// A run that evaluates a0, a1, ... in batches, is killed again and again, and goes on from its last saved
// state.
TEST_CASE("over random crashes nothing is lost and nothing is paid twice and the budget holds") {
  Rng rng(2, "oracle_test");
  const TemporaryFolder folder;
  for (int schedule = 0; schedule < 60; ++schedule) {
    const auto ledger = folder.path / (std::to_string(schedule) + ".jsonl");
    SevenJudge judge;
    const std::int64_t budget = 1 + rng.below(40);
    std::int64_t high = 0;
    LedgerMark saved;
    while (high < budget) {
      Oracle oracle(judge.judge(), budget, ledger, saved);
      REQUIRE(oracle.used() == saved.evaluations);
      for (std::uint32_t steps = rng.below(4); steps > 0 && oracle.used() < budget; --steps) {
        const std::int64_t first = oracle.used(),
                           size = std::min<std::int64_t>(1 + rng.below(9), budget - first);
        const auto x = numbered_attempts(first, size);
        const auto rewards = oracle.evaluate(x);
        for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(rewards[i] == SevenJudge::reward(x[i]));
        high = std::max(high, oracle.used());
        if (rng.below(2)) saved = oracle.mark();  // the caller's checkpoint
      }
      if (high < budget &&
          rng.below(3) == 0) {  // killed while it wrote a batch: judged, never handed out, half on disk
        const std::string text = read_file(ledger);
        AppendFile(ledger).append(R"({"n":)" + std::to_string(high + 1) + R"(,"attempt":"a)");
        Oracle again(judge.judge(), budget, ledger, saved);
        REQUIRE(read_file(ledger) == text);
      }
    }
    CHECK(judge.total == budget);
    for (const auto& [attempt, calls] : judge.calls) CHECK(calls == 1);
    Oracle after(judge.judge(), budget, ledger, {budget, read_ledger(ledger).evaluations.back().hash});
    CHECK(after.used() == budget);
    CHECK_THROWS_AS(after.evaluate(numbered_attempts(budget, 1)), BudgetError);
    CHECK(after.seen("a0"));
    CHECK(after.succeeded("a7") == (budget > 7));
  }
}

TEST_CASE("a batch that the judge or the disk failed may be evaluated again and is recorded once") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  SevenJudge judge;
  bool fails = false;
  Oracle oracle(
      [&](std::span<const Attempt> x) {
        if (fails) throw std::bad_alloc();
        return judge.judge()(x);
      },
      10, ledger);
  oracle.evaluate(numbered_attempts(0, 3));
  const std::string before = read_file(ledger);
  fails = true;
  CHECK_THROWS_AS(oracle.evaluate(numbered_attempts(3, 4)), std::bad_alloc);
  fails = false;
  {
    const FileSizeLimit limit(before.size() + 100);
    CHECK_THROWS_AS(oracle.evaluate(numbered_attempts(3, 4)), IoError);
  }
  CHECK(oracle.used() == 3);
  CHECK(!oracle.seen("a3"));
  CHECK(read_file(ledger) == before);
  CHECK(oracle.evaluate(numbered_attempts(3, 5)).size() == 5);
  CHECK(judge.calls["a3"] ==
        2);  // the judge answered twice, the gap that the header names; the ledger counts once
  const Ledger read = read_ledger(ledger, oracle.mark());
  REQUIRE(read.evaluations.size() == 8);
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(read.evaluations[i].attempt == numbered_attempts(static_cast<std::int64_t>(i), 1)[0]);
}

TEST_CASE("what a judge said before a request to stop is paid for and kept unless it is very much") {
  const TemporaryFolder folder;
  const std::filesystem::path ledger = folder.path / "ledger";
  for (const std::int64_t n : {10, 100'010}) {
    std::filesystem::remove(ledger);
    const auto judge = [](std::span<const Attempt> attempts) {
      request_stop();
      return std::vector<Verdict>(attempts.size());
    };
    CHECK(
        stops([&] { Oracle(judge, n, ledger).evaluate(std::vector<Attempt>(static_cast<std::size_t>(n))); }));
    CHECK(std::ssize(read_ledger(ledger).evaluations) == std::min<std::int64_t>(n, 100'000));
  }
}

}  // namespace
}  // namespace banel
