// Ten training steps of a tiny GPT against numbers of an independent implementation
// (golden/make_gpt_golden.py).
#include <doctest/doctest.h>

#include <cmath>

#include "nn/io/safetensors.h"
#include "nn/train.h"

namespace banel {
namespace {

struct Golden {
  TensorFile file = load_safetensors(std::string(BANEL_SOURCE_DIR) + "/tests/nn/golden/gpt.safetensors");

  const std::vector<float>& operator[](const std::string& name) const {
    for (const NamedTensor& tensor : file.tensors)
      if (tensor.name == name) return tensor.values;
    FAIL("the golden file has no tensor " << name);
    throw std::logic_error(name);
  }
  double number(const std::string& key) const { return std::stod(file.metadata.at(key)); }
  int integer(const std::string& key) const { return std::stoi(file.metadata.at(key)); }
  std::vector<int> ids(const std::string& name) const { return {(*this)[name].begin(), (*this)[name].end()}; }
};

// The largest difference over the largest magnitude of `expected`, over the numbers that `skip` does not
// exclude.
template <class Skip>
double relative_error(const real* found, const std::vector<float>& expected, Skip skip) {
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (skip(i)) continue;
    difference =
        std::max(difference, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return difference / largest;
}

TEST_CASE("ten steps of a GPT have the losses and gradients and weights of an independent implementation") {
  const Golden golden;
  GPT gpt({.vocabulary = golden.integer("vocab"),
           .context = golden.integer("context"),
           .d_model = golden.integer("d_model"),
           .layers = golden.integer("layers"),
           .heads = golden.integer("heads")},
          Rng(0, "replaced below"));
  const auto all = [](std::size_t) { return false; };
  for (const Slice& slice : gpt.parameters.slices()) {
    const std::vector<float>& values = golden["init." + slice.name];
    REQUIRE(values.size() == static_cast<std::size_t>(slice.shape.size()));
    std::copy(values.begin(), values.end(),
              gpt.parameters.values.begin() + static_cast<std::ptrdiff_t>(slice.offset));
  }
  Trainer trainer(gpt, {.beta1 = golden.number("beta1"),
                        .beta2 = golden.number("beta2"),
                        .epsilon = golden.number("eps"),
                        .weight_decay = golden.number("weight_decay"),
                        .max_norm = golden.number("clip")});
  REQUIRE(golden.integer("steps") == 10);
  for (int t = 0; t < 10; ++t) {
    const std::string step = "step" + std::to_string(t) + ".";
    Batch batch;
    batch.tokens = golden.ids(step + "tokens");
    batch.targets = golden.ids(step + "targets");
    batch.offsets = golden.ids(step + "offsets");
    batch.weights.assign(golden[step + "weights"].begin(), golden[step + "weights"].end());
    for (std::size_t b = 0; b < batch.strings(); ++b)
      for (int n = batch.offsets[b]; n < batch.offsets[b + 1]; ++n)
        batch.positions.push_back(n - batch.offsets[b]);
    const StepReport report = trainer.step(batch, golden.number("lr"));
    INFO("step " << t);
    CHECK(report.loss == doctest::Approx(golden[step + "loss"][0]).epsilon(1e-4));
    CHECK(report.gradient_norm == doctest::Approx(golden[step + "grad_norm"][0]).epsilon(1e-4));
    for (const Slice& slice : gpt.parameters.slices()) {
      INFO(slice.name);
      CHECK(relative_error(trainer.gradients().data() + slice.offset, golden[step + "grad." + slice.name],
                           all) < 1e-4);
    }
  }
  for (const Slice& slice : gpt.parameters.slices()) {
    const auto width = static_cast<std::size_t>(gpt.config().d_model);
    // The key third of qkv.bias: its true gradient is 0, and Adam turns the rounding noise found there into
    // steps.
    const auto key_bias = [&](std::size_t i) { return slice.name.ends_with("qkv.bias") && i / width == 1; };
    INFO(slice.name);
    CHECK(relative_error(gpt.parameters.values.data() + slice.offset, golden["final." + slice.name],
                         key_bias) < 1e-4);
  }
}

}  // namespace
}  // namespace banel
