#include "tasks/model/training.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tasks/model/prior.h"
#include "tests/support/json.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/interrupted_training.h"
#include "tests/support/tiny/tiny_task.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

constexpr TrainingSettings tiny_training{
    .d_model = 16, .layers = 1, .heads = 2, .batch = 16, .rate = 3e-3, .warmup = 10, .examples = 4000};

NetworkFile file_of(const fs::path& folder, const TrainingSettings& t, std::uint64_t seed = 3) {
  return {folder, "prior", Json{{"seed", seed}, {"training", to_json(t)}}.dump()};
}

GptGenerator make_prior(const fs::path& folder, const TrainingSettings& t = tiny_training,
                        std::uint64_t seed = 3) {
  return train_prior(file_of(folder, t, seed), tiny::language(), 6, t, seed, tiny::random_string,
                     ProgressMode::quiet);
}

Example example(Rng& rng) {
  return {.tokens = tiny::language().alphabet.encode('\n' + tiny::random_string(rng))};
}

// Checked every 160 examples, and trained to the end.
GPT make_checked(const fs::path& folder, const TrainingSettings& t = tiny_training) {
  const NetworkFile file = file_of(folder, t);
  const GPTConfig config{13, 6, t.d_model, t.layers, t.heads};
  if (auto model = file.finished(config)) return *model;
  GPT model(config, Rng(3, "weights"));
  Progress progress("prior", t.examples, ProgressMode::quiet);
  const auto check = [](Training& now) {
    now.checks.push_back({now.examples, now.loss, 0.5, 100});
    return false;
  };
  const Training training = train(model, file, t, {3, "data"}, 160, example, check, progress);
  file.finish(model, {{"examples", training.examples},
                      {"checks", to_json(training.checks)},
                      {"training_seconds", training.seconds}});
  return model;
}

TEST_CASE("a prior is trained and saved with a report") {
  const TemporaryFolder folder;
  const GptGenerator prior = make_prior(folder.path);
  CHECK(folder.names() == std::set<std::string>{"prior.json", "prior.safetensors"});
  CHECK(load_checkpoint(folder.path / "prior.safetensors").model.parameters.values ==
        prior.model().parameters.values);
  CHECK(prior.model().config() == GPTConfig{13, 6, 16, 1, 2});
  const Json report = report_without_times(folder.path / "prior.json");
  CHECK(report.at("examples") == 4000);
  CHECK(report.at("loss").number() < 2.2);  // ln 13 = 2.56 is guessing
  CHECK(report.at("settings").at("seed") == 3);
  int valid = 0;
  for (const Proposal& p : prior.sample(500, {1, "samples"}))
    valid += tiny::TinyTask::sum(p.text).has_value();
  CHECK(valid > 100);  // an untrained one writes about 1 valid string in 100
}

TEST_CASE("a second call loads what the first one made") {
  const TemporaryFolder folder;
  const GptGenerator prior = make_prior(folder.path);
  std::map<fs::path, fs::file_time_type> times;
  for (const auto& entry : fs::directory_iterator(folder.path)) times[entry.path()] = entry.last_write_time();
  CHECK(make_prior(folder.path).state() == prior.state());
  for (const auto& [path, time] : times) CHECK(fs::last_write_time(path) == time);
}

TEST_CASE("a network in the place of one with another role or other settings is refused") {
  const TemporaryFolder folder;
  const GptGenerator prior = make_prior(folder.path);
  const NetworkFile target{folder.path, "target", file_of(folder.path, tiny_training).settings},
      other_seed = file_of(folder.path, tiny_training, 4);
  fs::copy_file(folder.path / "prior.safetensors", target.weights());
  write_file(target.report(), "{\"settings\": " + target.settings + "}");
  CHECK_THROWS_WITH_AS(target.finished(prior.model().config()),
                       doctest::Contains("the role \"pre-trained prior\"; needed is \"pre-trained target\""),
                       InputError);
  write_file(other_seed.report(), "{\"settings\": " + other_seed.settings + "}");
  CHECK_THROWS_WITH_AS(other_seed.finished(prior.model().config()), doctest::Contains("with the settings "),
                       InputError);
}

TEST_CASE("a finished network is never overwritten by other settings") {
  const TemporaryFolder folder;
  const GptGenerator prior = make_prior(folder.path);
  CHECK_THROWS_WITH_AS(make_prior(folder.path, tiny_training, 4),
                       doctest::Contains("prior.json: was made with other"), InputError);
  const std::vector<void (*)(TrainingSettings&)> changes{
      [](TrainingSettings& t) { t.d_model = 20; },       [](TrainingSettings& t) { t.layers = 2; },
      [](TrainingSettings& t) { t.heads = 4; },          [](TrainingSettings& t) { t.batch = 32; },
      [](TrainingSettings& t) { t.rate = 2e-3; },        [](TrainingSettings& t) { t.warmup = 11; },
      [](TrainingSettings& t) { t.weight_decay = 0.1; }, [](TrainingSettings& t) { t.examples = 4016; },
      [](TrainingSettings& t) { t.muon = true; }};
  for (const auto change : changes) {
    TrainingSettings t = tiny_training;
    change(t);
    CHECK_THROWS_AS(make_prior(folder.path, t), InputError);
  }
  CHECK(load_checkpoint(folder.path / "prior.safetensors").model.parameters.values ==
        prior.model().parameters.values);
}

TEST_CASE("a training is checked at its last step also if that is no round number") {
  const TemporaryFolder folder;
  GPT model({13, 6, 16, 1, 2}, Rng(3, "weights"));
  Progress progress("prior", tiny_training.examples, ProgressMode::quiet);
  std::vector<std::int64_t> checked;
  const auto check = [&](Training& now) {
    checked.push_back(now.examples);
    return false;
  };
  train(model, file_of(folder.path, tiny_training), tiny_training, {3, "data"}, 1600, example, check,
        progress);
  CHECK(checked == std::vector<std::int64_t>{1600, 3200, 4000});
}

TEST_CASE("no two examples of a training are drawn with the same random numbers") {
  const TemporaryFolder folder;
  GPT model({13, 6, 16, 1, 2}, Rng(3, "weights"));
  Progress progress("prior", tiny_training.examples, ProgressMode::quiet);
  std::set<double> met;
  const auto noting = [&](Rng& rng) {
    met.insert(rng.uniform());
    return example(rng);
  };
  const auto check = [](Training&) { return false; };
  const Training training = train(model, file_of(folder.path, tiny_training), tiny_training, {3, "data"}, 160,
                                  noting, check, progress);
  CHECK(std::ssize(met) == training.examples);
}

TEST_CASE("an interrupted training goes on to the same network and report") {
  const TemporaryFolder whole, parts;
  const GPT expected = make_checked(whole.path);
  interrupt(parts.path / "prior.partial.safetensors", [&] { make_checked(parts.path); });
  CHECK(!fs::exists(parts.path / "prior.safetensors"));
  CHECK(make_checked(parts.path).parameters.values == expected.parameters.values);
  CHECK(report_without_times(parts.path / "prior.json") == report_without_times(whole.path / "prior.json"));
  CHECK(parts.names() == whole.names());
}

TEST_CASE("a training ends at the check that says so and the loss that it shows follows slowly") {
  const TemporaryFolder folder;
  const TrainingSettings& t = tiny_training;
  GPT model({13, 6, t.d_model, t.layers, t.heads}, Rng(3, "weights"));
  Progress progress("prior", t.examples, ProgressMode::quiet);
  std::vector<double> losses;
  const auto enough = [&](Training& now) { return losses.push_back(now.loss), now.examples == 800; };
  const Training training =
      train(model, file_of(folder.path, t), t, {3, "data"}, t.batch, example, enough, progress);
  CHECK(training.examples == 800);
  REQUIRE(losses.size() == 50);
  for (std::size_t i = 1; i < losses.size(); ++i) CHECK(std::abs(losses[i] - losses[i - 1]) < 0.03);
}

TEST_CASE("an interrupted training adds the time before to the time after") {
  const TemporaryFolder folder;
  const fs::path partial = folder.path / "prior.partial.safetensors";
  interrupt(partial, [&] { make_checked(folder.path); });
  Checkpoint checkpoint = load_checkpoint(partial);
  Json training = json_of(checkpoint.metadata.at("training"));
  training["seconds"] = 1000;
  checkpoint.metadata["training"] = training.dump();
  save_checkpoint(partial, checkpoint.model, checkpoint.metadata, &*checkpoint.optimizer);
  make_checked(folder.path);
  CHECK(read_json(folder.path / "prior.json").at("training_seconds").number() >= 1000);
}

TEST_CASE("an interrupted prior goes on to the same network and report") {
  const TemporaryFolder whole, parts;
  const TrainingSettings t{.d_model = 4,
                           .layers = 1,
                           .heads = 1,
                           .batch = 1000,
                           .rate = 3e-3,
                           .warmup = 10,
                           .examples = 202'000};  // it is saved every 100,000 examples
  const std::string expected = make_prior(whole.path, t).state();
  interrupt(parts.path / "prior.partial.safetensors", [&] { make_prior(parts.path, t); });
  CHECK(make_prior(parts.path, t).state() == expected);
  CHECK(report_without_times(parts.path / "prior.json") == report_without_times(whole.path / "prior.json"));
}

TEST_CASE("a training killed after its last step reports all of its examples") {
  const TemporaryFolder whole, parts;
  make_checked(whole.path);
  // A folder in the way of prior.safetensors: everything is trained and nothing can be finished.
  fs::create_directory(parts.path / "prior.safetensors.tmp");
  CHECK_THROWS_AS(make_checked(parts.path), IoError);
  REQUIRE(fs::exists(parts.path / "prior.partial.safetensors"));
  fs::remove(parts.path / "prior.safetensors.tmp");
  make_checked(parts.path);
  CHECK(report_without_times(parts.path / "prior.json") == report_without_times(whole.path / "prior.json"));
}

TEST_CASE("an unfinished training of other settings is refused and left alone") {
  const TemporaryFolder folder;
  const fs::path partial = folder.path / "prior.partial.safetensors";
  interrupt(partial, [&] { make_checked(folder.path); });
  const std::string before = read_file(partial);
  TrainingSettings wider = tiny_training, faster = tiny_training;
  wider.d_model = 20;
  faster.rate = 1e-2;
  for (const TrainingSettings& t : {wider, faster}) CHECK_THROWS_AS(make_checked(folder.path, t), InputError);
  CHECK((read_file(partial) == before));
}

TEST_CASE(
    "an unfinished training whose metadata claims other work than was done is refused by name and left "
    "alone") {
  const TemporaryFolder folder;
  const fs::path partial = folder.path / "prior.partial.safetensors";
  interrupt(partial, [&] { make_checked(folder.path); });
  const TensorFile good = load_safetensors(partial);
  const Json training = json_of(good.metadata.at("training"));
  const auto refused = [&](auto damage) {
    TensorFile file = good;
    damage(file.metadata);
    save_safetensors(partial, file);
    const std::string before = read_file(partial);
    CHECK_THROWS_WITH_AS(make_checked(folder.path), doctest::Contains("prior.partial.safetensors: "),
                         InputError);
    CHECK((read_file(partial) == before));
  };
  const auto changed = [&](const char* key, const Json& value) {
    CAPTURE(key);
    refused([&](Metadata& metadata) {
      Json other = training;
      other[key] = value;
      metadata["training"] = other.dump();
    });
  };
  changed("examples", training.at("examples").integer() + 1);
  changed("examples", -1);
  changed("loss", nullptr);
  changed("seconds", "1");
  changed("checks", 5);
  refused([](Metadata& metadata) { metadata["training"] = "{"; });
  refused([](Metadata& metadata) { metadata.erase("training"); });
  refused([](Metadata& metadata) { metadata.erase("settings"); });
  refused([](Metadata& metadata) { metadata["optimizer.steps"] = "12abc"; });
}

TEST_CASE("a damaged report or network is refused by name") {
  const TemporaryFolder folder;
  make_prior(folder.path);
  for (const std::string name : {"prior.json", "prior.safetensors"}) {
    const std::string good = read_file(folder.path / name);
    write_file(folder.path / name, good.substr(0, good.size() - good.size() / 2));
    CHECK_THROWS_WITH_AS(make_prior(folder.path), doctest::Contains(name.c_str()), InputError);
    write_file(folder.path / name, good);
  }
  make_prior(folder.path);
}

TEST_CASE("a training gets the same bytes for any number of threads") {
  check_same_for_all_threads([] {
    const TemporaryFolder folder;
    make_prior(folder.path);
    return read_file(folder.path / "prior.safetensors");
  });
}

TEST_CASE("the state of a training is read or refused by the name of the value") {
  const auto refusal = [](const std::string& text) {
    try {
      parse_training(text, "run/a");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const Training training =
      parse_training(R"({"examples":256,"loss":0.5,"seconds":1,)"
                     R"("checks":[{"examples":160,"loss":0.75,"error":0.25,"questions":9}]})",
                     "memory");
  CHECK(training.examples == 256);
  CHECK(training.loss == 0.5);
  CHECK(training.seconds == 1);
  REQUIRE(training.checks.size() == 1);
  CHECK(training.checks[0].examples == 160);
  CHECK(training.checks[0].loss == 0.75);
  CHECK(training.checks[0].error == 0.25);
  CHECK(training.checks[0].questions == 9);
  CHECK(
      refusal(R"({"examples":256,"loss":null,"seconds":1,"checks":[]})").starts_with("run/a: loss is null"));
  CHECK(refusal(R"({"examples":-1,"loss":1,"seconds":1,"checks":[]})").starts_with("run/a: examples is -1"));
  CHECK(
      refusal(R"({"examples":256,"loss":1,"seconds":1,"checks":{}})").starts_with("run/a: checks is object"));
  CHECK(refusal(R"({"examples":256,"loss":1,"seconds":1,"checks":[1]})")
            .starts_with("run/a: checks[0] is number"));
}

TEST_CASE("the settings of a training become values and the values settings") {
  std::vector<Setting> all;
  add_training_settings(all, "solver", tiny_training);
  const Values values = completed(all, {{"solver_width", 24}, {"solver_rate", 0.5}}, "mine");
  const TrainingSettings t = training_from(values, "solver", tiny_training);
  CHECK(t.d_model == 24);
  CHECK(t.rate == 0.5);
  CHECK(t.heads == tiny_training.heads);
  CHECK(t.warmup == tiny_training.warmup);
  CHECK(t.examples == tiny_training.examples);
  CHECK(values.size() == 6);
  CHECK_THROWS_WITH_AS(training_from(completed(all, {{"solver_heads", 3}}, "mine"), "solver", tiny_training),
                       doctest::Contains("solver_heads: 3 does not divide solver_width = 16"), UsageError);
  CHECK_THROWS_WITH_AS(training_from(completed(all, {{"solver_width", 65}, {"solver_heads", 1}}, "mine"),
                                     "solver", tiny_training),
                       doctest::Contains("solver_heads: 1 makes heads that are 65 wide; at most 64"),
                       UsageError);
  CHECK_THROWS_WITH_AS(
      training_from(completed(all, {{"solver_examples", 1000}, {"solver_batch", 1001}}, "mine"), "solver",
                    tiny_training),
      doctest::Contains("solver_batch: 1001 is more than solver_examples = 1000"), UsageError);
}

}  // namespace
}  // namespace banel
