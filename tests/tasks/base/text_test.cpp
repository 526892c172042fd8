#include "tasks/base/text.h"

#include <doctest/doctest.h>

#include "tests/support/comma_locale.h"

namespace banel {
namespace {

TEST_CASE("text: numbers are formatted as printf does and at any length") {
  CHECK(formatted("%.1f %%", 12.34) == "12.3 %");
  CHECK(formatted("f %g, E %d", 0.5, 3) == "f 0.5, E 3");
  CHECK(formatted("%.0f", 1e100).size() == 101);
  CHECK(fixed(0.98765, 2) == "0.99");
  CHECK(fixed(-1, 0) == "-1");
}

TEST_CASE("text: thousands are grouped by commas") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(4250) == "4,250");
  CHECK(grouped(-1234567) == "-1,234,567");
  CHECK(grouped(-123) == "-123");
}

TEST_CASE("text: numbers keep their decimal point in a locale with a decimal comma") {
  const CommaLocale comma;
  if (!comma.active()) return;
  CHECK(formatted("%.2f", 0.5) == "0.50");
  CHECK(formatted("%g", 1e-5) == "1e-05");
  CHECK(fixed(1234.5, 1) == "1234.5");
  CHECK(grouped(1234) == "1,234");
  CHECK(comma.active());  // for everyone else the locale is the same as before
}

}  // namespace
}  // namespace banel
