#include "banel/oracle.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "temporary_folder.h"
#include "tensor/check.h"

namespace banel {
namespace {

// Rewards attempts with a 7 in them and counts how often each was judged.
struct Judge {
  std::map<Attempt, int> calls;
  std::int64_t total = 0;
  std::size_t longest_batch = 0;

  static bool reward(const Attempt& x) { return x.find('7') != x.npos; }
  Oracle::Judge function() {
    return [this](std::span<const Attempt> attempts) {
      std::vector<Verdict> verdicts;
      longest_batch = std::max(longest_batch, attempts.size());
      for (const Attempt& x : attempts) {
        ++calls[x];
        ++total;
        verdicts.push_back({"answer to \"" + x + "\"", reward(x)});
      }
      return verdicts;
    };
  }
};

std::vector<Attempt> attempts(std::int64_t first, std::int64_t count) {
  std::vector<Attempt> result;
  for (std::int64_t i = first; i < first + count; ++i) result.push_back(std::string("a").append(std::to_string(i)));
  return result;
}

TEST_CASE("the oracle judges each attempt and remembers the verdicts") {
  Judge judge;
  Oracle oracle(judge.function(), 20);
  const auto x = attempts(5, 5);
  CHECK(oracle.evaluate(x) == std::vector<bool>{false, false, true, false, false});
  CHECK(oracle.used() == 5);
  CHECK(oracle.seen("a5"));
  CHECK(!oracle.seen("a4"));
  CHECK(oracle.succeeded("a7"));
  CHECK(!oracle.succeeded("a5"));
  CHECK(!oracle.succeeded("a17"));
  CHECK(oracle.evaluate({}).empty());
}

TEST_CASE("a budget below one is refused and so is a judge that does not answer all") {
  Judge judge;
  CHECK_THROWS_AS(Oracle(judge.function(), 0), UsageError);
  CHECK_THROWS_AS(Oracle(judge.function(), -5), UsageError);
  Oracle oracle([](std::span<const Attempt>) { return std::vector<Verdict>(1); }, 9);
  CHECK_THROWS_AS(oracle.evaluate(attempts(0, 2)), UsageError);
}

TEST_CASE("an attempt evaluated twice is paid twice") {
  Judge judge;
  Oracle oracle(judge.function(), 3);
  const std::vector<Attempt> twice = {"a1", "a1"};
  oracle.evaluate(twice);
  CHECK(oracle.used() == 2);
  CHECK(judge.total == 2);
}

TEST_CASE("the judge is never called beyond the budget in thousands of random schedules") {
  Rng rng(1, "oracle_test");
  std::int64_t refusals = 0;
  for (int schedule = 0; schedule < 5000; ++schedule) {
    Judge judge;
    const std::int64_t budget = 1 + rng.below(60);
    Oracle oracle(judge.function(), budget);
    for (int batch = 0; batch < 15; ++batch) {
      const std::int64_t used = oracle.used(), size = rng.below(1 + rng.below(40));
      const auto x = attempts(used, size);
      if (used + size > budget) {
        CHECK_THROWS_AS(oracle.evaluate(x), BudgetError);
        CHECK(oracle.used() == used);  // nothing of the batch was evaluated
        ++refusals;
      } else {
        CHECK(oracle.evaluate(x).size() == x.size());
      }
      REQUIRE(judge.total == oracle.used());
      REQUIRE(judge.total <= budget);
    }
  }
  CHECK(refusals > 1000);
}

// A run that evaluates a0, a1, ... in batches, is killed again and again, and goes on from its last saved state.
TEST_CASE("over random crashes nothing is lost and nothing is paid twice and the budget holds") {
  Rng rng(2, "oracle_test");
  const TemporaryFolder folder;
  for (int schedule = 0; schedule < 60; ++schedule) {
    const auto ledger = folder.path / (std::to_string(schedule) + ".jsonl");
    Judge judge;
    const std::int64_t budget = 1 + rng.below(40);
    std::int64_t saved = 0, torn = 0, high = 0;
    while (high < budget) {
      Oracle oracle(judge.function(), budget, ledger, saved);
      REQUIRE(oracle.used() == saved);
      for (std::uint32_t steps = rng.below(4); steps > 0 && oracle.used() < budget; --steps) {
        const std::int64_t first = oracle.used(), size = std::min<std::int64_t>(1 + rng.below(9), budget - first);
        const auto x = attempts(first, size);
        const auto rewards = oracle.evaluate(x);
        for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(rewards[i] == Judge::reward(x[i]));
        high = std::max(high, oracle.used());
        if (rng.below(2)) saved = oracle.used();  // the caller's checkpoint
      }
      if (high < budget && rng.below(3) == 0) {  // killed while it wrote a batch: judged, never handed out, half on disk
        const std::string text = read_file(ledger);
        AppendFile(ledger).append(R"({"n":)" + std::to_string(high + 1) + R"(,"attempt":"a)");
        ++torn;
        Oracle again(judge.function(), budget, ledger, saved);
        REQUIRE(read_file(ledger) == text);
      }
    }
    CHECK(judge.total == budget);
    for (const auto& [attempt, calls] : judge.calls) CHECK(calls == 1);
    Oracle after(judge.function(), budget, ledger, budget);
    CHECK(after.used() == budget);
    CHECK_THROWS_AS(after.evaluate(attempts(budget, 1)), BudgetError);
    CHECK(after.seen("a0"));
    CHECK(after.succeeded("a7") == (budget > 7));
  }
}

TEST_CASE("a verdict is in the ledger before anyone sees it and text of any kind survives") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  Judge judge;
  const std::vector<Attempt> x = {"plain 7", "quote \" backslash \\ newline \n tab \t", "", "\xC3\xA9"};
  {
    Oracle oracle(judge.function(), 10, ledger);
    oracle.evaluate(x);
    CHECK(read_file(ledger).starts_with(R"({"n":1,"attempt":"plain 7","answer":"answer to \"plain 7\"","reward":1})"));
  }
  Oracle again(judge.function(), 10, ledger);
  CHECK(again.used() == 0);
  CHECK(!again.seen(x[0]));  // not handed out yet
  CHECK(again.evaluate(x) == std::vector<bool>{true, false, false, false});
  CHECK(judge.total == 4);
}

TEST_CASE("a ledger of another run is refused") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  Judge judge;
  Oracle(judge.function(), 10, ledger).evaluate(attempts(0, 6));
  CHECK_THROWS_AS(Oracle(judge.function(), 5, ledger), InputError);      // more paid than the budget
  CHECK_THROWS_AS(Oracle(judge.function(), 10, ledger, 7), InputError);  // less paid than the state says
  CHECK_THROWS_AS(Oracle(judge.function(), 10, ledger, -1), InputError);
  Oracle other(judge.function(), 10, ledger, 2);
  CHECK_THROWS_WITH_AS(other.evaluate(attempts(3, 2)), doctest::Contains("entry 3 is another attempt"), InputError);
  CHECK(judge.total == 6);
}

TEST_CASE("a damaged line of the ledger is refused by its number") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  Judge judge;
  Oracle(judge.function(), 10, ledger).evaluate(attempts(0, 4));
  const std::string whole = read_file(ledger);
  const std::size_t third = whole.find(R"({"n":3)"), fourth = whole.find(R"({"n":4)");
  const auto refused = [&](const std::string& text, const char* line) {
    write_file(ledger, text);
    INFO(text);
    CHECK_THROWS_WITH_AS(Oracle(judge.function(), 10, ledger), doctest::Contains(line), InputError);
    CHECK(read_file(ledger) == text);  // refused, not repaired
  };
  refused(whole.substr(0, third) + whole.substr(fourth), "line 3");                                     // a line is missing
  refused(whole.substr(0, fourth) + whole.substr(third, fourth - third) + whole.substr(fourth), "line 4");  // one is there twice
  refused(whole.substr(0, third) + "\n" + whole.substr(third), "line 3");
  refused(whole.substr(0, third) + "null\n", "line 3");
  refused(whole.substr(0, third) + R"({"n":3,"attempt":"a2","answer":"x"})" "\n", "line 3");
  refused(whole.substr(0, third) + R"({"n":3,"attempt":5,"answer":"x","reward":0})" "\n", "line 3");
  refused(whole.substr(0, third) + R"({"n":3,"attempt":"a2","answer":"x","reward":"no"})" "\n", "line 3");
  refused(whole.substr(0, fourth - 3) + "\n" + whole.substr(fourth), "line 3");
  refused(std::string("\0\xFF garbage\n", 11), "line 1");
}

}  // namespace
}  // namespace banel
