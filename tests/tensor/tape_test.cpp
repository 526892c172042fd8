#include "tensor/tape.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "tensor/check.h"
#include "tensor/ops.h"

namespace banel {
namespace {

TEST_CASE("gradients accumulate over uses of a tensor and over calls of backward") {
  std::array<real, 2> x{3, 5}, dx{100, 200};
  for (int pass = 1; pass <= 2; ++pass) {
    Tape tape;
    const Tensor a = tape.leaf({2}, x.data(), dx.data());
    tape.backward(sum(add(mul(a, a), a)));  // derivative 2a + 1
    CHECK(dx[0] == 100 + static_cast<real>(pass) * 7);
    CHECK(dx[1] == 200 + static_cast<real>(pass) * 11);
  }
}

TEST_CASE("a tape without recording computes values and no gradients") {
  std::array<real, 2> x{3, 5}, dx{};
  Tape tape(Record::no);
  const Tensor loss = sum(tape.leaf({2}, x.data(), dx.data()));
  CHECK(loss.data()[0] == 8);
  CHECK(!loss.needs_grad());
  CHECK_THROWS_AS(tape.backward(loss), UsageError);
  CHECK(dx == std::array<real, 2>{});
}

TEST_CASE("what depends on constants only needs no gradient") {
  std::array<real, 1> x{3}, y{4}, dx{};
  Tape tape;
  const Tensor a = tape.leaf({1}, x.data(), dx.data()), c = tape.leaf({1}, y.data(), nullptr);
  CHECK(!mul(c, c).needs_grad());
  CHECK(mul(a, c).needs_grad());
  tape.backward(sum(mul(a, c)));
  CHECK(dx[0] == 4);
}

TEST_CASE("the gradient of a constant can be added to and reaches nobody") {
  std::array<real, 2> x{3, 5}, constant{1, 1};
  Tape tape;
  const Tensor a = tape.leaf({2}, x.data(), nullptr), gain = tape.leaf({2}, constant.data(), nullptr);
  CHECK(!a.needs_grad());
  a.grad()[0] += 1;
  CHECK(a.grad()[0] == 1);
  CHECK(!mul(a, gain).needs_grad());
  CHECK(x == std::array<real, 2>{3, 5});
}

TEST_CASE("results that the loss does not depend on take no part in its gradient") {
  std::array<real, 2> x{3, 5}, dx{};
  Tape tape;
  std::set<std::string> taking_part;
  const Tensor a = tape.leaf({2}, x.data(), dx.data());
  const Tensor loss = sum(a);
  mul(a, a);
  tape.observe([&](const char* op, Pass pass, const Tensor&, std::span<const Tensor>) {
    if (pass == Pass::backward) taking_part.insert(op);
  });
  tape.backward(loss);
  CHECK(taking_part.size() == 1);
  CHECK(dx == std::array<real, 2>{1, 1});
}

TEST_CASE("backward refuses a loss that is not one number") {
  std::array<real, 2> x{}, dx{};
  Tape tape;
  CHECK_THROWS_WITH_AS(tape.backward(tape.leaf({2}, x.data(), dx.data())),
                       "backward: the loss has shape (2); it must be one number", UsageError);
}

TEST_CASE("a tape can be used again after a reset and neither grows nor remembers") {
  std::array<real, 3> x{1, 2, 3};
  Tape tape;
  std::set<const real*> addresses;
  for (int step = 0; step < 50; ++step) {
    std::array<real, 3> dx{};
    tape.reset();
    const Tensor y = mul(tape.leaf({3}, x.data(), dx.data()), tape.leaf({3}, x.data(), nullptr));
    addresses.insert(y.data());
    tape.backward(sum(y));
    CHECK(dx == x);
  }
  CHECK(addresses.size() == 1);
}

TEST_CASE("memory of an arena is aligned and after the first round comes from one block") {
  Arena arena;
  std::set<void*> first, second;
  for (auto* seen : {&first, &first, &second}) {
    arena.reset();
    seen->clear();
    std::byte* end = nullptr;
    for (std::size_t bytes : {1u, 0u, 64u, 100'000u, 3'000'000u, 9'000'000u, 7u}) {
      auto* p = static_cast<std::byte*>(arena.allocate(bytes));
      CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
      std::fill_n(p, bytes, std::byte{1});
      seen->insert(p);
      if (seen == &second && end) CHECK(p >= end);
      end = p + bytes;
    }
  }
  CHECK(first == second);
}

TEST_CASE("an arena hands out nothing beyond the end of a block") {
  constexpr std::size_t all_but_a_line = (std::size_t{2} << 20) - 64;  // of the first block
  Arena arena;
  auto* const whole = static_cast<std::byte*>(arena.allocate(all_but_a_line));
  CHECK(arena.allocate(1) != whole + all_but_a_line);  // a block need not begin at a cache line
}

TEST_CASE("the first operation with a number that is not finite is named") {
  const real nan = std::numeric_limits<real>::quiet_NaN(), infinite = std::numeric_limits<real>::infinity();
  std::array<real, 2> x{1, 2}, dx{};
  const auto found = [&](auto graph) {
    dx = {};
    Tape tape;
    const Tensor loss = graph(tape.leaf({2}, x.data(), dx.data()));
    if (loss.size() == 1) tape.backward(loss);
    return tape.first_non_finite();
  };
  CHECK(found([](const Tensor& a) { return sum(gelu(a)); }) == "");
  x = {1, nan};
  CHECK(found([](const Tensor& a) { return sum(gelu(a)); }) == "input: value");
  x = {1, -1};
  CHECK(found([](const Tensor& a) { return sum(log(a)); }) == "log: value");
  x = {1, 3};
  CHECK(found([&](const Tensor& a) { return mean(scale(gelu(a), infinite)); }) == "scale: value");
  x = {1, 0};  // log(exp(0) - 1 ...) is avoided: 0 * a has a finite value, but 1/0 as the slope of log
  CHECK(found([](const Tensor& a) { return sum(mul(a, exp(scale(a, -1)))); }) == "");
  x = {1, 1e-38f};
  CHECK(found([](const Tensor& a) { return sum(scale(log(scale(a, real(1e-3))), real(1e3))); }) ==
        "scale: gradient");
}

TEST_CASE("operations refuse shapes that do not fit and name themselves and the shapes") {
  std::vector<real> numbers(100);
  Tape tape;
  const auto t = [&](const Shape& shape) { return tape.leaf(shape, numbers.data(), nullptr); };
  const std::vector<int> ids = {0, 3}, offsets = {0, 2}, short_offsets = {0, 1}, two = {0, 1, 2},
                         falling = {0, 3, 2};
  const std::vector<real> weights = {1, 1}, one_weight = {1};
  const auto refused = [](const char* op, const char* part, auto call) {
    try {
      call();
      FAIL_CHECK(op << " accepted what it should refuse: " << part);
    } catch (const UsageError& error) {
      const std::string message = error.what();
      INFO(message);
      CHECK(message.starts_with(std::string(op) + ": "));
      CHECK(message.find(part) != message.npos);
    }
  };
  refused("add", "(2,3) and (3,2)", [&] { add(t({2, 3}), t({3, 2})); });
  refused("sub", "(2) and (2,1)", [&] { sub(t({2}), t({2, 1})); });
  refused("mul", "() and (1)", [&] { mul(t({}), t({1})); });
  refused("mean", "(0,3)", [&] { mean(t({0, 3})); });
  refused("reshape", "(2,3) and (5)", [&] { reshape(t({2, 3}), {5}); });
  refused("embedding", "(6)", [&] { embedding(t({6}), ids); });
  refused("embedding", "row 3 is outside 0..2", [&] { embedding(t({3, 2}), ids); });
  refused("select", "(6)", [&] { select(t({6}), ids); });
  refused("select", "row 3 is outside 0..2", [&] { select(t({3, 2}), ids); });
  refused("layer_norm", "gain (2)", [&] { layer_norm(t({2, 3}), t({2}), t({2})); });
  refused("linear", "weight (4,2)", [&] { linear(t({2, 3}), t({4, 2}), t({2})); });
  refused("linear", "bias (3)", [&] { linear(t({2, 3}), t({3, 2}), t({3})); });
  refused("linear", "residual has shape (2,3)", [&] { linear(t({2, 3}), t({3, 2}), t({2}), t({2, 3})); });
  refused("attention", "4 heads", [&] { attention(t({2, 9}), 4, offsets); });
  refused("attention", "0 heads", [&] { attention(t({2, 9}), 0, offsets); });
  refused("attention", "number of rows, 2", [&] { attention(t({2, 9}), 3, short_offsets); });
  refused("attention", "a string of -1 rows", [&] { attention(t({2, 9}), 3, falling); });
  refused("attention", "1 counts of shared rows for 2 strings", [&] {
    attention(t({2, 9}), 3, two, std::vector<int>{0});
  });
  refused("attention", "shares 2 rows with one of 1", [&] {
    attention(t({2, 9}), 3, two, std::vector<int>{0, 2});
  });
  refused("attention", "shares 1 rows with one of 0", [&] {
    attention(t({2, 9}), 3, two, std::vector<int>{1, 0});
  });
  const std::vector<int> long_offsets = {0, 129}, one_row = {0, 1};
  std::vector<real> large(129 * 9);
  refused("attention", "a string of 129 rows; at most 128", [&] {
    attention(tape.leaf({129, 9}, large.data(), nullptr), 3, long_offsets);
  });
  refused("attention", "heads of width 65; at most 64", [&] {
    attention(tape.leaf({1, 195}, large.data(), nullptr), 1, one_row);
  });
  refused("cross_entropy", "1 weights", [&] { cross_entropy(t({2, 3}), ids, one_weight); });
  refused("cross_entropy", "target 3 is outside 0..2", [&] { cross_entropy(t({2, 3}), ids, weights); });
  refused("shape", "at most 4", [&] { Shape{1, 2, 3, 4, 5}; });
  KeyValueCache cache(2, 1, 3, 4);
  const auto step = [&](Tape& on, std::span<const int> slots, int position) {
    attention_step(on.leaf({2, 9}, numbers.data(), nullptr), cache, slots, position);
  };
  Tape forward(Record::no);
  const std::vector<int> both = {0, 1}, outside = {0, 2}, twice = {1, 1};
  refused("attention_step", "Record::no", [&] { step(tape, both, 0); });
  refused("attention_step", "position 4 is outside 0..3", [&] { step(forward, both, 4); });
  refused("attention_step", "slot 2 is outside 0..1", [&] { step(forward, outside, 0); });
  refused("attention_step", "slot 1 is named twice", [&] { step(forward, twice, 0); });
  refused("attention_step", "a cache for 129 tokens", [&] { KeyValueCache(2, 1, 3, 129); });
  for (const auto& [slots, heads, width] : {std::array{2, 0, 4}, std::array{2, 3, 4}, std::array{-1, 1, 4}})
    refused("attention_step", "for", [&, n = slots, h = heads, w = width] { KeyValueCache(n, h, w, 4); });
}

}  // namespace
}  // namespace banel
