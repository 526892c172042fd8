#include "banel/generators/pool.h"

#include <doctest/doctest.h>

#include <set>

#include "banel/posterior.h"
#include "tensor/check.h"
#include "tests/support/in_child.h"
#include "tests/support/tiny/toy_generator.h"

namespace banel {
namespace {

const Stream of_pool{1, "pool_test"};

PoolGenerator pool_of(std::size_t n) {
  const ToyGenerator prior(20);
  return {prior, prior.sample(n, of_pool)};
}

TEST_CASE("a pool draws only strings that it holds with the probabilities of who wrote them") {
  const ToyGenerator prior(20);
  const std::vector<Proposal> written = prior.sample(5, of_pool);
  const PoolGenerator drawn_from(prior, written);
  std::set<Attempt> held;
  for (const Proposal& p : written) held.insert(p.text);
  std::set<Attempt> drawn;
  for (const Proposal& p : drawn_from.sample(200, of_pool)) {
    drawn.insert(p.text);
    CHECK(p.log_prob == prior.log_prob(std::vector<Attempt>{p.text})[0]);
  }
  CHECK(drawn == held);
}

TEST_CASE("a copy that is fitted scores the pool and other strings as its model does") {
  const PoolGenerator drawn_from = pool_of(8);
  const std::vector<Attempt> failures{"w1", "w1", "w2"};
  const auto phi = drawn_from.clone();
  ToyGenerator model(20);
  CHECK(phi->fit(failures, {.epochs = 2}, of_pool) == model.fit(failures, {.epochs = 2}, of_pool));
  const std::vector<Attempt> all = model.words();
  CHECK(phi->log_prob(all) == model.log_prob(all));
  CHECK(drawn_from.log_prob(all) == ToyGenerator(20).log_prob(all));
  CHECK(texts(phi->sample(50, of_pool)) == texts(drawn_from.sample(50, of_pool)));
  const std::vector<double> blame(failures.size(), -1);
  CHECK(phi->ascend(failures, blame, {}, of_pool) == model.ascend(failures, blame, {}, of_pool));
  CHECK(phi->log_prob(all) == model.log_prob(all));
  CHECK(phi->unlearn(failures, {}, of_pool) == model.unlearn(failures, {}, of_pool));
  CHECK(phi->log_prob(all) == model.log_prob(all));
}

TEST_CASE("a pool without strings is refused") {
  CHECK_THROWS_AS(PoolGenerator(ToyGenerator(3), {}), UsageError);
}

TEST_CASE("a state read back gives the same probabilities") {
  const PoolGenerator drawn_from = pool_of(8);
  const auto phi = drawn_from.clone();
  phi->fit(std::vector<Attempt>{"w3"}, {.epochs = 1}, of_pool);
  const auto again = drawn_from.with_state(phi->state(), "here");
  const std::vector<Attempt> some{"w0", "w3", "w19"};
  CHECK(again->log_prob(some) == phi->log_prob(some));
}

// The probabilities that draws have, as a network's, differ in their last bits from those of reading.
TEST_CASE("the state of the model that wrote the pool gives the probabilities of the draws") {
  std::vector<Proposal> drawn = ToyGenerator(20).sample(8, of_pool);
  for (Proposal& p : drawn) p.log_prob += 1e-9;
  const PoolGenerator pool(ToyGenerator(20), drawn);
  const std::string state = pool.state(), with_space = state + ' ';  // other bytes of the same state
  for (const std::string& bytes : {state, with_space})
    CHECK(pool.with_state(bytes, "here")->log_prob(texts(drawn)) == pool.log_prob(texts(drawn)));
  CHECK(pool.log_prob(texts(drawn)) != ToyGenerator(20).log_prob(texts(drawn)));
  const auto unfitted = pool.clone();
  unfitted->fit(texts(drawn), {.epochs = 0}, of_pool);
  CHECK(unfitted->log_prob(texts(drawn)) == pool.log_prob(texts(drawn)));
}

TEST_CASE("a pool ends each of its works at a request to stop and is copied without its strings") {
  PoolGenerator of_five = pool_of(5);
  const std::vector<Attempt> known = texts(of_five.sample(1, of_pool));
  CHECK(stops([&] { pool_of(5); }));
  CHECK(stops([&] { of_five.sample(1, of_pool); }));
  CHECK(stops([&] { of_five.log_prob(known); }));
  const std::unique_ptr<Generator> learner = of_five.clone();
  learner->fit(known, {}, of_pool);
  CHECK(learner->log_prob(known) != of_five.log_prob(known));  // what one learns the other does not
}

}  // namespace
}  // namespace banel
