#include "tasks/run/checkpoint.h"

#include <doctest/doctest.h>

#include <limits>

#include "banel/generators/tabular.h"
#include "nn/io/file.h"
#include "tensor/check.h"
#include "tests/support/json.h"
#include "tests/support/temporary_folder.h"

namespace banel {
namespace {

AttackProgress some_progress() {
  return {.rounds = 7,
          .metrics_bytes = 12345,
          .ledger = {1750, 0x00ab},
          .finished = true,
          .regions = {{1, -3.25}, {0.5, 1e-300}},
          .current = {150, 20},
          .earlier = {50, 3},
          .since = {70, 2},
          .idle = 9,
          .current_is_best = true,
          .survivors = {48, 11}};
}

std::string refusal_of(const Json& progress) {
  try {
    parse_progress(Field(progress, "run/checkpoint"));
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("a threshold that is infinite survives its text") {
  AttackProgress progress = some_progress();
  progress.regions[0].tau = std::numeric_limits<double>::infinity();
  const Json json = to_json(progress);
  CHECK(parse_progress(Field(json, "memory")).regions[0].tau == progress.regions[0].tau);
}

TEST_CASE("the progress of an attack survives its text") {
  const Json json = to_json(some_progress());
  const AttackProgress back = parse_progress(Field(json, "memory"));
  CHECK(back.rounds == 7);
  CHECK(back.metrics_bytes == 12345);
  CHECK(back.ledger.evaluations == 1750);
  CHECK(back.ledger.hash == 0xab);
  CHECK(back.finished);
  REQUIRE(back.regions.size() == 2);
  CHECK(back.regions[0].tau == -3.25);
  CHECK(back.regions[1].kappa == 0.5);
  CHECK(back.regions[1].tau == 1e-300);
  CHECK(back.current.strings == 150);
  CHECK(back.current.rewards == 20);
  CHECK(back.earlier.strings == 50);
  CHECK(back.earlier.rewards == 3);
  CHECK(back.since.strings == 70);
  CHECK(back.since.rewards == 2);
  CHECK(back.idle == 9);
  CHECK(back.current_is_best);
  CHECK(back.survivors.strings == 48);
  CHECK(back.survivors.rewards == 11);
  CHECK(to_json(back) == json);
}

TEST_CASE("a value of the progress that is missing or impossible is refused by name") {
  const Json good = to_json(some_progress());
  for (const auto& member : good.members()) {
    const std::string& key = member.first;
    Json json = good;
    json.erase(key);
    CAPTURE(key);
    CHECK(refusal_of(json).find("run/checkpoint: the value has no \"" + key + "\"") == 0);
    CHECK(refusal_of(json).find('\n') == std::string::npos);
  }
  const auto refused = [&](const char* pointer, const char* name, const std::vector<Json>& values) {
    for (const Json& value : values) {
      Json json = good;
      at_path(json, pointer) = value;
      CAPTURE(pointer);
      CAPTURE(value.dump());
      CHECK(refusal_of(json).starts_with(std::string("run/checkpoint: ") + name));
    }
  };
  const std::vector<Json> no_counts{-1, 1.5, "2", nullptr, true, Json::array(), 1e300, 9007199254740993};
  for (const char* key : {"rounds", "metrics_bytes", "nre", "idle"})
    refused((std::string("/") + key).c_str(), key, no_counts);
  for (const std::string tally : {"current", "earlier", "since", "survivors"}) {
    refused(("/" + tally + "/strings").c_str(), tally.c_str(), no_counts);
    refused(("/" + tally + "/rewards").c_str(), tally.c_str(), no_counts);
    refused(("/" + tally + "/rewards").c_str(), tally.c_str(), {151});
    refused(("/" + tally).c_str(), tally.c_str(), {5, nullptr, Json::object()});
  }
  refused("/ledger_hash", "ledger_hash",
          {"", "ab", "00000000000000AB", "0x000000000000ab", "000000000000000ab", "-0000000000000ab",
           "000000000000000g", "00000000000000a\n", 5, nullptr});
  for (const char* key : {"finished", "current_is_best"})
    refused((std::string("/") + key).c_str(), key, {"yes", 1, nullptr});
  refused("/regions", "regions",
          {5,
           nullptr,
           {1},
           {Json::object()},
           {{{"kappa", 1}}},
           {{{"kappa", 1}, {"tau", nullptr}}},
           {{{"kappa", "1"}, {"tau", 1}}}});
}

TEST_CASE("an attacker grown from evaluations that were never paid or from nothing is refused by name") {
  AttackProgress progress = some_progress();
  progress.search.grown.push_back({nullptr, {3, 1749}, 4, 2, 30, {20, 6}});
  const Json good = to_json(progress);
  CHECK(refusal_of(good) == "accepted");
  const auto refused = [&](const std::string& key, const Json& value) {
    Json json = good;
    at_path(json, "/search/grown/0/" + key) = value;
    CAPTURE(key);
    CAPTURE(value.dump());
    CHECK(refusal_of(json).starts_with("run/checkpoint: search.grown[0]."));
  };
  for (const Json& value : {Json(1750), Json(-1), Json("3")}) refused("finds/1", value);
  refused("finds", Json::array());
  for (const int value : {1, 1751}) refused("found", value);  // fewer than its finds; more than was paid
  for (const int value : {0, 5}) refused("fitted", value);
  refused("asked", -1);
  refused("recent/rewards", 21);
}

const TabularGenerator& prior() {
  static const TabularGenerator coin({"head", "tail"}, {1, 3}, 2);
  return coin;
}

std::unique_ptr<Generator> fitted(int heads) {
  std::unique_ptr<Generator> model = prior().clone();
  model->fit(std::vector<Attempt>(static_cast<std::size_t>(heads), "head"), {}, {1, "fit"});
  return model;
}

// A state in which every part is used.
State some_state() {
  State state{.theta = fitted(3), .rounds = 4};
  state.best = {
      .current = {fitted(5), {20, 9}}, .earlier = {fitted(1), {10, 2}}, .since = {30, 4}, .idle = 2};
  state.survivors = {16, 5};
  return state;
}

TEST_CASE("a state is loaded as it was saved") {
  const TemporaryFolder folder;
  State state = some_state();
  state.search = {.united = fitted(4), .united_at = 60, .steps = 2, .failed_searches = 1, .explored = 50};
  state.search.grown.push_back({fitted(2), {3, 70}, 4, 2, 30, {20, 6}});
  state.search.grown.push_back({fitted(6), {5}, 1, 1, 10, {8, 1}});
  save_attack(folder.path, state, {.metrics_bytes = 99, .ledger = {80, 0x1234}}, {});
  const SavedAttack saved = load_attack(folder.path, prior(), {});
  CHECK(saved.progress.metrics_bytes == 99);
  CHECK(saved.progress.ledger.hash == 0x1234);
  CHECK_FALSE(saved.progress.finished);
  CHECK(saved.state.rounds == 4);
  CHECK(saved.state.theta->state() == state.theta->state());
  CHECK(saved.state.best.current.theta->state() == state.best.current.theta->state());
  CHECK(saved.state.best.earlier.theta->state() == state.best.earlier.theta->state());
  CHECK(saved.state.best.current.tally.rewards == 9);
  CHECK(saved.state.best.since.strings == 30);
  CHECK(saved.state.best.idle == 2);
  CHECK(saved.state.survivors.rewards == 5);
  const Search& search = saved.state.search;
  CHECK(search.united->state() == state.search.united->state());
  CHECK(search.united_at == 60);
  CHECK(search.steps == 2);
  CHECK(search.failed_searches == 1);
  CHECK(search.explored == 50);
  const Grown& grown = search.grown.at(0);
  CHECK(grown.theta->state() == state.search.grown[0].theta->state());
  CHECK(grown.finds == std::vector<std::size_t>{3, 70});
  CHECK(grown.found == 4);
  CHECK(grown.fitted == 2);
  CHECK(grown.evaluations == 30);
  CHECK(grown.recent.strings == 20);
  CHECK(search.grown.at(1).theta->state() == state.search.grown[1].theta->state());
  CHECK(search.grown.at(1).finds == std::vector<std::size_t>{5});
  CHECK(folder.names() == std::set<std::string>{"checkpoint"});
}

TEST_CASE("of a finished attack only the attacker handed over is kept") {
  const TemporaryFolder folder;
  State state = some_state();
  save_attack(folder.path, state, {.finished = true}, {});
  CHECK(folder.names() == std::set<std::string>{"attacker.json", "checkpoint"});
  CHECK(load_attack(folder.path, prior(), {}).state.theta->state() == state.attacker().state());
}

TEST_CASE("a region is saved with its failure model") {
  const TemporaryFolder folder;
  State state{.theta = prior().clone()};
  for (int round = 1; round <= 2; ++round) {
    state.regions.push_back({fitted(round), 0.5, -1.0 / round});
    save_attack(folder.path, state, {}, {});
  }
  CHECK(folder.names() == std::set<std::string>{"checkpoint", "phi1.json", "phi2.json"});
  const State loaded = load_attack(folder.path, prior(), {}).state;
  REQUIRE(loaded.regions.size() == 2);
  CHECK(loaded.regions[1].tau == -0.5);
  for (std::size_t i = 0; i < 2; ++i) CHECK(loaded.regions[i].phi->state() == state.regions[i].phi->state());
}

TEST_CASE("a failure model in the place of the attacker or an attacker of another task is refused by name") {
  const TemporaryFolder folder;
  const Label three{{"task", "3-digit addition"}}, five{{"task", "5-digit addition"}};
  State state{.theta = prior().clone()};
  state.rounds = 1;
  state.regions.push_back({fitted(1), 0.5, -1.0});
  save_attack(folder.path, state, {.finished = true}, three);
  CHECK_NOTHROW(load_attack(folder.path, prior(), three));
  CHECK_THROWS_WITH_AS(load_attack(folder.path, prior(), five), doctest::Contains("3-digit addition"),
                       InputError);
  std::filesystem::copy_file(folder.path / "phi1.json", folder.path / "attacker.json",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THROWS_WITH_AS(load_attack(folder.path, prior(), three),
                       doctest::Contains("attacker.json: is a file with the role \"failure model 1\""),
                       InputError);
}

// What load_attack says of a checkpoint with these bytes.
std::string loading(const TemporaryFolder& folder, const std::string& bytes) {
  write_file(folder.path / "checkpoint", bytes);
  try {
    load_attack(folder.path, prior(), {});
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("a checkpoint that is cut anywhere or has surplus bytes or a flipped bit is refused by name") {
  const TemporaryFolder folder;
  save_attack(folder.path, some_state(), {.metrics_bytes = 99, .ledger = {80, 0x1234}}, {});
  const std::string good = read_file(folder.path / "checkpoint");
  CHECK(loading(folder, good) == "accepted");
  const auto named = [&](const std::string& message) {
    return message.find("checkpoint: ") != message.npos && message.find('\n') == message.npos;
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK(named(loading(folder, good.substr(0, size))));
  }
  for (const std::string surplus : {"\n", "x", "{}"}) CHECK(named(loading(folder, good + surplus)));
  const std::size_t models = good.find('\n') + 1;
  for (std::size_t i = models; i < good.size(); ++i) {
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    CHECK(loading(folder, flipped).find("checkpoint: hash is not") != std::string::npos);
  }
}

TEST_CASE("a checkpoint whose first line does not fit its models is refused by name") {
  const TemporaryFolder folder;
  save_attack(folder.path, some_state(), {}, {});
  const std::string good = read_file(folder.path / "checkpoint");
  const std::size_t line = good.find('\n');
  const Json head = json_of(good.substr(0, line));
  const auto refused = [&](const char* pointer, const Json& value, const std::string& why) {
    Json changed = head;
    at_path(changed, pointer) = value;
    const std::string message = loading(folder, changed.dump() + good.substr(line));
    CAPTURE(pointer);
    CAPTURE(message);
    CHECK(message.find(why) != message.npos);
  };
  refused("/format", 1, "checkpoint: format is 1");
  refused("/hash", "0000000000000000", "checkpoint: hash is not");
  const auto theta = head.at("models").at("theta").integer();
  refused("/models/theta", theta + 1, "checkpoint: models.earlier is");
  refused("/models/earlier", 1e15, "checkpoint: models.earlier is");
  refused("/models/theta", -1, "checkpoint: models.theta is -1");
  refused("/progress/current/strings", 0, "checkpoint: progress.current.rewards");
  refused("/progress/current", {{"strings", 0}, {"rewards", 0}},
          "'current' and its tally do not belong together");
  Json without = head;
  without["models"].erase("theta");
  CHECK(loading(folder, without.dump() + good.substr(line)).find("checkpoint: ") != std::string::npos);
}

}  // namespace
}  // namespace banel
