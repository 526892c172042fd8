#include "tasks/plot/axis.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tensor/check.h"

using namespace banel;

TEST_CASE("axis: values are written as a person reads them") {
  CHECK(value_text(0, Ticks::number) == "0");
  CHECK(value_text(7500, Ticks::number) == "7,500");
  CHECK(value_text(1234567, Ticks::number) == "1,234,567");
  CHECK(value_text(999, Ticks::number) == "999");
  CHECK(value_text(0.3, Ticks::number) == "0.3");
  CHECK(value_text(-2.5, Ticks::number) == "−2.5");
  CHECK(value_text(1e-4, Ticks::number) == "0.0001");
  CHECK(value_text(1e9, Ticks::number) == "10⁹");
  CHECK(value_text(3.2e-9, Ticks::number) == "3.2·10⁻⁹");
  CHECK(value_text(1, Ticks::percent) == "100 %");
  CHECK(value_text(1e-4, Ticks::percent) == "0.01 %");
  CHECK(value_text(0.0123456, Ticks::percent, 3) == "1.23 %");
  CHECK(value_text(0.00045, Ticks::percent, 3) == "0.0450 %");
  CHECK(value_text(1e-3, Ticks::power) == "10⁻³");
  CHECK(value_text(5e12, Ticks::power) == "5·10¹²");
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
