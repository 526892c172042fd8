#include "tasks/model/alphabet.h"

#include <doctest/doctest.h>

#include "tensor/check.h"

namespace banel {
namespace {

const Alphabet& digits() {
  static const Alphabet made("0123456789+=\n");
  return made;
}

TEST_CASE("encode and decode are inverse and other characters are refused") {
  const std::string all = "0123456789+=\n";
  CHECK(digits().size() == 13);
  CHECK(digits().characters() == all);
  CHECK(digits().encode(all) == Sequence{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(digits().decode(digits().encode(all)) == all);
  CHECK(digits().decode({}) == "");
  CHECK(digits().id('+') == 10);
  for (const std::string text : {" ", "-", "a", "\xC3\xA9", "1+2=x"})
    CHECK_THROWS_AS(digits().encode(text), UsageError);
  CHECK_THROWS_AS(digits().encode(std::string(1, '\0')), UsageError);
  CHECK_THROWS_WITH_AS(digits().id('x'), doctest::Contains("\"x\" is not one of"), UsageError);
}

TEST_CASE("any bytes may be an alphabet but none of them twice") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const Alphabet bytes(all);
  CHECK(bytes.size() == 256);
  CHECK(bytes.decode(bytes.encode(all)) == all);
  CHECK_THROWS_WITH_AS(Alphabet("abca"), doctest::Contains("\"a\" comes twice"), UsageError);
  CHECK(Alphabet("").size() == 0);
}

}  // namespace
}  // namespace banel
