#include "nn/io/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tensor/check.h"
#include "tests/support/allocations.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

const GPTConfig config = {.vocabulary = 5, .context = 6, .d_model = 8, .layers = 2, .heads = 2};

Batch some_batch() {
  Batch batch;
  for (int i = 0; i < 20; ++i) batch.add({.tokens = {i % 5, (i + 1) % 5, (i + 2) % 5}});
  batch.normalise();
  return batch;
}

TEST_CASE("a checkpoint brings back configuration and weights and metadata") {
  const TemporaryFolder folder;
  const GPT gpt(config, Rng(1, "checkpoint"));
  save_checkpoint(folder.path / "a.safetensors", gpt, {{"round", "12"}});
  const Checkpoint loaded = load_checkpoint(folder.path / "a.safetensors");
  CHECK((loaded.model.config() == config));
  CHECK(loaded.model.parameters.values == gpt.parameters.values);
  CHECK(loaded.metadata.at("round") == "12");
  CHECK(!loaded.optimizer);
  CHECK(folder.names() == std::set<std::string>{"a.safetensors"});
}

TEST_CASE("training goes on from a checkpoint with the same bits as without a stop") {
  const TemporaryFolder folder;
  const Batch batch = some_batch();
  GPT gpt(config, Rng(1, "checkpoint"));
  Trainer trainer(gpt, {});
  for (int step = 0; step < 3; ++step) trainer.step(batch, 0.01);
  save_checkpoint(folder.path / "a.safetensors", gpt, {}, &trainer.optimizer().state());
  for (int step = 0; step < 3; ++step) trainer.step(batch, 0.01);

  Checkpoint loaded = load_checkpoint(folder.path / "a.safetensors");
  REQUIRE(loaded.optimizer);
  Trainer resumed(loaded.model, {});
  resumed.optimizer().restore(*loaded.optimizer);
  CHECK(resumed.steps() == 3);
  for (int step = 0; step < 3; ++step) resumed.step(batch, 0.01);
  CHECK(loaded.model.parameters.values == gpt.parameters.values);
}

TEST_CASE("a file that is no checkpoint of this network is refused with what is wrong") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  const GPT gpt(config, Rng(1, "checkpoint"));
  save_checkpoint(path, gpt);
  const TensorFile good = load_safetensors(path);
  const auto refused = [&](const char* reason, auto damage) {
    TensorFile file = good;
    damage(file);
    save_safetensors(path, file);
    INFO(reason);
    CHECK_THROWS_WITH_AS(load_checkpoint(path), doctest::Contains(reason), InputError);
  };
  const auto head = [](TensorFile& file) {
    return std::find_if(file.tensors.begin(), file.tensors.end(),
                        [](const NamedTensor& t) { return t.name == "head.weight"; });
  };
  refused("no 'layers'", [](TensorFile& file) { file.metadata.erase("layers"); });
  for (const char* text : {"", "two", "2.5", "-1", "2 ", "4294967298", "99999999999999999999"})  // 2^32 + 2
    refused("metadata 'layers'", [&](TensorFile& file) { file.metadata["layers"] = text; });
  refused("heads = 3", [](TensorFile& file) { file.metadata["heads"] = std::string("3"); });
  refused("layers = 0", [](TensorFile& file) { file.metadata["layers"] = std::string("0"); });
  refused("tensor 'head.weight' is missing", [&](TensorFile& file) { file.tensors.erase(head(file)); });
  refused("'head.weight' has another shape",
          [&](TensorFile& file) { std::swap(head(file)->shape[0], head(file)->shape[1]); });
  refused("belong to no part", [](TensorFile& file) { file.tensors.push_back({"extra", {1}, {0}}); });
}

TEST_CASE("a configuration larger than the file is refused before memory is taken for it") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  save_checkpoint(path, GPT(config, Rng(1, "checkpoint")));
  TensorFile file = load_safetensors(path);
  for (const auto& [key, value] :
       Metadata{{"d_model", "4096"}, {"layers", "64"}, {"heads", "64"}, {"vocabulary", "65536"}})
    file.metadata[key] = value;
  save_safetensors(path, file);  // 50 GB of weights, if it were believed
  CHECK_THROWS_WITH_AS(load_checkpoint(path), doctest::Contains("fewer numbers"), InputError);
}

TEST_CASE("a checkpoint takes no more memory than its numbers whatever its metadata claims") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  save_checkpoint(path, GPT({.vocabulary = 13, .context = 32, .d_model = 64, .layers = 2, .heads = 4},
                            Rng(1, "checkpoint")));
  const TensorFile good = load_safetensors(path);
  for (const char* key : {"vocabulary", "context", "d_model", "layers", "heads", "none"})
    for (const char* value : {"1", "2", "64", "128", "4096", "65536", "2147483647"}) {
      TensorFile file = good;
      file.metadata[key] = value;
      const std::string bytes = encode_safetensors(file);
      const Allocations allocations;
      try {
        decode_checkpoint(bytes, "claims");
      } catch (const InputError&) {
      }
      CAPTURE(key);
      CAPTURE(value);
      CHECK(allocations.largest() <= bytes.size());
      CHECK(allocations.peak() <=
            3 * bytes.size() + 10'000);  // the numbers of the file, and the network while it grows
      CHECK((allocations.peak() > 0) == Allocations::counted);
    }
}

TEST_CASE("a checkpoint cut at any byte is refused by name") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  save_checkpoint(path, GPT({.vocabulary = 2, .context = 1, .d_model = 1, .layers = 1, .heads = 1},
                            Rng(1, "checkpoint")));
  const std::string bytes = read_file(path);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_THROWS_WITH_AS(decode_checkpoint(std::string_view(bytes).substr(0, size), "run/a"),
                         doctest::Contains("run/a: "), InputError);
}

TEST_CASE("numbers that are not finite and an optimiser of another network are refused by tensor") {
  GPT gpt(config, Rng(1, "checkpoint"));
  Trainer trainer(gpt, {});
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  save_checkpoint(path, gpt, {}, &trainer.optimizer().state());
  const TensorFile good = load_safetensors(path);
  const auto refused = [&](const char* name, const char* reason, auto damage) {
    TensorFile file = good;
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&](const NamedTensor& t) { return t.name == name; });
    REQUIRE(found != file.tensors.end());
    damage(file, *found);
    CAPTURE(reason);
    CHECK_THROWS_WITH_AS(decode_checkpoint(encode_safetensors(file), "run/a"),
                         doctest::Contains((std::string("tensor '") + name + "' " + reason).c_str()),
                         InputError);
  };
  for (const char* name : {"head.bias", "optimizer.m", "optimizer.v"})
    for (const float x : {std::nanf(""), std::numeric_limits<float>::infinity()})
      refused(name, "has a number that is not finite", [&](TensorFile&, NamedTensor& t) { t.values[1] = x; });
  refused("optimizer.v", "has a negative", [](TensorFile&, NamedTensor& t) { t.values[1] = -1; });
  refused("optimizer.v", "is missing", [](TensorFile& file, NamedTensor&) { file.tensors.pop_back(); });
  refused("optimizer.m", "has another shape",
          [](TensorFile&, NamedTensor& t) { t.values.resize(static_cast<std::size_t>(t.shape[0] = 16)); });
  TensorFile file = good;
  for (const char* steps : {"-1", "1e3", "", "9223372036854775808"}) {
    file.metadata["optimizer.steps"] = steps;
    CHECK_THROWS_WITH_AS(decode_checkpoint(encode_safetensors(file), "run/a"),
                         doctest::Contains("metadata 'optimizer.steps'"), InputError);
  }
}

TEST_CASE("moments of another network are refused") {
  GPT gpt(config, Rng(1, "checkpoint"));
  Trainer trainer(gpt, {});
  CHECK_THROWS_AS(trainer.optimizer().restore({{1, 2}, {3, 4}, 5}), UsageError);
}

}  // namespace
}  // namespace banel
