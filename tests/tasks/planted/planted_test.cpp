#include "tasks/planted/planted.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "nn/io/file.h"
#include "tasks/addition/addition.h"
#include "tasks/model/gpt_generator.h"
#include "tensor/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/with_threads.h"

namespace banel::planted {
namespace {

namespace fs = std::filesystem;

constexpr const char* sets[] = {"tail", "bulk", "bulk2", "beside"};

std::unique_ptr<Task> made(Values changes = {}, std::uint64_t seed = 3) {
  Values values{
      {"digits", 3},         {"samples", 25'000},    {"attacker_width", 16},       {"attacker_layers", 1},
      {"attacker_heads", 2}, {"attacker_batch", 64}, {"attacker_examples", 16'000}};
  changes.merge(values);
  return entry().make(completed(entry().settings, changes, "planted"), seed);
}

// Each set has a folder of its own, in which its attacker and its mass are made once for all tests.
std::unique_ptr<Task> opened(const Values& changes) {
  static const TemporaryFolder folder;
  std::unique_ptr<Task> task = made(changes);
  std::string name;
  for (const auto& [key, value] : changes) name += key + value.shown();
  task->open(folder.path / name, Access::make, ProgressMode::quiet);
  return task;
}

std::vector<bool> rewarded(const Task& task, const std::vector<Attempt>& attempts) {
  std::vector<bool> result;
  for (const Verdict& v : task.judge()(attempts)) result.push_back(v.reward == Reward::success);
  return result;
}

TEST_CASE("the mass is measured again to the same bytes") {
  const TemporaryFolder folder;
  const auto task = made({{"set", "bulk"}});
  task->open(folder.path, Access::make, ProgressMode::quiet);
  const auto files = task->measured_again();
  REQUIRE(files.size() == 1);
  CHECK(files.begin()->second == read_file(folder.path / files.begin()->first));
}

TEST_CASE("the prior is the attacker of the addition task bit for bit") {
  const Values training{{"attacker_width", 16},
                        {"attacker_layers", 1},
                        {"attacker_heads", 2},
                        {"attacker_batch", 64},
                        {"attacker_examples", 1000}};
  Values networks{{"digits", 3},       {"target_width", 16},      {"target_layers", 1},
                  {"target_heads", 2}, {"target_examples", 1000}, {"final_questions", 100}};
  networks.insert(training.begin(), training.end());
  const TemporaryFolder one, other;
  const auto here = made(training);
  here->open(one.path, Access::make, ProgressMode::quiet);
  const TaskEntry addition = addition::entry();
  const auto there = addition.make(completed(addition.settings, networks, "addition"), 3);
  there->open(other.path, Access::make, ProgressMode::quiet);
  CHECK(here->prior().state() == there->prior().state());
  for (const Setting& s : entry().settings)
    for (const Setting& same : addition.settings)
      if (s.key == same.key && s.key.starts_with("attacker")) CHECK(s.value == same.value);
}

// The one report in the folder.
fs::path report_in(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("planted-")) return entry.path();
  FAIL("there is no report");
  return {};
}

TEST_CASE("the sets hold the questions that the header says" * doctest::test_suite("slow")) {
  const auto held = [](const char* set, const std::vector<Attempt>& attempts) {
    return rewarded(*opened({{"set", set}}), attempts);
  };
  using Bools = std::vector<bool>;
  const std::vector<Attempt> invalid{"50+37", "5000+37=", "x", "", "50+37=="};
  CHECK(held("bulk", {"50+37=", "500+37=", "50+7=", "5+37=", "50+36=", "40+37=", "50+47="}) ==
        Bools{true, true, false, false, false, false, false});
  CHECK(held("bulk2", {"50+37=", "57+30=", "500+37=", "50+3=", "60+37=", "50+47="}) ==
        Bools{true, true, false, false, false, false});
  CHECK(held("beside", {"57+7=", "507+17=", "57+8=", "50+7=", "67+7=", "7+7="}) ==
        Bools{true, true, false, false, false, false});
  for (const char* set : sets) CHECK(held(set, invalid) == Bools(invalid.size(), false));
}

TEST_CASE("each seven that the bulk asks for leaves a part of it" * doctest::test_suite("slow")) {
  const std::vector<Attempt> attempts{"41+31=", "51+31=", "51+37=", "57+37=", "577+37="};
  for (int sevens = 0; sevens <= 3; ++sevens) {
    const std::vector<bool> in_set = rewarded(*opened({{"set", "bulk"}, {"sevens", sevens}}), attempts);
    for (int i = 0; i < 5; ++i) CHECK(in_set[static_cast<std::size_t>(i)] == (i > sevens));
  }
  CHECK_THROWS_WITH_AS(made({{"set", "tail"}, {"sevens", 2}}), doctest::Contains("no effect"), UsageError);
  CHECK(opened({{"set", "bulk"}, {"sevens", 2}})->fingerprint() !=
        opened({{"set", "bulk"}, {"sevens", 3}})->fingerprint());
}

TEST_CASE("of no attacker but the prior as it is the success is known without samples") {
  const auto task = opened({{"set", "bulk"}});
  const std::unique_ptr<Generator> copy = task->prior().clone();
  const Screen screen = [](std::span<const Attempt> x) { return std::vector<bool>(x.size(), true); };
  const std::vector<Region> regions(1);
  CHECK(task->exact_success({task->prior()}));
  CHECK(!task->exact_success({*copy}));
  CHECK(!task->exact_success({task->prior(), regions}));
  CHECK(!task->exact_success({task->prior(), {}, &screen}));
}

TEST_CASE("the tail holds the valid strings that the prior gives a lower probability than the threshold") {
  const auto task = opened({{"set", "tail"}, {"mass", 0.01}});
  const Json report = [&] {
    const TemporaryFolder folder;
    made({{"set", "tail"}, {"mass", 0.01}})->open(folder.path, Access::make, ProgressMode::quiet);
    return read_json(report_in(folder.path));
  }();
  const double threshold = report.at("threshold").number();
  std::vector<Attempt> attempts = texts(task->prior().sample(3000, {8, "samples"}));
  const std::vector<bool> valid = task->screens()[0].may_succeed(attempts), tail = rewarded(*task, attempts);
  const std::vector<double> log_p = task->prior().log_prob(attempts);
  for (std::size_t i = 0; i < attempts.size(); ++i)
    if (std::abs(log_p[i] - threshold) > 1e-3) CHECK(tail[i] == (valid[i] && log_p[i] < threshold));
  CHECK(std::count(tail.begin(), tail.end(), true) > 5);
}

TEST_CASE("the threshold of the tail lies in the middle between two samples of the prior") {
  const TemporaryFolder folder;
  const auto task = made({{"set", "tail"}, {"mass", 0.01}, {"samples", 70'000}});  // two batches
  task->open(folder.path, Access::make, ProgressMode::quiet);
  const double threshold = read_json(report_in(folder.path)).at("threshold").number();
  double below = -1e9, above = 0;
  for (const Proposal& p : task->prior().sample(70'000, {3, "prior mass"})) {
    if (!task->screens()[0].may_succeed(std::vector<Attempt>{p.text})[0]) continue;
    (p.log_prob < threshold ? below : above) =
        p.log_prob < threshold ? std::max(below, p.log_prob) : std::min(above, p.log_prob);
  }
  CHECK(threshold == (below + above) / 2);
  CHECK(threshold < above);
}

TEST_CASE("the mass in the report is the share of the prior's samples that the judge rewards") {
  for (const char* set : sets) {
    CAPTURE(set);
    const TemporaryFolder folder;
    const auto task = made({{"set", set}, {"mass", 4e-4}});
    task->open(folder.path, Access::make, ProgressMode::quiet);
    const Json report = read_json(report_in(folder.path));
    const double p = report.at("mass").at("rate").number(), error = report.at("standard_error").number();
    CHECK(report.at("mass").at("n") == 25'000);
    CHECK(error == doctest::Approx(std::sqrt(p * (1 - p) / 25'000)));
    const Estimate known = task->exact_success({task->prior()}).value();
    CHECK(known.value == doctest::Approx(p));
    CHECK(known.standard_error == doctest::Approx(error));
    constexpr std::size_t n = 25'000;
    const auto hits = rewarded(*task, texts(task->prior().sample(n, {9, "fresh"})));
    const auto found = static_cast<double>(std::count(hits.begin(), hits.end(), true)) / n;
    CHECK(std::abs(found - p) < 4.5 * std::sqrt(2) * error);
    if (std::string(set) == "tail") CHECK(report.at("mass").at("k") == 10);
  }
}

TEST_CASE("a title tells the set and its mass") {
  CHECK(made({{"mass", 5e-6}, {"samples", 2'000'000}})->title() ==
        "planted set tail of prior mass 5.0e-06, attacker 3");
  CHECK(made({{"set", "bulk"}})->title() == "planted set bulk, attacker 3");
  CHECK(opened({{"set", "bulk"}})->title().starts_with("planted set bulk of prior mass "));
}

TEST_CASE("the verdict of a string depends on no other string of the call") {
  const auto task = opened({{"set", "tail"}, {"mass", 0.2}});
  const std::vector<Attempt> attempts = texts(task->prior().sample(300, {8, "samples"}));
  const std::vector<bool> together = rewarded(*task, attempts);
  CHECK(std::count(together.begin(), together.end(), true) > 20);
  for (std::size_t i = 0; i < attempts.size(); ++i) CHECK(rewarded(*task, {attempts[i]})[0] == together[i]);
}

TEST_CASE("the feature of the beside set is shared by about a hundred times more than succeed") {
  const auto task = opened({{"set", "beside"}});
  const std::vector<Attempt> samples = texts(task->prior().sample(50'000, {8, "samples"}));
  const std::vector<bool> success = rewarded(*task, samples);
  double feature = 0, hits = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool shares = task->also(samples[i], {}).at("feature");
    feature += shares;
    hits += success[i];
    if (success[i]) CHECK(shares);
  }
  CHECK(feature / hits > 50);
  CHECK(feature / hits < 200);
  CHECK(made({{"set", "bulk"}})->also("1+2=", {}).empty());
}

TEST_CASE("a folder of another set or attacker is refused and reading makes nothing") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(made()->open(folder.path, Access::read, ProgressMode::quiet),
                       doctest::Contains("is missing"), InputError);
  CHECK(folder.names().empty());
  const auto task = made();
  CHECK_THROWS_AS(task->prior(), UsageError);
  task->open(folder.path, Access::make, ProgressMode::quiet);
  const auto again = made();
  again->open(folder.path, Access::read, ProgressMode::quiet);
  CHECK(again->fingerprint() == task->fingerprint());
  for (const Values& changes : {Values{{"set", "bulk"}}, Values{{"mass", 1e-3}}, Values{{"samples", 30'000}}})
    CHECK_THROWS_WITH_AS(made(changes)->open(folder.path, Access::read, ProgressMode::quiet),
                         doctest::Contains("is missing"), InputError);
  CHECK_THROWS_AS(made({}, 4)->open(folder.path, Access::read, ProgressMode::quiet), InputError);
  const std::string report = read_file(report_in(folder.path));
  write_file(report_in(folder.path), report.substr(0, report.size() / 2));
  CHECK_THROWS_WITH_AS(made()->open(folder.path, Access::read, ProgressMode::quiet),
                       doctest::Contains("planted-tail"), InputError);
}

TEST_CASE("sets and masses have fingerprints of their own") {
  std::set<std::string> all;
  for (const char* set : sets) all.insert(opened({{"set", set}})->fingerprint());
  all.insert(opened({{"set", "tail"}, {"mass", 0.01}})->fingerprint());
  CHECK(all.size() == 5);
}

TEST_CASE("a mass of a set that has none to choose and too few samples for a tail are refused") {
  CHECK_THROWS_WITH_AS(made({{"set", "bulk"}, {"mass", 1e-3}}),
                       doctest::Contains("mass: has no effect on the set bulk"), UsageError);
  CHECK_THROWS_WITH_AS(made({{"mass", 1e-4}}), doctest::Contains("samples: 25000 samples hold fewer than 10"),
                       UsageError);
  CHECK_THROWS_AS(made({{"set", "head"}}), UsageError);
}

TEST_CASE("the threshold is the same for any number of threads") {
  check_same_for_all_threads([] {
    const TemporaryFolder folder;
    made({{"samples", 30'000}})->open(folder.path, Access::make, ProgressMode::quiet);
    return read_file(report_in(folder.path));
  });
}

}  // namespace
}  // namespace banel::planted
