#include "nn/gpt.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "nn/batch.h"
#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/in_child.h"
#include "tests/support/rounding.h"

namespace banel {
namespace {

const GPTConfig small = {.vocabulary = 7, .context = 20, .d_model = 12, .layers = 2, .heads = 3};

std::vector<real> logits_of(GPT& gpt, const std::vector<Sequence>& texts) {
  Batch batch;
  for (Sequence text : texts) {
    text.push_back(0);  // the target of the last row
    batch.add({.tokens = text});
  }
  Tape tape(Record::no);
  const Tensor logits =
      gpt.logits(Weights(tape, gpt.parameters, nullptr), {batch.tokens, batch.positions, batch.offsets, {}});
  return {logits.data(), logits.data() + logits.size()};
}

TEST_CASE("a setting of the GPT that is out of range is named") {
  const auto refused = [](const char* name, GPTConfig config) {
    CHECK_THROWS_WITH_AS(GPT(config, Rng(1, "gpt")), doctest::Contains(name), UsageError);
  };
  refused("vocabulary = 1", {.vocabulary = 1});
  refused("context = 0", {.context = 0});
  refused("context = 129", {.context = 129});
  refused("d_model = 0", {.d_model = 0});
  refused("layers = 0", {.layers = 0});
  refused("heads = 0", {.heads = 0});
  refused("d_model = 64 is not divisible by heads = 5", {.heads = 5});
  refused("d_model / heads = 128; a head is at most 64 wide", {.d_model = 128, .heads = 1});
}

TEST_CASE("the parameters of a GPT have different names and the count of its formula") {
  const GPT gpt(small, Rng(1, "gpt"));
  std::set<std::string> names;
  for (const Slice& slice : gpt.parameters.slices()) names.insert(slice.name);
  CHECK(names.size() == gpt.parameters.slices().size());
  const std::size_t d = 12, per_block = 12 * d * d + 13 * d;
  CHECK(gpt.parameters.count() == 7 * d + 20 * d + 2 * per_block + 2 * d + 7 * d + 7);
  CHECK(gpt.flops_per_token() == 2.0 * (2 * 12 * 12 * 12 + 12 * 7));
}

TEST_CASE("a network of many layers is made in the memory that it keeps and ends at a request to stop") {
  const GPTConfig deep = {.vocabulary = 7, .context = 20, .d_model = 64, .layers = 32, .heads = 2};
  const Allocations allocations;
  GPT gpt(deep, Rng(1, "gpt"));
  if (Allocations::counted) CHECK(allocations.bytes() < gpt.parameters.values.size() * sizeof(real) * 5 / 4);
  CHECK(stops([&] { GPT(deep, Rng(1, "gpt")); }));
  CHECK(stops([&] { logits_of(gpt, {{0, 1}}); }));
}

TEST_CASE("a GPT is a function of its configuration and its seed") {
  const GPT a(small, Rng(1, "gpt")), b(small, Rng(1, "gpt")), c(small, Rng(2, "gpt"));
  CHECK(a.parameters.values == b.parameters.values);
  CHECK(a.parameters.values != c.parameters.values);
}

TEST_CASE("a fresh GPT gives logits of moderate size that depend on the token and its position") {
  GPT gpt(small, Rng(1, "gpt"));
  const std::vector<real> logits = logits_of(gpt, {{3, 3, 3, 5}});
  CHECK(std::all_of(logits.begin(), logits.end(), [](real x) { return std::abs(x) < 10; }));
  for (int row = 1; row < 4; ++row)
    CHECK(!std::equal(logits.begin(), logits.begin() + 7, logits.begin() + 7 * row));
}

TEST_CASE("changing a later token of a GPT changes no earlier logit") {
  GPT gpt(small, Rng(1, "gpt"));
  Sequence text(20, 2);
  const std::vector<real> before = logits_of(gpt, {text});
  for (std::size_t t = 0; t < text.size(); ++t) {
    Sequence changed = text;
    changed[t] = 6;
    const std::vector<real> after = logits_of(gpt, {changed});
    const auto rows = static_cast<std::ptrdiff_t>(7 * t);
    INFO("token " << t);
    CHECK(std::equal(before.begin(), before.begin() + rows, after.begin()));
    CHECK(!std::equal(before.begin() + rows, before.begin() + rows + 7, after.begin() + rows));
  }
}

TEST_CASE("strings of one batch do not see one another") {
  GPT gpt(small, Rng(1, "gpt"));
  const std::vector<Sequence> texts = {{1, 2, 3}, {4}, {5, 6, 0, 1, 2}};
  const std::vector<real> together = logits_of(gpt, texts);
  auto row = together.begin();
  for (const Sequence& text : texts)
    for (real alone : logits_of(gpt, {text})) CHECK(*row++ == doctest::Approx(alone).epsilon(1e-4));
}

// Checks that row m of `some` is row output_rows[m] of `all`.
void check_rows(const Tensor& some, const Tensor& all, const std::vector<int>& output_rows) {
  REQUIRE(some.shape() == Shape({static_cast<Index>(output_rows.size()), all.dim(1)}));
  for (std::size_t m = 0; m < output_rows.size(); ++m) {
    INFO("row " << output_rows[m] << " of " << output_rows.size());
    const auto width = static_cast<std::size_t>(all.dim(1)), row = static_cast<std::size_t>(output_rows[m]);
    CHECK(same_up_to_rows({some.data() + m * width, width}, {all.data() + row * width, width}));
  }
}

// Every k-th of n rows, from k - 1.
std::vector<int> every(int k, int n) {
  std::vector<int> rows;
  for (int row = k - 1; row < n; row += k) rows.push_back(row);
  return rows;
}

const GPTConfig as_the_target = {.vocabulary = 14, .context = 20, .d_model = 64, .layers = 4, .heads = 8};

TEST_CASE("the logits of output rows are those of all rows bit for bit if the kernels round rows alike") {
  for (const GPTConfig& config : {small, as_the_target}) {
    GPT gpt(config, Rng(1, "gpt"));
    Batch batch;
    for (int b = 0; b < 8; ++b) batch.add({.tokens = Sequence(static_cast<std::size_t>(21 - b), b % 7)});
    Tape tape(Record::no);
    const Weights weights(tape, gpt.parameters, nullptr);
    Rows rows{batch.tokens, batch.positions, batch.offsets, {}};
    const Tensor all = gpt.logits(weights, rows);
    for (int k : {1, 2, 3, 5, 17, 100, 1000}) {
      const std::vector<int> output_rows = every(k, static_cast<int>(batch.tokens.size()));
      rows.output_rows = output_rows;
      check_rows(gpt.logits(weights, rows), all, output_rows);
    }
  }
}

TEST_CASE("the logits of output rows are those of all rows when one token is read at a time") {
  GPT gpt(as_the_target, Rng(1, "gpt"));
  auto cache = gpt.make_cache(32), other = gpt.make_cache(32);
  Tape tape(Record::no);
  const Weights weights(tape, gpt.parameters, nullptr);
  const std::vector<int> slots = every(1, 32);
  for (int t = 0; t < 6; ++t) {
    std::vector<int> tokens;
    for (int slot : slots) tokens.push_back((slot + t) % 14);
    const std::vector<int> positions(32, t), output_rows = t == 0 ? std::vector<int>() : every(t, 32);
    const Tensor all = gpt.logits(weights, {tokens, positions, {}, {}, slots}, cache);
    check_rows(gpt.logits(weights, {tokens, positions, {}, {}, slots, output_rows}, other), all, output_rows);
  }
}

}  // namespace
}  // namespace banel
