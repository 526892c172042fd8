#include "nn/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "nn/safetensors.h"
#include "temporary_folder.h"
#include "tensor/check.h"

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
    return std::find_if(file.tensors.begin(), file.tensors.end(), [](const NamedTensor& t) { return t.name == "head.weight"; });
  };
  refused("no 'layers'", [](TensorFile& file) { file.metadata.erase("layers"); });
  for (const char* text : {"", "two", "2.5", "-1", "2 ", "99999999999999999999"})
    refused("metadata 'layers'", [&](TensorFile& file) { file.metadata["layers"] = text; });
  refused("heads = 3", [](TensorFile& file) { file.metadata["heads"] = std::string("3"); });
  refused("layers = 0", [](TensorFile& file) { file.metadata["layers"] = std::string("0"); });
  refused("tensor 'head.weight' is missing", [&](TensorFile& file) { file.tensors.erase(head(file)); });
  refused("'head.weight' has another shape", [&](TensorFile& file) { std::swap(head(file)->shape[0], head(file)->shape[1]); });
  refused("belong to no part", [](TensorFile& file) { file.tensors.push_back({"extra", {1}, {0}}); });
}

TEST_CASE("a configuration larger than the file is refused before memory is taken for it") {
  const TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  save_checkpoint(path, GPT(config, Rng(1, "checkpoint")));
  TensorFile file = load_safetensors(path);
  for (const auto& [key, value] : Metadata{{"d_model", "4096"}, {"layers", "64"}, {"heads", "64"}, {"vocabulary", "65536"}}) file.metadata[key] = value;
  save_safetensors(path, file);  // 50 GB of weights, if it were believed
  CHECK_THROWS_WITH_AS(load_checkpoint(path), doctest::Contains("fewer numbers"), InputError);
}

TEST_CASE("moments of another network are refused") {
  GPT gpt(config, Rng(1, "checkpoint"));
  Trainer trainer(gpt, {});
  CHECK_THROWS_AS(trainer.optimizer().restore({{1, 2}, {3, 4}, 5}), UsageError);
}

}  // namespace
}  // namespace banel
