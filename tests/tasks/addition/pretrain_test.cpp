#include "tasks/model/pretrain.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "nn/io/safetensors.h"
#include "tests/support/temporary_folder.h"
#include "tensor/check.h"
#include "tests/support/tiny_networks.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

namespace fs = std::filesystem;

TrainingSettings training() {
  return {.network = {tiny::d_model, tiny::layers, tiny::heads}, .batch = 16, .rate = 3e-3, .warmup = 10, .weight_decay = 0, .examples = 4000};
}

TargetSettings target_settings() {
  return {.training = training(), .stop_error = 0, .check_every = 160, .check_questions = 100, .final_questions = 500};
}

AttackerSettings attacker_settings() { return {.training = training(), .final_samples = 500}; }

GPT make_target(const fs::path& folder, const TargetSettings& s = target_settings(), int digits = tiny::digits, std::uint64_t seed = 3) {
  return train_target(folder, s, digits, seed, ProgressMode::quiet);
}

GPT make_attacker(const fs::path& folder, const AttackerSettings& s = attacker_settings(), int digits = tiny::digits, std::uint64_t seed = 3) {
  return train_attacker(folder, s, digits, seed, tiny::target(), ProgressMode::quiet);
}

// A report without the seconds it took.
Json report(const fs::path& path) {
  Json result = Json::parse(read_file(path));
  result.erase("training_seconds");
  return result;
}

// Ends a training at one of its checkpoints: once the first is there, a folder in the way of the next makes it fail.
template <class Train>
void interrupt(const fs::path& partial, Train train) {
  fs::path obstacle = partial;
  obstacle += ".tmp";
  std::atomic<bool> ended = false;
  std::thread watcher([&] {
    while (!ended && !fs::exists(partial)) std::this_thread::sleep_for(std::chrono::microseconds(50));
    for (std::error_code error; !ended && !fs::create_directory(obstacle, error);) std::this_thread::yield();
  });
  CHECK_THROWS_AS(train(), IoError);
  ended = true;
  watcher.join();
  fs::remove(obstacle);
  REQUIRE(fs::exists(partial));
}

TEST_CASE("a check of a target asks no more questions than it takes to see that it is far from good enough") {
  const TemporaryFolder folder;
  TargetSettings s = target_settings();
  s.training.examples = s.check_every = 160;
  s.check_questions = 20'000;
  s.stop_error = 0.5;
  make_target(folder.path, s);
  const Json checks = report(folder.path / "target.json").at("checks");
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].at("error") > 0.9);
  CHECK(checks[0].at("questions") == 5000);  // the errors of all that are allowed, 10,000, are not reached
}

TEST_CASE("a target is trained and saved with a report") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path);
  CHECK(folder.names() == std::set<std::string>{"target.json", "target.safetensors"});
  CHECK(load_checkpoint(folder.path / "target.safetensors").model.parameters.values == target.parameters.values);
  CHECK(target.config() == addition::target_config(tiny::digits, tiny::d_model, tiny::layers, tiny::heads));
  const Json json = report(folder.path / "target.json");
  CHECK(json.at("examples") == 4000);
  CHECK(json.at("error").at("n") == 500);
  CHECK(json.at("error") == to_json(measure_errors(target, tiny::digits, 500, {3, "target error"}).all));
}

TEST_CASE("an attacker is trained and saved with its base rate") {
  const TemporaryFolder folder;
  const GPT attacker = make_attacker(folder.path);
  CHECK(folder.names() == std::set<std::string>{"attacker.json", "attacker.safetensors"});
  CHECK(load_checkpoint(folder.path / "attacker.safetensors").model.parameters.values == attacker.parameters.values);
  CHECK(attacker.config() == addition::attacker_config(tiny::digits, tiny::d_model, tiny::layers, tiny::heads));
  const Json json = report(folder.path / "attacker.json");
  CHECK(json.at("base").at("success").at("n") == 500);
  CHECK(json.at("base").at("valid").at("rate").get<double>() > 0.2);  // an untrained one writes about 1 valid question in 100
  CHECK(json.at("loss").get<double>() < 2.2);               // ln 13 = 2.56 is guessing
}

TEST_CASE("a second call loads what the first one made") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path), attacker = make_attacker(folder.path);
  std::map<fs::path, fs::file_time_type> times;
  for (const auto& entry : fs::directory_iterator(folder.path)) times[entry.path()] = entry.last_write_time();
  CHECK(make_target(folder.path).parameters.values == target.parameters.values);
  CHECK(make_attacker(folder.path).parameters.values == attacker.parameters.values);
  for (const auto& [path, time] : times) CHECK(fs::last_write_time(path) == time);
}

TEST_CASE("finished networks are never overwritten by other settings") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path), attacker = make_attacker(folder.path);
  const auto change = [](auto settings, auto changed) { return changed(settings.training), settings; };
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), 3), InputError);
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), tiny::digits, 4), InputError);
  CHECK_THROWS_AS(make_attacker(folder.path, attacker_settings(), 3), InputError);
  CHECK_THROWS_AS(make_attacker(folder.path, attacker_settings(), tiny::digits, 4), InputError);
  const std::vector<void (*)(TrainingSettings&)> changes{
      [](TrainingSettings& t) { t.network.d_model = 20; }, [](TrainingSettings& t) { t.network.layers = 2; },
      [](TrainingSettings& t) { t.network.heads = 4; },    [](TrainingSettings& t) { t.batch = 32; },
      [](TrainingSettings& t) { t.rate = 2e-3; },          [](TrainingSettings& t) { t.warmup = 11; },
      [](TrainingSettings& t) { t.weight_decay = 0.1; },   [](TrainingSettings& t) { t.examples = 4016; },
      [](TrainingSettings& t) { t.muon = true; }};
  TargetSettings longer = target_settings();
  longer.length_draws = 2;
  CHECK_THROWS_AS(make_target(folder.path, longer), InputError);
  TargetSettings rippling = target_settings();
  rippling.nines = 0.1;
  CHECK_THROWS_AS(make_target(folder.path, rippling), InputError);
  for (const auto changed : changes) {
    CHECK_THROWS_AS(make_target(folder.path, change(target_settings(), changed)), InputError);
    CHECK_THROWS_AS(make_attacker(folder.path, change(attacker_settings(), changed)), InputError);
  }
  CHECK(load_checkpoint(folder.path / "target.safetensors").model.parameters.values == target.parameters.values);
  CHECK(load_checkpoint(folder.path / "attacker.safetensors").model.parameters.values == attacker.parameters.values);
}

TEST_CASE("an interrupted target goes on to the same network and report") {
  const TemporaryFolder whole, parts;
  const GPT expected = make_target(whole.path);
  interrupt(parts.path / "target.partial.safetensors", [&] { make_target(parts.path); });
  CHECK(!fs::exists(parts.path / "target.safetensors"));
  CHECK(make_target(parts.path).parameters.values == expected.parameters.values);
  CHECK(report(parts.path / "target.json") == report(whole.path / "target.json"));
  CHECK(parts.names() == whole.names());
}

TEST_CASE("an interrupted attacker goes on to the same network and report") {
  const TemporaryFolder whole, parts;
  AttackerSettings s = attacker_settings();
  s.training.network = {4, 1, 1};
  s.training.batch = 1000;
  s.training.examples = 202'000;  // it is saved every 100,000 examples
  const GPT expected = make_attacker(whole.path, s, 1);
  interrupt(parts.path / "attacker.partial.safetensors", [&] { make_attacker(parts.path, s, 1); });
  CHECK(make_attacker(parts.path, s, 1).parameters.values == expected.parameters.values);
  CHECK(report(parts.path / "attacker.json") == report(whole.path / "attacker.json"));
}

TEST_CASE("a target killed after its last step reports all of its examples") {
  const TemporaryFolder whole, parts;
  make_target(whole.path);
  // A folder in the way of target.safetensors: everything is trained and nothing can be finished.
  fs::create_directory(parts.path / "target.safetensors.tmp");
  CHECK_THROWS_AS(make_target(parts.path), IoError);
  REQUIRE(fs::exists(parts.path / "target.partial.safetensors"));
  fs::remove(parts.path / "target.safetensors.tmp");
  make_target(parts.path);
  CHECK(report(parts.path / "target.json") == report(whole.path / "target.json"));
}

TEST_CASE("an unfinished training of other settings is refused") {
  const TemporaryFolder folder;
  interrupt(folder.path / "target.partial.safetensors", [&] { make_target(folder.path); });
  const std::string before = read_file(folder.path / "target.partial.safetensors");
  TargetSettings wider = target_settings(), faster = target_settings();
  wider.training.network.d_model = 20;
  faster.training.rate = 1e-2;
  CHECK_THROWS_AS(make_target(folder.path, wider), InputError);
  CHECK_THROWS_AS(make_target(folder.path, faster), InputError);
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), tiny::digits, 4), InputError);
  CHECK(read_file(folder.path / "target.partial.safetensors") == before);
}

TEST_CASE("an unfinished training whose metadata claims other work than was done is refused by name and left alone") {
  const TemporaryFolder folder;
  const fs::path partial = folder.path / "target.partial.safetensors";
  interrupt(partial, [&] { make_target(folder.path); });
  const TensorFile good = load_safetensors(partial);
  const Json training = Json::parse(good.metadata.at("training"));
  const auto refused = [&](auto damage) {
    TensorFile file = good;
    damage(file.metadata);
    save_safetensors(partial, file);
    const std::string before = read_file(partial);
    CHECK_THROWS_WITH_AS(make_target(folder.path), doctest::Contains("target.partial.safetensors: "), InputError);
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
  changed("examples", training.at("examples").get<std::int64_t>() + 1);
  changed("examples", -1);
  changed("loss", nullptr);
  changed("seconds", "1");
  changed("checks", 5);
  refused([](Metadata& metadata) { metadata["training"] = "{"; });
  refused([](Metadata& metadata) { metadata.erase("training"); });
  refused([](Metadata& metadata) { metadata.erase("settings"); });
  refused([](Metadata& metadata) { metadata["optimizer.steps"] = "12abc"; });
}

TEST_CASE("training stops at the first checkpoint that errs rarely enough") {
  const TemporaryFolder folder;
  TargetSettings s = target_settings();
  s.training = {.network = {tiny::d_model, tiny::layers, tiny::heads}, .batch = 32, .rate = 1e-2, .warmup = 10, .weight_decay = 0, .examples = 200'000};
  s.check_every = 6400;
  s.stop_error = 0.5;
  make_target(folder.path, s, 1);
  const Json json = report(folder.path / "target.json");
  CHECK(json.at("examples").get<std::int64_t>() < 200'000);
  REQUIRE(!json.at("checks").empty());
  for (std::size_t i = 0; i < json.at("checks").size(); ++i) {
    const bool last = i + 1 == json.at("checks").size();
    CHECK((json.at("checks")[i].at("error").get<double>() <= 0.5) == last);
    if (last) CHECK(json.at("checks")[i].at("examples") == json.at("examples"));
  }
}

TEST_CASE("both networks get the same bytes for any number of threads") {
  check_same_for_all_threads([] {
    const TemporaryFolder folder;
    make_target(folder.path);
    make_attacker(folder.path);
    return read_file(folder.path / "target.safetensors") + read_file(folder.path / "attacker.safetensors");
  });
}

TEST_CASE("what tables quote of the networks is read or refused by the name of the value") {
  const auto refusal = [](auto parse, const std::string& text) {
    try {
      parse(text, "run/a.json");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const TargetReport report = parse_target_report(R"({"error":{"k":3,"n":9},"examples":100,"training_seconds":0.5,"checks":[]})", "memory");
  CHECK(report.error.k == 3);
  CHECK(report.error.n == 9);
  CHECK(report.examples == 100);
  CHECK(report.training_seconds == 0.5);
  CHECK(refusal(parse_target_report, R"({"error":{"k":3,"n":2},"examples":100,"training_seconds":0.5})").starts_with("run/a.json: error.k is 3;"));
  CHECK(refusal(parse_target_report, R"({"error":{"k":3,"n":9},"examples":1.5,"training_seconds":0.5})").starts_with("run/a.json: examples is 1.5;"));
  CHECK(refusal(parse_target_report, R"({"error":{"k":3,"n":9},"examples":1})").starts_with("run/a.json: the value has no \"training_seconds\""));
  CHECK(refusal(parse_target_report, "[").starts_with("run/a.json: line 1: not JSON"));
  CHECK(parse_base_rate(R"({"base":{"success":{"k":1,"n":2}}})", "memory").n == 2);
  CHECK(refusal(parse_base_rate, R"({"base":{"success":{"k":-1,"n":2}}})").starts_with("run/a.json: base.success.k is -1;"));
  CHECK(refusal(parse_base_rate, R"({"base":5})").starts_with("run/a.json: base is number"));
  const Training training = parse_training(R"({"examples":256,"loss":0.5,"seconds":1,"checks":[1]})", "memory");
  CHECK(training.examples == 256);
  CHECK(training.loss == 0.5);
  CHECK(training.seconds == 1);
  CHECK(training.checks.size() == 1);
  CHECK(refusal(parse_training, R"({"examples":256,"loss":null,"seconds":1,"checks":[]})").starts_with("run/a.json: loss is null"));
  CHECK(refusal(parse_training, R"({"examples":-1,"loss":1,"seconds":1,"checks":[]})").starts_with("run/a.json: examples is -1"));
  CHECK(refusal(parse_training, R"({"examples":256,"loss":1,"seconds":1,"checks":{}})").starts_with("run/a.json: checks is object"));
}

TEST_CASE("a damaged report or network is refused by name") {
  const TemporaryFolder folder;
  make_target(folder.path);
  const std::string weights = read_file(folder.path / "target.safetensors"), json = read_file(folder.path / "target.json");
  const auto refused = [&](const std::string& name) {
    try {
      make_target(folder.path);
      FAIL_CHECK("accepted a damaged " << name);
    } catch (const InputError& error) {
      CHECK(std::string(error.what()).find(name) != std::string::npos);
    }
  };
  write_file(folder.path / "target.json", json.substr(0, json.size() / 2));
  refused("target.json");
  write_file(folder.path / "target.json", json);
  write_file(folder.path / "target.safetensors", weights.substr(0, weights.size() - 4));
  refused("target.safetensors");
  write_file(folder.path / "target.safetensors", weights);
  make_target(folder.path);
}

}  // namespace
}  // namespace banel
