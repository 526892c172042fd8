#include "tasks/addition/target.h"

#include <doctest/doctest.h>

#include <map>

#include "nn/io/checkpoint.h"
#include "nn/io/file.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny/interrupted_training.h"
#include "tests/support/tiny/tiny_networks.h"
#include "tests/support/with_threads.h"

namespace banel::addition {
namespace {

namespace fs = std::filesystem;

TrainingSettings training() {
  return {.d_model = tiny::d_model,
          .layers = tiny::layers,
          .heads = tiny::heads,
          .batch = 16,
          .rate = 3e-3,
          .warmup = 10,
          .examples = 4000};
}

TargetSettings target_settings() {
  return {.training = training(),
          .preference = {},
          .stop_error = 0,
          .check_every = 160,
          .check_questions = 100,
          .final_questions = 500};
}

GPT make_target(const fs::path& folder, const TargetSettings& s = target_settings(),
                int digits = tiny::digits, std::uint64_t seed = 3) {
  return train_target(folder, s, digits, seed, ProgressMode::quiet);
}

Json report(const fs::path& folder) { return report_without_times(folder / "target.json"); }

TEST_CASE("a check of a target asks no more questions than it takes to see that it is far from good enough") {
  const TemporaryFolder folder;
  TargetSettings s = target_settings();
  s.training.examples = s.check_every = 160;
  s.check_questions = 20'000;
  s.stop_error = 0.5;
  make_target(folder.path, s);
  const Json checks = report(folder.path).at("checks");
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].at("error").number() > 0.9);
  CHECK(checks[0].at("questions") == 5000);  // the errors of all that are allowed, 10,000, are not reached
}

TEST_CASE("every question of a check is asked once however many there are") {
  const TemporaryFolder folder;
  TargetSettings s = target_settings();
  s.training.examples = s.check_every = 16'000;
  s.training.rate = 1e-2;
  s.check_questions = 10'000;
  s.stop_error = 1;
  const GPT target = make_target(folder.path, s, 1);
  const Json checks = report(folder.path).at("checks");
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].at("questions") == 10'000);
  const Rate all = measure_errors(target, 1, 10'000, {3, "target check", 1}).all;
  CHECK(all.value() < 0.95);
  CHECK(checks[0].at("error") == all.value());
}

TEST_CASE("a target is trained and saved with a report") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path);
  CHECK(folder.names() == std::set<std::string>{"target.json", "target.safetensors"});
  CHECK(load_checkpoint(folder.path / "target.safetensors").model.parameters.values ==
        target.parameters.values);
  CHECK(target.config() == target_config(tiny::digits, tiny::d_model, tiny::layers, tiny::heads));
  const Json json = report(folder.path);
  CHECK(json.at("examples") == 4000);
  CHECK(json.at("error").at("n") == 500);
  CHECK(json.at("error") == to_json(measure_errors(target, tiny::digits, 500, {3, "target error"}).all));
}

TEST_CASE("a second call loads the target that the first one made") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path);
  std::map<fs::path, fs::file_time_type> times;
  for (const auto& entry : fs::directory_iterator(folder.path)) times[entry.path()] = entry.last_write_time();
  CHECK(make_target(folder.path).parameters.values == target.parameters.values);
  for (const auto& [path, time] : times) CHECK(fs::last_write_time(path) == time);
}

TEST_CASE("a finished target is never overwritten by other settings") {
  const TemporaryFolder folder;
  const GPT target = make_target(folder.path);
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), 3), InputError);
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), tiny::digits, 4), InputError);
  const std::vector<void (*)(TargetSettings&)> changes{
      [](TargetSettings& s) { s.training.d_model = 20; },
      [](TargetSettings& s) { s.training.muon = true; },
      [](TargetSettings& s) { s.preference.length_draws = 2; },
      [](TargetSettings& s) { s.preference.nines = 0.1; },
      [](TargetSettings& s) { s.stop_error = 0.1; },
      [](TargetSettings& s) { s.check_every = 320; },
      [](TargetSettings& s) { s.check_questions = 200; },
      [](TargetSettings& s) { s.final_questions = 600; }};
  for (const auto change : changes) {
    TargetSettings s = target_settings();
    change(s);
    CHECK_THROWS_AS(make_target(folder.path, s), InputError);
  }
  CHECK(load_checkpoint(folder.path / "target.safetensors").model.parameters.values ==
        target.parameters.values);
}

TEST_CASE("an interrupted target goes on to the same network and report") {
  const TemporaryFolder whole, parts;
  const GPT expected = make_target(whole.path);
  interrupt(parts.path / "target.partial.safetensors", [&] { make_target(parts.path); });
  CHECK(!fs::exists(parts.path / "target.safetensors"));
  CHECK(make_target(parts.path).parameters.values == expected.parameters.values);
  CHECK(report(parts.path) == report(whole.path));
  CHECK(parts.names() == whole.names());
}

TEST_CASE("an unfinished target of other settings is refused and left alone") {
  const TemporaryFolder folder;
  const fs::path partial = folder.path / "target.partial.safetensors";
  interrupt(partial, [&] { make_target(folder.path); });
  const std::string before = read_file(partial);
  TargetSettings faster = target_settings();
  faster.training.rate = 1e-2;
  CHECK_THROWS_AS(make_target(folder.path, faster), InputError);
  CHECK_THROWS_AS(make_target(folder.path, target_settings(), tiny::digits, 4), InputError);
  CHECK((read_file(partial) == before));
}

TEST_CASE("training stops at the first checkpoint that errs rarely enough") {
  const TemporaryFolder folder;
  TargetSettings s = target_settings();
  s.training.batch = 32;
  s.training.rate = 1e-2;
  s.training.examples = 200'000;
  s.check_every = 6400;
  s.stop_error = 0.5;
  make_target(folder.path, s, 1);
  const Json json = report(folder.path), checks = json.at("checks");
  CHECK(json.at("examples").integer() < 200'000);
  REQUIRE(checks.size() > 0);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const bool last = i + 1 == checks.size();
    CHECK((checks[i].at("error").number() <= 0.5) == last);
    if (last) CHECK(checks[i].at("examples") == json.at("examples"));
  }
}

TEST_CASE("a target that ends its schedule above its stop_error says so in its report") {
  const TemporaryFolder poor, good;
  TargetSettings s = target_settings();
  s.stop_error = 1e-9;
  make_target(poor.path, s);
  const Json json = report(poor.path);
  const std::string warning = json.at("warning").text();
  CHECK(warning.starts_with("the target ended its training of 4,000 examples with an error of "));
  CHECK(warning.find("above stop_error = 1e-09; raise target_examples") != warning.npos);
  CHECK(shortfall(parse_target_report(read_file(poor.path / "target.json"), "memory").checks, s) == warning);
  CHECK(!shortfall({}, s).empty());  // a schedule without a step
  s.stop_error = 1;
  make_target(good.path, s);
  CHECK(!report(good.path).contains("warning"));
}

TEST_CASE("few questions of a check that was broken off do not pass it") {
  TargetSettings s = target_settings();
  s.stop_error = 0.5;
  CHECK(shortfall({{160, 1.0, 0.5, 100}}, s).empty());
  CHECK(!shortfall({{160, 1.0, 0.5, 99}}, s).empty());
  CHECK(!shortfall({{160, 1.0, 0.51, 100}}, s).empty());
}

TEST_CASE("a target gets the same bytes for any number of threads") {
  check_same_for_all_threads([] {
    const TemporaryFolder folder;
    make_target(folder.path);
    return read_file(folder.path / "target.safetensors");
  });
}

TEST_CASE("what tables quote of a target is read or refused by the name of the value") {
  const auto refusal = [](const std::string& text) {
    try {
      parse_target_report(text, "run/a.json");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  const TargetReport quoted = parse_target_report(
      R"({"error":{"k":3,"n":9},"examples":100,"training_seconds":0.5,"checks":[]})", "memory");
  CHECK(quoted.error.k == 3);
  CHECK(quoted.error.n == 9);
  CHECK(quoted.examples == 100);
  CHECK(quoted.training_seconds == 0.5);
  CHECK(refusal(R"({"error":{"k":3,"n":2},"examples":100,"training_seconds":0.5})")
            .starts_with("run/a.json: error.k is 3;"));
  CHECK(refusal(R"({"error":{"k":3,"n":9},"examples":1.5,"training_seconds":0.5})")
            .starts_with("run/a.json: examples is 1.5;"));
  CHECK(refusal(R"({"error":{"k":3,"n":9},"examples":1})")
            .starts_with("run/a.json: the value has no \"training_seconds\""));
  CHECK(refusal(R"({"error":{"k":3,"n":9},"examples":1,"training_seconds":1,"checks":[{}]})")
            .starts_with("run/a.json: checks[0] has no \"examples\""));
  CHECK(refusal("[").starts_with("run/a.json: line 1: not JSON"));
}

TEST_CASE("a damaged report or network of a target is refused by name") {
  const TemporaryFolder folder;
  make_target(folder.path);
  for (const std::string name : {"target.json", "target.safetensors"}) {
    const std::string good = read_file(folder.path / name);
    write_file(folder.path / name, good.substr(0, good.size() - good.size() / 2));
    CHECK_THROWS_WITH_AS(make_target(folder.path), doctest::Contains(name.c_str()), InputError);
    write_file(folder.path / name, good);
  }
  make_target(folder.path);
}

TEST_CASE("the error map of a target adds up by carry chain and by lengths") {
  const ErrorMap map = measure_errors(tiny::target(), tiny::digits, 1000, {5, "errors"});
  CHECK(map.all.n == 1000);
  CHECK(map.all.k > 0);
  Rate by_carry, by_lengths;
  for (const auto& [chain, rate] : map.by_carry) by_carry.k += rate.k, by_carry.n += rate.n;
  for (const auto& [lengths, rate] : map.by_lengths) by_lengths.k += rate.k, by_lengths.n += rate.n;
  for (const Rate& sum : {by_carry, by_lengths}) {
    CHECK(sum.k == map.all.k);
    CHECK(sum.n == 1000);
  }
  CHECK(map.by_lengths.size() == 4);
  std::map<std::pair<int, int>, std::int64_t> asked;
  for (std::size_t i = 0; i < 1000; ++i) {
    Rng rng = Stream{5, "errors"}[i];
    const Question q = random_question(tiny::digits, rng);
    ++asked[{static_cast<int>(q.a.size()), static_cast<int>(q.b.size())}];
  }
  CHECK(asked.at({1, 2}) != asked.at({2, 1}));  // so that the two can be told apart
  for (const auto& [lengths, n] : asked) CHECK(map.by_lengths.at(lengths).n == n);
  // it has learned single digits only
  CHECK(map.by_lengths.at({1, 1}).value() < map.by_lengths.at({2, 2}).value());
}

TEST_CASE("an error map of more than 65536 questions asks each of them once") {
  constexpr std::size_t n = 67'000;
  const GPT untrained(target_config(2, 4, 1, 1), Rng(3, "untrained"));
  const ErrorMap map = measure_errors(untrained, 2, n, {5, "errors"});
  CHECK(map.all.n == 67'000);
  std::map<std::pair<int, int>, std::int64_t> asked;
  for (std::size_t i = 0; i < n; ++i) {
    Rng rng = Stream{5, "errors"}[i];
    const Question q = random_question(2, rng);
    ++asked[{static_cast<int>(q.a.size()), static_cast<int>(q.b.size())}];
  }
  for (const auto& [lengths, count] : asked) CHECK(map.by_lengths.at(lengths).n == count);
}

}  // namespace
}  // namespace banel::addition
