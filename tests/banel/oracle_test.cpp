#include "banel/oracle.h"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <map>
#include <set>

#include "tests/support/file_size_limit.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

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

// How a generated schedule went.
struct Tally {
  std::int64_t schedules = 0, refusals = 0, judged = 0, wrong = 0;
};

// Batches of random sizes, some across the limit, until the last evaluation of the budget is used and one more is refused.
void spend(std::int64_t budget, std::uint32_t longest, Rng& rng, Tally& tally) {
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
    batch.resize(left == 0 ? 1 : refused ? 1 + rng.below(static_cast<std::uint32_t>(left)) : rng.below(longest + 1), "a");
    const bool fits = std::ssize(batch) <= left;
    try {
      tally.wrong += oracle.evaluate(batch).size() != batch.size();
      refused = false;
    } catch (const BudgetError&) {
      refused = true;
      ++tally.refusals;
    }
    tally.wrong += refused == fits || judged != oracle.used() || oracle.used() != used + (fits ? std::ssize(batch) : 0);
  }
  ++tally.schedules;
  tally.judged += judged;
  tally.wrong += judged != budget;
}

TEST_CASE("evaluation 7501 and every other beyond a budget is refused in a million schedules on any number of threads") {
  std::vector<Tally> parts(100);
  parallel_for(parts.size(), [&](std::size_t part) {
    Rng rng(1, "schedules", 0, static_cast<std::uint32_t>(part));
    for (int i = 0; i < 9'990; ++i) spend(1 + rng.below(20), 1 + rng.below(25), rng, parts[part]);
    for (int i = 0; i < 10; ++i) spend(7500, 1 + rng.below(8000), rng, parts[part]);
  });
  Tally all;
  for (const Tally& part : parts) {
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
    Oracle oracle([&](std::span<const Attempt> x) { return judged += std::ssize(x), std::vector<Verdict>(x.size()); }, budget);
    std::atomic<std::int64_t> granted = 0, refused = 0;
    const int before = threads();
    set_threads(8);
    parallel_for(16, [&](std::size_t i) {
      const auto x = attempts(static_cast<std::int64_t>(i) * 10, 1 + static_cast<std::int64_t>(i) % 10);
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

// A run that evaluates a0, a1, ... in batches, is killed again and again, and goes on from its last saved state.
TEST_CASE("over random crashes nothing is lost and nothing is paid twice and the budget holds") {
  Rng rng(2, "oracle_test");
  const TemporaryFolder folder;
  for (int schedule = 0; schedule < 60; ++schedule) {
    const auto ledger = folder.path / (std::to_string(schedule) + ".jsonl");
    Judge judge;
    const std::int64_t budget = 1 + rng.below(40);
    std::int64_t high = 0;
    LedgerMark saved;
    while (high < budget) {
      Oracle oracle(judge.function(), budget, ledger, saved);
      REQUIRE(oracle.used() == saved.evaluations);
      for (std::uint32_t steps = rng.below(4); steps > 0 && oracle.used() < budget; --steps) {
        const std::int64_t first = oracle.used(), size = std::min<std::int64_t>(1 + rng.below(9), budget - first);
        const auto x = attempts(first, size);
        const auto rewards = oracle.evaluate(x);
        for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(rewards[i] == Judge::reward(x[i]));
        high = std::max(high, oracle.used());
        if (rng.below(2)) saved = oracle.mark();  // the caller's checkpoint
      }
      if (high < budget && rng.below(3) == 0) {  // killed while it wrote a batch: judged, never handed out, half on disk
        const std::string text = read_file(ledger);
        AppendFile(ledger).append(R"({"n":)" + std::to_string(high + 1) + R"(,"attempt":"a)");
        Oracle again(judge.function(), budget, ledger, saved);
        REQUIRE(read_file(ledger) == text);
      }
    }
    CHECK(judge.total == budget);
    for (const auto& [attempt, calls] : judge.calls) CHECK(calls == 1);
    Oracle after(judge.function(), budget, ledger, {budget, read_ledger(ledger).evaluations.back().hash});
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
    CHECK(read_file(ledger).starts_with(R"({"n":1,"attempt":"plain 7","answer":"answer to \"plain 7\"","reward":1,"hash":")"));
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
  Oracle first(judge.function(), 10, ledger);
  first.evaluate(attempts(0, 2));
  const LedgerMark after2 = first.mark();
  first.evaluate(attempts(2, 4));
  const LedgerMark after6 = first.mark();
  CHECK_THROWS_WITH_AS(Oracle(judge.function(), 5, ledger), doctest::Contains("6 evaluations, more than the budget of 5"), InputError);
  CHECK_THROWS_WITH_AS(Oracle(judge.function(), 10, ledger, {7, after6.hash}), doctest::Contains("checkpoint was made after 7"), InputError);
  CHECK_THROWS_AS(Oracle(judge.function(), 10, ledger, {-1, after6.hash}), InputError);
  for (const LedgerMark& other : {LedgerMark{6, after2.hash}, {5, after6.hash}, {6, after6.hash ^ 1}, {1, LedgerMark().hash}})
    CHECK_THROWS_WITH_AS(Oracle(judge.function(), 10, ledger, other), doctest::Contains(("line " + std::to_string(other.evaluations) + " has the hash").c_str()),
                         InputError);
  Oracle other(judge.function(), 10, ledger, after2);
  CHECK_THROWS_WITH_AS(other.evaluate(attempts(3, 2)), doctest::Contains("entry 3 is another attempt"), InputError);
  CHECK(judge.total == 6);
}

TEST_CASE("the hash of a line is the one that the header states") {
  const TemporaryFolder folder;
  Oracle([](std::span<const Attempt>) { return std::vector<Verdict>{{"17", true}}; }, 1, folder.path / "ledger").evaluate(std::vector<Attempt>{"12+4="});
  const std::string line = read_file(folder.path / "ledger");
  CHECK(line == R"({"n":1,"attempt":"12+4=","answer":"17","reward":1,"hash":"9adc705d272ce8db"})" "\n");  // computed with another program
  CHECK(read_file(fs::path(BANEL_SOURCE_DIR) / "banel" / "oracle.h").find("//   " + line) != std::string::npos);
}

// A ledger of four lines, and the error that another text in its place gives.
struct Lines {
  TemporaryFolder folder;
  fs::path ledger = folder.path / "ledger.jsonl";
  std::vector<std::string> line;
  Lines() {
    Judge judge;
    Oracle(judge.function(), 10, ledger).evaluate(attempts(5, 4));
    const std::string text = read_file(ledger);
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) line.push_back(text.substr(begin, end + 1 - begin));
    REQUIRE(line.size() == 4);
  }
  void refused(const std::string& text, int number) const {
    std::ofstream(ledger, std::ios::binary) << text;
    Judge judge;
    INFO(text);
    CHECK_THROWS_WITH_AS(Oracle(judge.function(), 10, ledger), doctest::Contains(("ledger.jsonl: line " + std::to_string(number) + " is damaged (").c_str()), InputError);
    CHECK(read_file(ledger) == text);  // refused, not repaired
  }
};

TEST_CASE("a line of the ledger that is removed or inserted or moved or not JSON is refused by its number") {
  const Lines whole;
  const auto& l = whole.line;
  whole.refused(l[1] + l[2] + l[3], 1);
  whole.refused(l[0] + l[1] + l[3], 3);
  whole.refused(l[0] + l[1] + l[2] + l[2] + l[3], 4);
  whole.refused(l[0] + l[2] + l[1] + l[3], 2);
  whole.refused(l[0] + l[1] + "\n" + l[2] + l[3], 3);
  whole.refused(l[0] + l[1] + "null\n", 3);
  whole.refused(l[0] + R"({"n":2,"attempt":"a6","answer":"x","reward":0})" "\n", 2);  // no hash
  whole.refused(l[0] + l[1].substr(0, 20) + "\n" + l[2], 2);
  whole.refused(std::string("\0\xFF garbage\n", 11), 1);
}

TEST_CASE("any changed byte of the ledger is refused by its line") {
  const Lines whole;
  std::size_t before = 0;
  std::string text;
  for (const std::string& line : whole.line) text += line;
  for (int number = 1; number <= 4; ++number) {
    const std::string& line = whole.line[static_cast<std::size_t>(number) - 1];
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      std::string changed = text;
      changed[before + i] = static_cast<char>(changed[before + i] ^ 1);
      whole.refused(changed, number);
    }
    before += line.size();
  }
}

TEST_CASE("a line whose hash is right is still read with suspicion") {
  const Lines whole;
  const std::uint64_t before = read_ledger(whole.ledger).evaluations[1].hash;
  for (const char* content : {R"({"n":4,"attempt":"a2","answer":"x","reward":0)", R"({"n":3,"attempt":"a2","answer":"x")", R"({"n":3,"attempt":5,"answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":"no")", R"({"n":3,"attempt":"a2","answer":"x","reward":2)", R"({"n":1.3e27,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3.0,"attempt":"a2","answer":"x","reward":0)", R"({"n":3,"attempt":"a2","answer":"x","reward":4294967296)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":true)", R"({"n":3,"n":3,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3, "attempt":"a2","answer":"x","reward":0)", R"({"n":3,"attempt":"a2","answer":"x","reward":0,"more":1)", R"(["n")", ""})
    whole.refused(whole.line[0] + whole.line[1] + content + R"(,"hash":")" + hex(fnv1a(content, before)) + "\"}\n", 3);
}

TEST_CASE("a batch that the judge or the disk failed may be evaluated again and is recorded once") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  Judge judge;
  bool fails = false;
  Oracle oracle(
      [&](std::span<const Attempt> x) {
        if (fails) throw std::bad_alloc();
        return judge.function()(x);
      },
      10, ledger);
  oracle.evaluate(attempts(0, 3));
  const std::string before = read_file(ledger);
  fails = true;
  CHECK_THROWS_AS(oracle.evaluate(attempts(3, 4)), std::bad_alloc);
  fails = false;
  {
    const FileSizeLimit limit(before.size() + 100);
    CHECK_THROWS_AS(oracle.evaluate(attempts(3, 4)), IoError);
  }
  CHECK(oracle.used() == 3);
  CHECK(!oracle.seen("a3"));
  CHECK(read_file(ledger) == before);
  CHECK(oracle.evaluate(attempts(3, 5)).size() == 5);
  CHECK(judge.calls["a3"] == 2);  // the judge answered twice, the gap that the header names; the ledger counts once
  const Ledger read = read_ledger(ledger, oracle.mark());
  REQUIRE(read.evaluations.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) CHECK(read.evaluations[i].attempt == attempts(static_cast<std::int64_t>(i), 1)[0]);
}

}  // namespace
}  // namespace banel
