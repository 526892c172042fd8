#include "tasks/base/words.h"

#include <doctest/doctest.h>

namespace banel {
namespace {

TEST_CASE("a text is as wide as it has characters and is cut between them") {
  CHECK(columns_of("") == 0);
  CHECK(columns_of("2 × 3 ≥ 5") == 9);
  CHECK(first_columns("2 × 3", 3) == "2 ×");
  CHECK(first_columns("2 × 3", 2) == "2 ");
  CHECK(first_columns("2 × 3", 0).empty());
  CHECK(first_columns("2 × 3", 99) == "2 × 3");
}

TEST_CASE("text is UTF-8 if every character has its shortest form and is none of the surrogates") {
  for (const char* good :
       {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(good));
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe9z"})
    CHECK(!is_utf8(bad));
}

TEST_CASE("one line holds neither control characters nor broken characters") {
  CHECK(one_line("a\nb\tc\x1b[0m\x7f") == "a?b?c?[0m?");
  CHECK(one_line("caf\xc3\xa9 \xff\xc3") == "caf\xc3\xa9 ??");
  CHECK(has_control_characters("a\nb"));
  CHECK(!has_control_characters("caf\xc3\xa9"));
}

TEST_CASE("a mistyped word suggests the nearest known one and a strange word none") {
  const std::vector<std::string> names{"banel", "banel-paper", "grpo", "rnd"};
  CHECK(did_you_mean("bnael", names) == "; did you mean banel?");
  CHECK(did_you_mean("banel-papr", names) == "; did you mean banel-paper?");
  CHECK(did_you_mean("gpro", names) == "; did you mean grpo?");
  CHECK(did_you_mean("ff", {"f", "kappa"}) == "; did you mean f?");
  CHECK(did_you_mean("xyz", names).empty());
  CHECK(did_you_mean("", names).empty());
  CHECK(did_you_mean(std::string(100'000, 'b'), names).empty());
  CHECK(did_you_mean("--seds", {"--seeds", "--set"}) == "; did you mean --seeds?");
}

TEST_CASE("a value outside its range is shown with the range in the fewest digits") {
  CHECK(outside("0", std::int64_t{1}, 1000) == "0 is outside 1..1000");
  CHECK(outside("1e-09", 1e-8, 1.0) == "1e-09 is outside 1e-08..1");
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(1.0 / 3) == "0.3333333333333333");
}

}  // namespace
}  // namespace banel
