#include "tensor/rng.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace banel {
namespace {

using Block = std::array<std::uint32_t, 4>;

// Philox4x32-10 as its paper defines it, written once more.
Block philox(Block counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0], b = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

TEST_CASE("philox has the known answers of Random123") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the bits of a generator are philox of position and index and round and the hash of the purpose") {
  const auto check = [](std::uint64_t seed, const std::string& purpose, std::uint32_t hash,
                        std::uint32_t round, std::uint32_t index) {
    Rng rng(seed, purpose, round, index);
    for (std::uint32_t position = 0; position < 5; ++position)
      for (std::uint32_t expected :
           philox({position, index, round, hash},
                  {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}))
        CHECK(rng.bits() == expected);
  };
  check(0, "\xCC\x24\x31\xC4", 0, 0,
        0);  // these four bytes have the FNV-1a hash 0, so this is the first known answer
  check(0x299f31d0a4093822, "a", 0xe40c292c, 0x13198a2e, 0x85a308d3);
  check(~std::uint64_t{0}, "", 2166136261u, ~0u, ~0u);
}

TEST_CASE("generators that differ in seed or purpose or round or index share no block") {
  std::set<std::vector<std::uint32_t>> blocks;
  std::size_t made = 0;
  const auto add = [&](Rng rng) {
    blocks.insert({rng.bits(), rng.bits(), rng.bits(), rng.bits()});
    ++made;
  };
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32, 2ull})
    for (const char* purpose : {"attempts", "proposals", "phi", "distil"})
      for (std::uint32_t round = 0; round < 20; ++round)
        for (std::uint32_t index = 0; index < 50; ++index) add(Rng(seed, purpose, round, index));
  CHECK(blocks.size() == made);
}

TEST_CASE("a stream moved on by n gives the generators from n on") {
  const Stream stream{7, "test", 3};
  Rng a = stream[12], b = stream.from(12)[0], c = stream.from(5).from(4)[3], d(7, "test", 3, 12);
  const std::uint32_t bits = a.bits();
  CHECK(b.bits() == bits);
  CHECK(c.bits() == bits);
  CHECK(d.bits() == bits);
}

TEST_CASE("uniform numbers fill the half-open unit interval evenly") {
  Rng rng(1, "uniform");
  std::array<int, 64> bins{};
  double lowest = 1, highest = 0;
  constexpr int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    lowest = std::min(lowest, u);
    highest = std::max(highest, u);
    ++bins[static_cast<std::size_t>(u * 64)];
  }
  CHECK(lowest >= 0);
  CHECK(highest < 1);
  CHECK(lowest < 1e-3);
  CHECK(highest > 1 - 1e-3);
  double chi_square = 0;
  for (int count : bins) chi_square += std::pow(count - n / 64.0, 2) / (n / 64.0);
  CHECK(chi_square < 63 + 4 * std::sqrt(2 * 63.0));
  CHECK(chi_square > 63 - 4 * std::sqrt(2 * 63.0));
}

TEST_CASE(
    "normal numbers have the moments of the normal distribution and are independent of their neighbours") {
  Rng rng(2, "normal");
  constexpr int n = 200'000;
  double sum = 0, squares = 0, fourth = 0, products = 0, previous = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    REQUIRE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    products += x * previous;
    previous = x;
  }
  const double error = 4 / std::sqrt(n);  // four standard errors of a mean with deviation 1
  CHECK(std::abs(sum / n) < error);
  CHECK(std::abs(squares / n - 1) < std::sqrt(2) * error);
  CHECK(std::abs(fourth / n - 3) < std::sqrt(96) * error);
  CHECK(std::abs(products / n) < error);
}

TEST_CASE("whole numbers below n are unbiased and stay below n") {
  for (std::uint32_t n : {1u, 2u, 3u, 10u, 13u, 64u}) {
    Rng rng(3, "below", n);
    std::vector<int> counts(n);
    constexpr int draws = 60'000;
    for (int i = 0; i < draws; ++i) ++counts.at(rng.below(n));
    double chi_square = 0;
    for (int count : counts)
      chi_square += std::pow(count - draws / static_cast<double>(n), 2) / (draws / static_cast<double>(n));
    INFO("n = " << n);
    CHECK(chi_square <= (n - 1) + 4.5 * std::sqrt(2.0 * (n - 1)));
  }
  // Four values of 32 bits stand for three results here: without rejection a multiple of 3 would come up half
  // the time.
  Rng rng(4, "below");
  int multiples = 0;
  constexpr int draws = 30'000;
  for (int i = 0; i < draws; ++i) multiples += rng.below(3u << 30) % 3 == 0;
  CHECK(std::abs(multiples - draws / 3.0) < 4 * std::sqrt(draws * 2 / 9.0));
}

TEST_CASE("a permutation holds every number once and all orders are equally likely") {
  Rng rng(5, "permutation");
  CHECK(permutation(0, rng).empty());
  CHECK(permutation(1, rng) == std::vector<std::size_t>{0});
  auto large = permutation(1000, rng);
  CHECK(!std::is_sorted(large.begin(), large.end()));
  std::sort(large.begin(), large.end());
  for (std::size_t i = 0; i < large.size(); ++i) REQUIRE(large[i] == i);
  std::vector<int> counts(24);
  constexpr int draws = 48'000;
  for (int i = 0; i < draws; ++i) {
    const auto p = permutation(4, rng);
    std::size_t code = 0;  // a number from 0 to 23 for each order
    for (std::size_t a = 0; a < 4; ++a) {
      std::size_t smaller = 0;
      for (std::size_t b = a + 1; b < 4; ++b) smaller += p[b] < p[a];
      code = code * (4 - a) + smaller;
    }
    ++counts.at(code);
  }
  double chi_square = 0;
  for (int count : counts) chi_square += std::pow(count - draws / 24.0, 2) / (draws / 24.0);
  CHECK(chi_square < 23 + 4 * std::sqrt(2 * 23.0));
}

}  // namespace
}  // namespace banel
