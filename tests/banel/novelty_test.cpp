#include "banel/novelty.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/in_child.h"

namespace banel {
namespace {

const std::vector<Attempt> visited{"12+3=", "12+4=", "12+3=", "99+1="};

TEST_CASE("the density of strings sums to one over what can follow") {
  StringDensity density(2);
  for (const Attempt& x : visited) density.count(x);
  // p(x) includes the end of the string, so p("a") over all one-character strings and the empty one is below
  // 1, and the chain rule holds: log p of a string is a sum of conditionals, each at most 0.
  double total = std::exp(density.log_prob(""));
  for (int c = 1; c < 256; ++c) total += std::exp(density.log_prob(std::string(1, static_cast<char>(c))));
  CHECK(total > 0);
  CHECK(total < 1);
  CHECK(density.log_prob("12+3=") > density.log_prob("12+4="));
  CHECK(density.log_prob("12+4=") > density.log_prob("77-7="));
}

TEST_CASE("the density is the formula of the header in a case small enough to compute by hand") {
  StringDensity density(0);  // no context: counts of characters and ends alone
  density.count("a");        // one 'a', one end
  const double p = (1 + 1.0 / 256) / (2 + 1), q = (0 + 1.0 / 256) / (2 + 1);
  CHECK(density.log_prob("a") == doctest::Approx(2 * std::log(p)));
  CHECK(density.log_prob("b") == doctest::Approx(std::log(q) + std::log(p)));
}

TEST_CASE("what two densities have counted together is what one has that counted all") {
  StringDensity all(3), some(3), others(3);
  for (const Attempt& x : visited) {
    all.count(x);
    (x == "12+3=" ? some : others).count(x);
  }
  for (const Attempt x : {"12+3=", "12+4=", "99+1=", "2+", ""}) {
    CHECK(some.log_prob(x, &others) == all.log_prob(x));
    CHECK(some.log_prob(x) != all.log_prob(x));
  }
}

TEST_CASE("a context that was never counted changes nothing") {
  StringDensity shorter(2), longer(8);
  for (auto* density : {&shorter, &longer}) density->count("12");
  CHECK(longer.log_prob("712") > shorter.log_prob("712") - 1e-12);
  CHECK(longer.log_prob("777") == shorter.log_prob("777"));
}

TEST_CASE("the pseudo-count bonus is that of the formula and falls with every visit of the same string") {
  PseudoCounts counts(4, 0.1);
  StringDensity density(4);
  double last = 1e9;
  for (int n = 1; n <= 20; ++n) {
    const double before = density.log_prob("12+3=");
    density.count("12+3=");
    const double gain = density.log_prob("12+3=") - before;
    const double expected = std::sqrt(std::exp(0.1 * gain / std::sqrt(n)) - 1);
    const double bonus = counts.visit(std::vector<Attempt>{"12+3="}, {1, "order"})[0];
    CHECK(bonus == doctest::Approx(expected).epsilon(1e-9));
    CHECK(bonus < last);
    last = bonus;
  }
}

TEST_CASE("asking for a bonus teaches nothing and what is new has a higher one") {
  PseudoCounts counts(4, 0.1);
  counts.visit(visited, {1, "order"});
  const std::vector<Attempt> asked{"12+3=", "00000+00000="};
  const auto first = counts.bonus(asked);
  CHECK(counts.bonus(asked)[0] == doctest::Approx(first[0]));
  CHECK(counts.bonus(asked)[1] == doctest::Approx(first[1]));
  CHECK(first[1] > first[0]);
}

TEST_CASE("counting strings ends at a request to stop") {
  PseudoCounts counts(3, 1);
  CHECK(stops([&] { counts.visit(std::vector<Attempt>{"a"}, {1, "novelty_test"}); }));
}

}  // namespace
}  // namespace banel
