#include "tasks/plot/axis.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "tensor/check.h"
#include "tests/support/comma_locale.h"

using namespace banel;

namespace {

constexpr double largest = std::numeric_limits<double>::max(),
                 smallest = std::numeric_limits<double>::denorm_min();

// What is wrong with an axis: it must cover its values, its ticks must rise inside it and read differently,
// and a ruler must place all of them on the canvas. Empty: nothing.
std::string fault(const Axis& axis, const std::vector<double>& values) {
  const Span span = span_of(axis, values);
  if (!(span.lo < span.hi && std::isfinite(span.lo) && std::isfinite(span.hi))) return "no range";
  const Ruler ruler{axis.scale, span.lo, span.hi, 0, 100};
  const auto inside = [&](double value) {
    return span.lo <= value && value <= span.hi && ruler(value) >= 0 && ruler(value) <= 100;
  };
  for (double value : values)
    if ((axis.scale == Scale::linear || value != 0) && !inside(value)) return "a value lies outside";
  std::set<std::string> texts;
  std::size_t labels = 0;
  for (std::size_t i = 0; i < span.ticks.size(); ++i) {
    if (!inside(span.ticks[i].value)) return "a tick lies outside";
    if (i > 0 && span.ticks[i - 1].value >= span.ticks[i].value) return "ticks do not rise";
    if (span.ticks[i].text.empty()) continue;
    ++labels;
    texts.insert(span.ticks[i].text);
  }
  return labels < 2 ? "fewer than two labels" : texts.size() < labels ? "two equal labels" : "";
}

void check_axis(const Axis& axis, const std::vector<double>& values) {
  CAPTURE(values);
  CAPTURE(static_cast<int>(axis.ticks));
  CHECK(fault(axis, values) == "");
}

}  // namespace

TEST_CASE("axis: values are written as a person reads them") {
  CHECK(value_text(0, Ticks::number) == "0");
  CHECK(value_text(7500, Ticks::number) == "7,500");
  CHECK(value_text(1234567, Ticks::number) == "1,234,567");
  CHECK(value_text(999, Ticks::number) == "999");
  CHECK(value_text(0.3, Ticks::number) == "0.3");
  CHECK(value_text(-2.5, Ticks::number) == "−2.5");
  CHECK(value_text(1e-4, Ticks::number) == "0.0001");
  CHECK(value_text(2.5e-5, Ticks::number) == "0.000025");
  CHECK(value_text(1e-7, Ticks::percent) == "0.00001 %");
  CHECK(value_text(1.5e308, Ticks::percent) == "1.5·10³¹⁰ %");
  CHECK(value_text(9.9999e8, Ticks::number) == "10⁹");
  CHECK(value_text(1e9, Ticks::number) == "10⁹");
  CHECK(value_text(3.2e-9, Ticks::number) == "3.2·10⁻⁹");
  CHECK(value_text(1, Ticks::percent) == "100 %");
  CHECK(value_text(1e-4, Ticks::percent) == "0.01 %");
  CHECK(value_text(0.0123456, Ticks::percent, 3) == "1.23 %");
  CHECK(value_text(0.00045, Ticks::percent, 3) == "0.0450 %");
  CHECK(value_text(1e-3, Ticks::power) == "10⁻³");
  CHECK(value_text(5e12, Ticks::power) == "5·10¹²");
}

TEST_CASE("axis: values read the same in a locale with a decimal comma") {
  const CommaLocale comma;
  if (!comma.active()) return;
  CHECK(value_text(0.03, Ticks::number) == "0.03");
  CHECK(value_text(3.2e-9, Ticks::power, 3) == "3.2·10⁻⁹");
  CHECK(value_text(0.0123456, Ticks::percent, 3) == "1.23 %");
}

TEST_CASE("axis: a linear axis ends on round steps and holds its values") {
  const Span evaluations = span_of({.lo = 0, .hi = 7500}, {100, 7500});
  CHECK(evaluations.lo == 0);
  CHECK(evaluations.hi == 7500);
  CHECK(evaluations.ticks.size() == 6);
  CHECK(evaluations.ticks[1].text == "1,500");
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int i = 0; i < 1000; ++i) {
    const double size = std::pow(10, 6 * uniform(random)), a = size * uniform(random),
                 b = size * uniform(random);
    const Span span = span_of({}, {a, b});
    CHECK((span.lo <= std::min(a, b) + 1e-9 * size && span.hi >= std::max(a, b) - 1e-9 * size));
    CHECK((span.ticks.size() >= 5 && span.ticks.size() <= 9));
    CHECK(span.hi - span.lo < 3 * std::abs(a - b));
  }
  for (double value : {0.0, 5.0, -3e-7}) CHECK(span_of({}, {value}).ticks.size() >= 5);
}

TEST_CASE("axis: any finite values have a linear axis with ticks that read differently") {
  std::vector<double> sizes{0,   smallest, 1e-310, 1e-308, 1e-300, 1e-17,  1,
                            1e7, 1.004e7,  1e15,   1e300,  1e308,  largest};
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int i = 0; i < 8; ++i) sizes.push_back(std::pow(10, 300 * uniform(random)));
  for (Ticks ticks : {Ticks::number, Ticks::percent, Ticks::power}) {
    const Axis axis{.ticks = ticks};
    for (double a : sizes)
      for (double b : sizes)
        for (double sign : {1.0, -1.0}) {
          check_axis(axis, {a, sign * b});
          check_axis(axis, {-a, sign * b});
        }
    for (int i = 0; i < 1000; ++i) {  // narrow ranges at any size
      const double middle = std::pow(10, 12 * uniform(random)) * (i % 2 == 0 ? 1 : -1);
      const double width = std::pow(10, 8 * (uniform(random) - 1)) * middle;
      check_axis(axis, {middle, middle + width});
    }
  }
}

TEST_CASE("axis: any finite values have a log axis with ticks that read differently") {
  std::vector<double> sizes{0,   smallest, 1e-310, 1e-308, 1e-300, 1e-17,  1,
                            1e7, 1.004e7,  1e15,   1e300,  1e308,  largest};
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int i = 0; i < 8; ++i) sizes.push_back(std::pow(10, 300 * uniform(random)));
  for (Ticks ticks : {Ticks::number, Ticks::percent, Ticks::power})
    for (double a : sizes)
      for (double b : sizes) check_axis({.scale = Scale::log, .ticks = ticks}, {a, b});
}

TEST_CASE("axis: ticks of a narrow range far from zero show the digits in which they differ") {
  const Span span = span_of({}, {1e7, 1.004e7});
  CHECK(span.ticks.front().text == "10⁷");
  CHECK(span.ticks[1].text == "1.001·10⁷");
  CHECK(span.ticks.back().text == "1.004·10⁷");
  CHECK(span_of({}, {123456.7891, 123456.7899}).ticks[1].text == "123,456.7892");
}

TEST_CASE("axis: chosen ticks may be in any order or repeat and each is shown once") {
  const Span span = span_of({.at = {1.0001e7, 1e7, 1e7}}, {1e7});
  REQUIRE(span.ticks.size() == 2);
  CHECK(span.ticks[0].text == "10⁷");
  CHECK(span.ticks[1].text == "1.0001·10⁷");
  for (Scale scale : {Scale::linear, Scale::log}) {
    const Span single = span_of({.scale = scale, .at = {5}}, {5});
    CHECK((single.lo < 5 && single.hi > 5));
    const Span widest = span_of({.scale = scale, .at = {smallest, largest}}, {1});
    CHECK((widest.lo >= 0 || scale == Scale::linear));
    CHECK(std::isfinite(widest.hi));
    CHECK(std::isfinite(Ruler{scale, widest.lo, widest.hi, 0, 100}(1)));
  }
}

TEST_CASE("axis: a log axis covers whole decades and reports zeros") {
  const Axis axis{.scale = Scale::log, .ticks = Ticks::percent};
  const Span span = span_of(axis, {0.5, 0.0002, 0});
  CHECK(span.zeros);
  CHECK(span.lo == doctest::Approx(1e-4));
  CHECK(span.hi == doctest::Approx(1));
  std::vector<std::string> labels;
  for (const Tick& tick : span.ticks)
    if (!tick.text.empty()) labels.push_back(tick.text);
  CHECK(labels == std::vector<std::string>{"0.01 %", "0.1 %", "1 %", "10 %", "100 %"});
  CHECK(span_of(axis, {1e-4, 1}).lo == doctest::Approx(1e-4));
  CHECK_FALSE(span_of(axis, {1e-4, 1}).zeros);
  CHECK(span_of(axis, {0.01}).hi > 0.01);
  CHECK(span_of(axis, {0, 0}).lo > 0);
}

TEST_CASE("axis: an axis grows beyond its wished range rather than cut values off") {
  CHECK(span_of({.scale = Scale::log, .lo = 1e-2, .hi = 1}, {3e-5}).lo == doctest::Approx(1e-5));
  CHECK(span_of({.lo = 0, .hi = 10}, {12}).hi >= 12);
}

TEST_CASE("axis: an axis covers its wished range when the values do not") {
  CHECK(span_of({.lo = 0, .hi = 10}, {3, 4}).lo == 0);
  CHECK(span_of({.lo = 0, .hi = 10}, {3, 4}).hi == 10);
  CHECK(span_of({.scale = Scale::log, .lo = 1e-4, .hi = 1}, {0.02}).lo == doctest::Approx(1e-4));
}

TEST_CASE("axis: chosen ticks are the only ones and all values lie inside") {
  const Span span = span_of({.scale = Scale::log, .at = {1, 2, 5, 100}}, {0.5, 20, 0});
  REQUIRE(span.ticks.size() == 4);
  CHECK(span.ticks[3].text == "100");
  CHECK((span.lo < 0.5 && span.lo > 0.3));
  CHECK((span.hi > 100 && span.hi < 150));
  CHECK(span.zeros);
  const Span linear = span_of({.at = {-3, 0, 3}}, {-3.1, 3.1});
  CHECK((linear.lo < -3.1 && linear.hi > 3.1));
  CHECK_THROWS_AS(span_of({.scale = Scale::log, .at = {-1}}, {1}), UsageError);
}
