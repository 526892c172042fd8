#include "nn/sample.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "nn/likelihood.h"
#include "tensor/check.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

constexpr int begin = 0, stop = 1;
const SampleSettings from_begin{.prompt = {begin}, .stop = stop};

SampleSettings at_temperature(double temperature) {
  return {.prompt = {begin}, .stop = stop, .temperature = temperature};
}

const GPTConfig config = {.vocabulary = 6, .context = 12, .d_model = 16, .layers = 2, .heads = 2};

GPT random_gpt(const GPTConfig& c = config) {
  GPT gpt(c, Rng(1, "sample_test"));
  for (const Slice& slice : gpt.parameters.slices())
    if (slice.name == "head.weight")
      for (std::size_t i = slice.offset; i < slice.end(); ++i)
        gpt.parameters.values[i] *= 2;  // far from uniform
  return gpt;
}

using Flat = std::vector<std::pair<Sequence, double>>;
Flat flat(const std::vector<Sampled>& samples) {
  Flat result;
  for (const Sampled& s : samples) result.emplace_back(s.tokens, s.log_prob);
  return result;
}

Sequence with_begin(const Sequence& tokens) {
  Sequence whole = {begin};
  whole.insert(whole.end(), tokens.begin(), tokens.end());
  return whole;
}

// The strings a network with this context can write: each ends with `stop`, or after `context` tokens.
std::vector<Sequence> language(const GPTConfig& c) {
  std::vector<Sequence> done, open = {{}};
  for (int t = 0; t < c.context; ++t) {
    std::vector<Sequence> next;
    for (const Sequence& s : open)
      for (int v = 0; v < c.vocabulary; ++v) {
        Sequence longer = s;
        longer.push_back(v);
        (v == stop ? done : next).push_back(longer);
      }
    open = next;
  }
  done.insert(done.end(), open.begin(), open.end());
  return done;
}

TEST_CASE("a sampled string is the same for any number asked for and any number of threads") {
  const GPT gpt = random_gpt();
  const Stream stream{5, "sample", 2};
  const Flat all = flat(sample(gpt, 400, from_begin, stream));
  for (std::size_t count : {0u, 1u, 5u, 127u, 128u, 129u, 300u}) {
    const Flat some = flat(sample(gpt, count, from_begin, stream));
    REQUIRE(some.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      INFO("string " << i << " of " << count);
      CHECK(some[i].first == all[i].first);
      CHECK(some[i].second == doctest::Approx(all[i].second).epsilon(1e-5));  // not the same bits: see below
    }
  }
  check_same_for_all_threads([&] { return flat(sample(gpt, 400, from_begin, stream)); });
  CHECK((flat(sample(gpt, 400, from_begin, {6, "sample", 2})) != all));
}

TEST_CASE("strings beyond the first 16384 of a call are those of a call that begins there") {
  const GPT gpt = random_gpt({.vocabulary = 6, .context = 3, .d_model = 4, .layers = 1, .heads = 1});
  const Stream stream{5, "sample", 2};
  constexpr std::size_t block = 1 << 14;
  const Flat all = flat(sample(gpt, block + 50, from_begin, stream));
  const Flat rest = flat(sample(gpt, 50, from_begin, stream.from(block)));
  for (std::size_t i = 0; i < rest.size(); ++i) CHECK(all[block + i].first == rest[i].first);
}

TEST_CASE("a sampled string ends with the stop token or at the end of the context") {
  const GPT gpt = random_gpt();
  std::size_t stopped = 0;
  for (const Sampled& s : sample(gpt, 1000, from_begin, {1, "sample"})) {
    const auto first_stop = std::find(s.tokens.begin(), s.tokens.end(), stop);
    const bool at_end = first_stop + 1 == s.tokens.end();
    CHECK((at_end || (first_stop == s.tokens.end() && s.tokens.size() == 12)));
    stopped += at_end;
  }
  CHECK(stopped > 100);
  CHECK(stopped < 1000);
}

TEST_CASE("the log-probability of a sample is its log-likelihood in the batch form") {
  const GPT gpt = random_gpt();
  for (double temperature : {1.0, 1.7}) {
    const auto samples = sample(gpt, 300, at_temperature(temperature), {2, "sample"});
    std::vector<Sequence> texts;
    for (const Sampled& s : samples) texts.push_back(with_begin(s.tokens));
    const auto log_probs = log_likelihood(gpt, texts);
    for (std::size_t i = 0; i < samples.size(); ++i)
      CHECK(samples[i].log_prob == doctest::Approx(log_probs[i]).epsilon(1e-4));
  }
}

TEST_CASE("the probabilities of all strings of a closed language sum to one") {
  const GPT gpt = random_gpt({.vocabulary = 4, .context = 5, .d_model = 8, .layers = 1, .heads = 1});
  std::vector<Sequence> texts;
  for (const Sequence& s : language(gpt.config())) texts.push_back(with_begin(s));
  double total = 0;
  for (double log_prob : log_likelihood(gpt, texts)) total += std::exp(log_prob);
  CHECK(texts.size() == 364);
  CHECK(total == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE("strings are drawn as often as their probability says") {
  const GPT gpt = random_gpt({.vocabulary = 3, .context = 3, .d_model = 8, .layers = 1, .heads = 1});
  const std::vector<Sequence> words = language(gpt.config());
  REQUIRE(words.size() == 15);
  std::vector<Sequence> texts;
  for (const Sequence& s : words) texts.push_back(with_begin(s));
  const auto log_probs = log_likelihood(gpt, texts);
  std::map<Sequence, double> counts;
  constexpr std::size_t n = 20'000;
  for (const Sampled& s : sample(gpt, n, from_begin, {3, "sample"})) ++counts[s.tokens];
  double chi_square = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double expected = n * std::exp(log_probs[i]);
    chi_square += std::pow(counts[words[i]] - expected, 2) / expected;
    counts.erase(words[i]);
  }
  CHECK(counts.empty());
  CHECK(chi_square < 14 + 4.5 * std::sqrt(2 * 14.0));
}

TEST_CASE(
    "greedy writes the most likely token of the batch form until the stop token or the end of the context") {
  GPT gpt = random_gpt();
  const std::vector<Sequence> prompts = {
      {0},       {2, 3}, {5, 4, 3, 2, 1, 0}, Sequence(12, 4), Sequence(11, 2), {3},
      {4, 4, 4}, {2},    {2, 3, 4},          {2, 3},          {2, 2, 4}};  // some share prefixes
  const auto answers = greedy(gpt, prompts, stop);
  REQUIRE(answers.size() == prompts.size());
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    Sequence whole = prompts[i], expected;
    while (whole.size() <= 12) {
      Batch batch;
      Sequence rows = whole;
      rows.push_back(0);
      batch.add({.tokens = rows});
      Tape tape(Record::no);
      const Tensor logits =
          gpt.logits(Weights(tape, gpt.parameters, nullptr), {batch.tokens, batch.positions, batch.offsets});
      const real* last = logits.data() + logits.size() - 6;
      expected.push_back(static_cast<int>(std::max_element(last, last + 6) - last));
      if (expected.back() == stop) break;
      whole.push_back(expected.back());
    }
    INFO("prompt " << i);
    CHECK(answers[i] == expected);
  }
}

TEST_CASE("a temperature near zero draws what greedy writes") {
  const GPT gpt = random_gpt();
  const Sequence best = greedy(gpt, std::vector<Sequence>{{begin}}, stop)[0];
  for (const Sampled& s : sample(gpt, 20, at_temperature(1e-4), {4, "sample"})) CHECK(s.tokens == best);
}

TEST_CASE("greedy answers and log-likelihoods have the same bits for any number of threads") {
  const GPT gpt = random_gpt();
  std::vector<Sequence> texts;
  for (const Sampled& s : sample(gpt, 500, from_begin, {7, "sample"})) texts.push_back(with_begin(s.tokens));
  check_same_for_all_threads([&] { return log_likelihood(gpt, texts); });
  for (Sequence& text : texts) text.resize(std::min<std::size_t>(text.size(), 12));
  check_same_for_all_threads([&] { return greedy(gpt, texts, stop); });
}

// Not the same bits: the rounding of some BLAS kernels depends on how many rows are multiplied together.
TEST_CASE("the log-likelihood of a string does not depend on the other strings that are asked about") {
  const GPT gpt = random_gpt();
  std::vector<Sequence> texts;
  for (const Sampled& s : sample(gpt, 200, from_begin, {8, "sample"})) texts.push_back(with_begin(s.tokens));
  const auto all = log_likelihood(gpt, texts);
  for (std::size_t count : {1u, 2u, 7u, 128u, 150u}) {
    const auto some = log_likelihood(gpt, std::span(texts).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      INFO("string " << i << " of " << count);
      CHECK(some[i] == doctest::Approx(all[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE("a network whose logits are not finite is not read but named with the position") {
  const std::vector<Sequence> text{{0, 2, 3}};
  for (const real bad : {std::numeric_limits<real>::quiet_NaN(), std::numeric_limits<real>::infinity(),
                         -std::numeric_limits<real>::infinity()}) {
    GPT gpt = random_gpt();
    for (const Slice& slice : gpt.parameters.slices())
      if (slice.name == "position_embedding")
        gpt.parameters.values[slice.offset + 16] = bad;  // of position 1
    CHECK_THROWS_WITH_AS(sample(gpt, 40, from_begin, {1, "sample"}),
                         doctest::Contains("sample: NaN or infinity in the logits at position 1"),
                         std::runtime_error);
    CHECK_THROWS_WITH_AS(greedy(gpt, text, stop),
                         doctest::Contains("greedy: NaN or infinity in the logits at position 2"),
                         std::runtime_error);
    for (const auto& texts : {text, std::vector<Sequence>{{0, 1}, {1, 2, 3}}})  // row 1 or 2 of a shard
      CHECK_THROWS_WITH_AS(log_likelihood(gpt, texts),
                           doctest::Contains("log_likelihood: NaN or infinity in the logits at position 1"),
                           std::runtime_error);
  }
}

TEST_CASE("logits of a million give certain tokens and finite numbers") {
  GPT gpt = random_gpt();
  for (const Slice& slice : gpt.parameters.slices())
    if (slice.name == "head.bias") gpt.parameters.values[slice.offset + 4] = 1e6f;
  for (const Sampled& s : sample(gpt, 40, from_begin, {1, "sample"})) {
    CHECK(s.tokens == Sequence(12, 4));
    CHECK(s.log_prob == 0);
  }
  const double impossible = log_likelihood(gpt, std::vector<Sequence>{{0, 2, 3}})[0];
  CHECK(impossible < -1.9e6);
  CHECK(std::isfinite(impossible));
}

TEST_CASE("no string and one string and no prompt are read as well as many") {
  const GPT gpt = random_gpt();
  CHECK(sample(gpt, 0, from_begin, {1, "sample"}).empty());
  CHECK(greedy(gpt, {}, stop).empty());
  CHECK(log_likelihood(gpt, {}).empty());
  const Sequence whole(13, 5),
      first(13, 0);  // as long as the context allows, of the last and the first token
  const std::vector<double> both = log_likelihood(gpt, std::vector<Sequence>{whole, first});
  CHECK(log_likelihood(gpt, std::vector<Sequence>{whole})[0] == doctest::Approx(both[0]).epsilon(1e-5));
  CHECK(greedy(gpt, std::vector<Sequence>{Sequence(12, 5)}, stop)[0].size() == 1);
}

TEST_CASE("a sample that continues a prompt has the log-likelihood of what follows the prompt") {
  const GPT gpt = random_gpt();
  for (const Sequence& prompt : {Sequence{0}, Sequence{0, 3, 2}, Sequence(12, 4)}) {
    const auto samples = sample(gpt, 200, {.prompt = prompt, .stop = stop}, {2, "sample"});
    std::vector<Sequence> texts;
    for (const Sampled& s : samples) {
      REQUIRE(!s.tokens.empty());
      texts.push_back(prompt);
      texts.back().insert(texts.back().end(), s.tokens.begin(), s.tokens.end());
      CHECK((texts.back().size() == 13 || s.tokens.back() == stop));
    }
    const auto log_probs = log_likelihood(gpt, texts, prompt.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
      CHECK(samples[i].log_prob == doctest::Approx(log_probs[i]).epsilon(1e-4));
  }
}

TEST_CASE("the log-likelihood from a token on is that of the whole less that of what is before it") {
  const GPT gpt = random_gpt();
  const std::vector<Sequence> texts = {{0, 3, 2, 5, 1}, {0, 3, 4, 4}, {2, 3, 2, 5, 5, 1}};
  std::vector<Sequence> heads;
  for (const Sequence& text : texts) heads.emplace_back(text.begin(), text.begin() + 3);
  const auto whole = log_likelihood(gpt, texts), head = log_likelihood(gpt, heads),
             rest = log_likelihood(gpt, texts, 3);
  for (std::size_t i = 0; i < texts.size(); ++i)
    CHECK(rest[i] == doctest::Approx(whole[i] - head[i]).epsilon(1e-5));
}

TEST_CASE("top-k draws the k most likely tokens as often as their share of the probability says") {
  GPT gpt = random_gpt({.vocabulary = 20, .context = 1, .d_model = 8, .layers = 1, .heads = 1});
  std::vector<std::pair<double, int>> by_log_prob;
  std::vector<Sequence> texts;
  for (int v = 0; v < 20; ++v) texts.push_back({0, v});
  const auto log_probs = log_likelihood(gpt, texts);
  for (int v = 0; v < 20; ++v) by_log_prob.emplace_back(-log_probs[static_cast<std::size_t>(v)], v);
  std::sort(by_log_prob.begin(), by_log_prob.end());
  for (const int k : {1, 3, 19, 20, 100}) {
    std::map<int, double> expected, counts;
    double total = 0;
    for (int i = 0; i < std::min(k, 20); ++i)
      total += std::exp(-by_log_prob[static_cast<std::size_t>(i)].first);
    constexpr std::size_t n = 20'000;
    for (int i = 0; i < std::min(k, 20); ++i) {
      const auto& [negative, v] = by_log_prob[static_cast<std::size_t>(i)];
      expected[v] = n * std::exp(-negative) / total;
    }
    for (const Sampled& s : sample(gpt, n, {.prompt = {0}, .top_k = k}, {9, "sample"})) {
      REQUIRE(s.tokens.size() == 1);
      ++counts[s.tokens[0]];
      CHECK(s.log_prob == doctest::Approx(log_probs[static_cast<std::size_t>(s.tokens[0])]).epsilon(1e-4));
    }
    double chi_square = 0;
    for (const auto& [v, count] : expected) chi_square += std::pow(counts[v] - count, 2) / count;
    INFO("k = " << k);
    CHECK(counts.size() == expected.size());  // nothing else was drawn
    CHECK(chi_square < k + 5 * std::sqrt(2.0 * k));
  }
}

TEST_CASE("of equally likely tokens top-k keeps those with smaller ids") {
  GPT gpt = random_gpt();
  for (const Slice& slice : gpt.parameters.slices())
    if (slice.name.starts_with("head"))
      std::fill_n(gpt.parameters.values.begin() + static_cast<std::ptrdiff_t>(slice.offset),
                  slice.shape.size(), real{0});
  for (const Sampled& s : sample(gpt, 50, {.prompt = {0}, .top_k = 2}, {9, "sample"}))
    for (int token : s.tokens) CHECK(token < 2);
}

TEST_CASE("long calls report their progress up to all strings and steps") {
  const GPT gpt = random_gpt();
  std::size_t done = 0, total = 0, calls = 0;
  const OnProgress on_progress = [&](std::size_t d, std::size_t t) {
    CHECK(d > done);
    done = d, total = t, ++calls;
  };
  const auto check = [&](std::size_t expected) {
    CHECK(done == expected);
    CHECK(total == expected);
    CHECK(calls > 1);
    done = total = calls = 0;
  };
  std::vector<Sequence> texts;
  for (const Sampled& s : sample(gpt, 300, from_begin, {1, "sample"}, on_progress))
    texts.push_back(with_begin(s.tokens));
  check(300);
  log_likelihood(gpt, texts, 1, on_progress);
  check(300);
  for (Sequence& text : texts) text.resize(1);
  greedy(gpt, texts, stop, on_progress);
  check(300);
}

TEST_CASE("prompts and texts and temperatures out of range are refused") {
  const GPT gpt = random_gpt();
  for (const double temperature : {0.0, 1e-40, -1.0, std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(sample(gpt, 1, at_temperature(temperature), {1, "sample"}), UsageError);
  CHECK_THROWS_AS(sample(gpt, 1, {.stop = stop}, {1, "sample"}), UsageError);  // no prompt
  CHECK_THROWS_AS(sample(gpt, 1, {.prompt = Sequence(13, 2)}, {1, "sample"}), UsageError);
  CHECK_THROWS_AS(sample(gpt, 1, {.prompt = {0}, .top_k = -1}, {1, "sample"}), UsageError);
  CHECK_THROWS_AS(log_likelihood(gpt, std::vector<Sequence>{{0, 2}}, 0), UsageError);
  CHECK_THROWS_AS(log_likelihood(gpt, std::vector<Sequence>{{0, 2}}, 2), UsageError);
  CHECK_THROWS_AS(greedy(gpt, std::vector<Sequence>{{}}, stop), UsageError);
  CHECK_THROWS_AS(greedy(gpt, std::vector<Sequence>{Sequence(13, 2)}, stop), UsageError);
  CHECK_THROWS_AS(log_likelihood(gpt, std::vector<Sequence>{{0}}), UsageError);
  CHECK_THROWS_AS(log_likelihood(gpt, std::vector<Sequence>{Sequence(14, 2)}), UsageError);
  CHECK_THROWS_AS(log_likelihood(gpt, std::vector<Sequence>{{0, 6, 0}}), UsageError);
}

}  // namespace
}  // namespace banel
