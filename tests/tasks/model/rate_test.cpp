#include "tasks/model/rate.h"

#include <doctest/doctest.h>

#include "tasks/base/stats.h"
#include "tensor/check.h"

namespace banel {
namespace {

TEST_CASE("the interval of a rate is that of Clopper and Pearson") {
  for (const Rate rate : {Rate{0, 10}, Rate{3, 10}, Rate{10, 10}, Rate{1, 1'000'000}, Rate{0, 0}}) {
    const Json json = to_json(rate);
    const Interval expected = clopper_pearson(rate.k, rate.n);
    CHECK(json.at("k") == rate.k);
    CHECK(json.at("n") == rate.n);
    CHECK(json.at("rate") == rate.value());
    CHECK(json.at("lo") == expected.lo);
    CHECK(json.at("hi") == expected.hi);
    const Rate again = rate_from(Field(json, "memory"));
    CHECK(again.k == rate.k);
    CHECK(again.n == rate.n);
  }
  const Interval textbook = clopper_pearson(3, 10);  // exact values of any table
  CHECK(textbook.lo == doctest::Approx(0.0667395).epsilon(1e-5));
  CHECK(textbook.hi == doctest::Approx(0.6524529).epsilon(1e-5));
}

TEST_CASE("a rate counts hits and refuses more hits than tries") {
  Rate rate;
  for (const bool hit : {true, false, false, true}) rate.count(hit);
  CHECK(rate.value() == 0.5);
  CHECK(Rate().value() == 0);
  const Json more{{"k", 3}, {"n", 2}};
  CHECK_THROWS_AS(rate_from(Field(more, "memory")), InputError);
  const Json other{{"k", 1}, {"n", 2}, {"rate", 0.25}};
  CHECK_THROWS_WITH_AS(rate_from(Field(other, "memory")), doctest::Contains("is not k / n"), InputError);
}

}  // namespace
}  // namespace banel
