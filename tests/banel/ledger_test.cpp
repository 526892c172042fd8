#include "banel/ledger.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "banel/oracle.h"
#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/in_child.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/seven_judge.h"

namespace banel {
namespace {

namespace fs = std::filesystem;
using enum Reward;

TEST_CASE("a verdict is in the ledger before anyone sees it and text of any kind survives") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  SevenJudge judge;
  const std::vector<Attempt> x = {"plain 7", "quote \" backslash \\ newline \n tab \t", "", "\xC3\xA9"};
  {
    Oracle oracle(judge.judge(), 10, ledger);
    oracle.evaluate(x);
    CHECK(read_file(ledger).starts_with(
        R"({"n":1,"attempt":"plain 7","answer":"answer to \"plain 7\"","reward":1,"hash":")"));
  }
  Oracle again(judge.judge(), 10, ledger);
  CHECK(again.used() == 0);
  CHECK(!again.seen(x[0]));  // not handed out yet
  CHECK(again.evaluate(x) == std::vector<Reward>{success, failure, failure, failure});
  CHECK(judge.total == 4);
}

TEST_CASE("a line that is longer than what is read at a time is read whole") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  SevenJudge judge;
  const std::vector<Attempt> x = {std::string(200'000, 'x')};
  Oracle(judge.judge(), 10, ledger).evaluate(x);
  Oracle(judge.judge(), 10, ledger).evaluate(x);
  CHECK(judge.total == 1);
}

TEST_CASE("a ledger of another run is refused") {
  const TemporaryFolder folder;
  const auto ledger = folder.path / "ledger.jsonl";
  SevenJudge judge;
  Oracle first(judge.judge(), 10, ledger);
  first.evaluate(numbered_attempts(0, 2));
  const LedgerMark after2 = first.mark();
  first.evaluate(numbered_attempts(2, 4));
  const LedgerMark after6 = first.mark();
  CHECK_THROWS_WITH_AS(Oracle(judge.judge(), 5, ledger),
                       doctest::Contains("6 evaluations, more than the budget of 5"), InputError);
  CHECK_THROWS_WITH_AS(Oracle(judge.judge(), 10, ledger, {7, after6.hash}),
                       doctest::Contains("checkpoint was made after 7"), InputError);
  CHECK_THROWS_AS(Oracle(judge.judge(), 10, ledger, {-1, after6.hash}), InputError);
  for (const LedgerMark& other :
       {LedgerMark{6, after2.hash}, {5, after6.hash}, {6, after6.hash ^ 1}, {1, LedgerMark().hash}})
    CHECK_THROWS_WITH_AS(
        Oracle(judge.judge(), 10, ledger, other),
        doctest::Contains(("line " + std::to_string(other.evaluations) + " has the hash").c_str()),
        InputError);
  Oracle other(judge.judge(), 10, ledger, after2);
  CHECK_THROWS_WITH_AS(other.evaluate(numbered_attempts(3, 2)),
                       doctest::Contains("entry 3 is another attempt"), InputError);
  CHECK(judge.total == 6);
}

TEST_CASE("the hash of a line is the one that the header states") {
  const TemporaryFolder folder;
  Oracle(
      [](std::span<const Attempt>) {
        return std::vector<Verdict>{{"17", success}};
      },
      1, folder.path / "ledger")
      .evaluate(std::vector<Attempt>{"12+4="});
  const std::string line = read_file(folder.path / "ledger");
  CHECK(line == R"({"n":1,"attempt":"12+4=","answer":"17","reward":1,"hash":"9adc705d272ce8db"})"
                "\n");  // computed with another program
  CHECK(read_file(fs::path(BANEL_SOURCE_DIR) / "banel" / "ledger.h").find("//   " + line) !=
        std::string::npos);
}

TEST_CASE("an unjudged attempt and a kind are written as the header states and read back") {
  const TemporaryFolder folder;
  const auto judge = [](std::span<const Attempt>) {
    return std::vector<Verdict>{{"", unjudged, "timeout"}, {"5", failure, "wrong"}, {"6", success}};
  };
  Oracle oracle(judge, 3, folder.path / "ledger");
  CHECK(oracle.evaluate(numbered_attempts(0, 3)) == std::vector<Reward>{unjudged, failure, success});
  const std::string text = read_file(folder.path / "ledger");
  CHECK(text.starts_with(R"({"n":1,"attempt":"a0","answer":"","kind":"timeout","reward":null,"hash":")"));
  CHECK(text.find(R"({"n":3,"attempt":"a2","answer":"6","reward":1,"hash":")") != text.npos);
  const Ledger ledger = read_ledger(folder.path / "ledger", oracle.mark());
  REQUIRE(ledger.evaluations.size() == 3);
  CHECK(ledger.evaluations[0].verdict.reward == unjudged);
  CHECK(ledger.evaluations[0].verdict.kind == "timeout");
  CHECK(ledger.evaluations[2].verdict.kind.empty());
}

TEST_CASE("bytes that are not UTF-8 survive the ledger and a resumed run finds them") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger";
  const std::vector<Attempt> x{"\xFF\x37", std::string("\0\x80\n", 3), "\xC3", "\xED\xA0\x80", "plain"};
  std::int64_t judged = 0;
  const auto judge = [&](std::span<const Attempt> attempts) {
    std::vector<Verdict> verdicts;
    for (const Attempt& a : attempts) verdicts.push_back({a + "!", failure, a + "?"});
    judged += std::ssize(attempts);
    return verdicts;
  };
  Oracle(judge, 10, path).evaluate(x);
  CHECK(read_file(path).starts_with(
      R"({"n":1,"attempt_hex":"ff37","answer_hex":"ff3721","kind_hex":"ff373f","reward":0,"hash":")"));
  const Ledger ledger = read_ledger(path);
  REQUIRE(ledger.evaluations.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(ledger.evaluations[i].attempt == x[i]);
    CHECK(ledger.evaluations[i].verdict.answer == x[i] + "!");
    CHECK(ledger.evaluations[i].verdict.kind == x[i] + "?");
  }
  Oracle resumed(judge, 10, path);
  CHECK(resumed.evaluate(x).size() == x.size());
  CHECK(judged == std::ssize(x));  // no second time
}

// A ledger of four lines, and the error that another text in its place gives.
struct Lines {
  TemporaryFolder folder;
  fs::path ledger = folder.path / "ledger.jsonl";
  std::vector<std::string> line;
  Lines() {
    SevenJudge judge;
    Oracle(judge.judge(), 10, ledger).evaluate(numbered_attempts(5, 4));
    const std::string text = read_file(ledger);
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
      line.push_back(text.substr(begin, end + 1 - begin));
    REQUIRE(line.size() == 4);
  }
  void refused(const std::string& text, int number) const {
    std::ofstream(ledger, std::ios::binary) << text;
    SevenJudge judge;
    INFO(text);
    CHECK_THROWS_WITH_AS(
        Oracle(judge.judge(), 10, ledger),
        doctest::Contains(("ledger.jsonl: line " + std::to_string(number) + " is damaged (").c_str()),
        InputError);
    CHECK(read_file(ledger) == text);  // refused, not repaired
  }
};

TEST_CASE("a ledger line that is removed or inserted or moved or not JSON is refused by its number") {
  const Lines whole;
  const auto& l = whole.line;
  whole.refused(l[1] + l[2] + l[3], 1);
  whole.refused(l[0] + l[1] + l[3], 3);
  whole.refused(l[0] + l[1] + l[2] + l[2] + l[3], 4);
  whole.refused(l[0] + l[2] + l[1] + l[3], 2);
  whole.refused(l[0] + l[1] + "\n" + l[2] + l[3], 3);
  whole.refused(l[0] + l[1] + "null\n", 3);
  whole.refused(l[0] + R"({"n":2,"attempt":"a6","answer":"x","reward":0})"
                       "\n",
                2);  // no hash
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
  for (const char* content : {R"({"n":4,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x")",
                              R"({"n":3,"attempt":5,"answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":"no")",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":2)",
                              R"({"n":1.3e27,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3.0,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":4294967296)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":true)",
                              R"({"n":3,"n":3,"attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3, "attempt":"a2","answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","reward":0,"more":1)",
                              R"({"n":3,"attempt_hex":"6132","answer":"x","reward":0)",
                              R"({"n":3,"attempt_hex":"FF","answer":"x","reward":0)",
                              R"({"n":3,"attempt_hex":"ff0","answer":"x","reward":0)",
                              R"({"n":3,"attempt_hex":"fz","answer":"x","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","kind":"","reward":0)",
                              R"({"n":3,"attempt":"a2","answer":"x","kind":5,"reward":0)",
                              R"(["n")",
                              ""})
    whole.refused(
        whole.line[0] + whole.line[1] + content + R"(,"hash":")" + hex(fnv1a(content, before)) + "\"}\n", 3);
}

TEST_CASE("a ledger is read in at most twice its size and 16 MB and up to a request to stop") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "ledger.jsonl";
  constexpr std::size_t lines = 150'000;
  std::string text;
  std::uint64_t hash = LedgerMark().hash;
  for (std::size_t n = 1; n <= lines; ++n) {
    Evaluation e{"an attempt of some letters", {"answers are short", failure}};
    text += ledger_line(n, e, hash);
    hash = e.hash;
  }
  text += "{\"n\":150001,";  // torn
  write_file(path, text);
  const Allocations allocations;
  const Ledger ledger = read_ledger(path, {lines, hash});
  CHECK(allocations.peak() <= 2 * text.size() + 16'000'000);
  CHECK(ledger.evaluations.size() == lines);
  CHECK(ledger.bytes == text.rfind('\n') + 1);
  CHECK(stops([&] { read_ledger(path); }));
}

TEST_CASE("a ledger that says it is larger than memory is refused by name") {
  if (!Allocations::counted) return;  // a sanitizer ends a program that asks for so much
  const TemporaryFolder folder;
  write_file(folder.path / "ledger", "");
  fs::resize_file(folder.path / "ledger", std::uintmax_t{1} << 40);
  CHECK_THROWS_WITH_AS(read_ledger(folder.path / "ledger"),
                       doctest::Contains("says it has 1099511627776 bytes, more than memory holds"),
                       InputError);
}

}  // namespace
}  // namespace banel
