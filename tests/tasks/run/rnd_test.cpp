#include "tasks/run/rnd.h"

#include <doctest/doctest.h>

#include "tests/support/tiny/tiny_task.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

const std::vector<Attempt> visited{"12+3=", "12+4=", "12+3=", "99+1="};

Rnd rnd(int epochs, std::shared_ptr<Cost> cost = std::make_shared<Cost>(), double rate = 3e-3) {
  const GptGenerator attacker(GPT({13, 6, 16, 1, 2}, Rng(5, "attacker")), tiny::language());
  return Rnd(attacker, {.epochs = epochs, .rate = rate}, 5, std::move(cost));
}

TEST_CASE("random network distillation grows familiar with what it visits and less so with the rest") {
  Rnd novelty = rnd(150);
  const std::vector<Attempt> seen{"12+3=", "12+4=", "13+3="}, other{"9+98=", "0+0="};
  const auto seen_before = novelty.bonus(seen), other_before = novelty.bonus(other);
  CHECK(novelty.visit(seen, {1, "order"}) == seen_before);  // the bonus of a visit is that before it
  const auto seen_after = novelty.bonus(seen), other_after = novelty.bonus(other);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen_after[i] < 0.2 * seen_before[i]);
  for (std::size_t i = 0; i < other.size(); ++i) CHECK(other_after[i] > 2 * seen_after[i]);
}

TEST_CASE("random network distillation learns at its own rate") {
  const auto lost = [](double rate) {
    Rnd novelty = rnd(10, std::make_shared<Cost>(), rate);
    const double before = novelty.visit(visited, {1, "order"})[0];
    return 1 - novelty.bonus(visited)[0] / before;
  };
  CHECK(lost(1e-8) < 1e-3);
  CHECK(lost(3e-3) > 0.05);
}

TEST_CASE("random network distillation reads the whole string") {
  Rnd novelty = rnd(1);
  const auto bonus = novelty.bonus(std::vector<Attempt>{"12+34=", "12+35=", "12+34"});
  CHECK(bonus[0] != bonus[1]);
  CHECK(bonus[0] != bonus[2]);
}

TEST_CASE("the bonus of a string does not depend on how many stand before it") {
  Rnd novelty = rnd(1);
  std::vector<Attempt> many(300, "12+34=");  // they are read in groups of 128
  many[200] = many.back() = "9+9=";
  const auto bonus = novelty.bonus(many);
  const double alone = novelty.bonus(std::vector<Attempt>{"9+9="})[0];
  CHECK(bonus[200] == doctest::Approx(alone).epsilon(1e-4));
  CHECK(bonus.back() == doctest::Approx(alone).epsilon(1e-4));
}

TEST_CASE("random network distillation gives the same bits for any number of threads and counts its work") {
  const auto cost = std::make_shared<Cost>();
  rnd(3, cost).visit(visited, {1, "order"});
  CHECK(cost->tokens ==
        20 * (2 + 3));  // both networks read 20 characters, one is trained on them three times
  check_same_for_all_threads([&] {
    Rnd novelty = rnd(3);
    novelty.visit(visited, {1, "order"});
    return novelty.bonus(visited);
  });
}

}  // namespace
}  // namespace banel
