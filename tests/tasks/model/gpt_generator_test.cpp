#include "tasks/model/gpt_generator.h"

#include <doctest/doctest.h>

#include <cmath>

#include "banel/generators/tabular.h"
#include "tensor/check.h"
#include "tests/support/tiny/tiny_task.h"

namespace banel {
namespace {

GptGenerator untrained(const Language& language = tiny::language()) {
  return {GPT({language.alphabet.size(), 6, 16, 1, 2}, Rng(1, "attacker")), language};
}

std::vector<Attempt> strings(std::size_t n) {
  std::vector<Attempt> result;
  Rng rng(5, "strings");
  while (result.size() < n) result.push_back(tiny::random_string(rng));
  return result;
}

TEST_CASE("a generator learns the strings it is given and reports their log-probabilities") {
  GptGenerator generator = untrained();
  const std::vector<Attempt> data = strings(256);
  const auto before = generator.clone();
  const Fit once{.epochs = 1, .rate = 1e-2, .batch = 32};
  const double first = generator.fit(data, once, {1, "fit"});
  const double last = generator.fit(data, {.epochs = 8, .rate = 1e-2, .batch = 32}, {2, "fit"});
  CHECK(last < first);
  CHECK(last < 2.3);
  CHECK(before->log_prob(data) != generator.log_prob(data));  // the clone is independent
  const auto proposals = generator.sample(50, {3, "sample"});
  const auto log_probs = generator.log_prob(texts(proposals));
  for (std::size_t i = 0; i < proposals.size(); ++i)
    CHECK(proposals[i].log_prob == doctest::Approx(log_probs[i]).epsilon(1e-4));
}

TEST_CASE("the prompt is read and neither written nor scored nor learned") {
  const Language prompted{tiny::language().alphabet, "5+", '='};
  GptGenerator generator = untrained(prompted);
  const std::vector<Attempt> data(64, "3=");
  generator.fit(data, {.epochs = 20, .rate = 1e-2, .batch = 16}, {1, "fit"});
  for (const Proposal& p : generator.sample(20, {2, "sample"})) CHECK(p.text == "3=");
  CHECK(generator.log_prob(std::vector<Attempt>{"3="})[0] > -0.1);
  const GptGenerator half(generator.model(), {tiny::language().alphabet, "5", '='});
  CHECK(half.log_prob(std::vector<Attempt>{"+3="})[0] < -1);  // the + after the 5 was never learned
}

TEST_CASE("a policy gradient raises what has a positive weight and lowers the rest") {
  GptGenerator generator = untrained();
  const std::vector<Attempt> two{"1+2=", "3+4="};
  const auto before = generator.log_prob(two);
  const std::vector<double> weights{1, -1};
  CHECK(generator.ascend(two, weights, {.rate = 1e-3}, {1, "order"}) > 0);
  const auto after = generator.log_prob(two);
  CHECK(after[0] - after[1] > before[0] - before[1]);
  CHECK(generator.ascend(two, std::vector<double>{0, 0}, {.rate = 1e-3}, {1, "order"}) == 0);
}

TEST_CASE("unlearning makes strings less likely token by token") {
  GptGenerator generator = untrained();
  const std::vector<Attempt> learned(64, "1+2="), other{"3+4="};
  generator.fit(learned, {.epochs = 6, .rate = 1e-2, .batch = 16}, {1, "fit"});
  const std::vector<Attempt> one{"1+2="};
  const double before = generator.log_prob(one)[0];
  REQUIRE(before > -3);
  GptGenerator again = generator;
  CHECK(generator.unlearn(one, {.rate = 1e-3}, {1, "order"}) > 0);
  CHECK(generator.log_prob(one)[0] < before - 0.001);
  again.unlearn(one, {.rate = 1e-3}, {1, "order"});
  CHECK(again.state() == generator.state());
  generator.fit(learned, {.epochs = 40, .rate = 1e-2, .batch = 16}, {1, "fit"});  // tokens that are certain
  CHECK(std::isfinite(generator.unlearn(one, {.rate = 1e-3}, {1, "order"})));
}

TEST_CASE("the state of a generator is read back bit for bit and damage is refused by name") {
  GptGenerator generator = untrained();
  generator.fit(strings(32), {}, {1, "fit"});
  const std::string bytes = generator.state();
  const auto again = untrained().with_state(bytes, "memory");
  CHECK(again->state() == bytes);
  CHECK(again->log_prob(strings(20)) == generator.log_prob(strings(20)));
  CHECK(generator.format() == "safetensors");
  CHECK_THROWS_WITH_AS(generator.with_state(bytes.substr(0, bytes.size() - 4), "run/file"),
                       doctest::Contains("run/file: "), InputError);
  const GptGenerator wider(GPT({13, 6, 20, 1, 2}, Rng(1, "attacker")), tiny::language());
  CHECK_THROWS_WITH_AS(generator.with_state(wider.state(), "run/file"),
                       doctest::Contains("run/file: is a network of other sizes"), InputError);
}

TEST_CASE("work is counted for a generator and its clones once somebody counts") {
  GptGenerator generator = untrained();
  const std::vector<Attempt> data{"1+2=", "3+4="};
  generator.log_prob(data);
  const auto cost = std::make_shared<Cost>();
  generator.count_cost(cost);
  CHECK(cost->tokens == 0);
  generator.log_prob(data);
  CHECK(cost->tokens == 8);
  const double read = cost->flops;
  generator.clone()->fit(data, {.epochs = 3}, {1, "fit"});
  CHECK(cost->tokens == 8 + 3 * 8);
  CHECK(cost->flops == doctest::Approx(read + 3 * 3 * read));
}

TEST_CASE("a network that does not fit its alphabet or an empty prompt is refused") {
  const GPT model({5, 6, 16, 1, 2}, Rng(1, "small"));
  CHECK_THROWS_WITH_AS(GptGenerator(model, tiny::language()),
                       doctest::Contains("its vocabulary is 5, the alphabet has 13 characters"), UsageError);
  CHECK_THROWS_AS(GptGenerator(model, {Alphabet("abcde"), "", 'e'}), UsageError);
  CHECK_THROWS_AS(untrained().log_prob(std::vector<Attempt>{"x"}), UsageError);
}

TEST_CASE("another generator than a GPT is refused with who needs one") {
  const TabularGenerator coin({"head", "tail"}, {1, 1}, 0);
  CHECK_THROWS_WITH_AS(as_gpt(coin, "rnd"), doctest::Contains("rnd: needs a prior that is a GPT"),
                       UsageError);
  const GptGenerator generator = untrained();
  CHECK(&as_gpt(generator, "rnd") == &generator);
}

TEST_CASE("a higher temperature spreads the samples and leaves their log-probabilities those of the model") {
  GptGenerator generator = untrained();
  generator.fit(std::vector<Attempt>(64, "1+2="), {.epochs = 20, .rate = 1e-2, .batch = 16}, {1, "fit"});
  const auto distinct = [](const GptGenerator& g) {
    std::vector<Attempt> all = texts(g.sample(200, {4, "sample"}));
    std::sort(all.begin(), all.end());
    return std::unique(all.begin(), all.end()) - all.begin();
  };
  GptGenerator hot = generator;
  hot.set_temperature(5);
  CHECK(distinct(hot) > 10 * distinct(generator));
  const auto proposals = hot.sample(20, {5, "sample"});
  const auto log_probs = generator.log_prob(texts(proposals));
  for (std::size_t i = 0; i < proposals.size(); ++i)
    CHECK(proposals[i].log_prob == doctest::Approx(log_probs[i]).epsilon(1e-3));
}

}  // namespace
}  // namespace banel
