#include "tasks/study/bench.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tasks/study/bench_profile.h"
#include "tensor/ops.h"
#include "tensor/parallel.h"

namespace banel {
namespace {

BenchSettings smallest() {
  return {
      .configs = {"F"}, .works = {"train", "sample"}, .threads = {1, 64}, .seconds = 0.001, .repetitions = 2};
}

TEST_CASE("a spread is the middle and the ends of the repetitions") {
  const Spread odd = spread({5, 1, 3}), even = spread({4, 1, 2, 8});
  CHECK(odd.median == 3);
  CHECK(odd.low == 1);
  CHECK(odd.high == 5);
  CHECK(even.median == 3);
}

TEST_CASE("a batch of the benchmark has as many tokens as its configuration says") {
  for (const BenchConfig& c : bench_configs()) {
    const Batch batch = bench_batch(c);
    CHECK(batch.strings() == static_cast<std::size_t>(c.strings));
    CHECK(batch.tokens.size() == batch.strings() * static_cast<std::size_t>(c.network.context));
    CHECK(GPT(c.network, Rng(1, "bench")).config() == c.network);
  }
}

TEST_CASE("the benchmark measures what was asked for with rates that agree with each other") {
  const int before = threads();
  const auto found = bench(smallest(), ProgressMode::quiet);
  CHECK(threads() == before);
  REQUIRE(found.at("rows").size() == 4);
  for (const auto& row : found.at("rows").items()) {
    CHECK(row.at("config") == "F");
    CHECK(row.at("tokens_per_s").number() == doctest::Approx(12 * row.at("strings_per_s").number()));
    const double flops = GPT(bench_configs()[2].network, Rng(1, "bench")).flops_per_token() *
                         (row.at("work") == "train" ? 3 : 1);
    CHECK(row.at("gflops").number() == doctest::Approx(1e-9 * flops * row.at("tokens_per_s").number()));
    const double peak =
                     found.at("sgemm_gflops").at(row.at("threads") == 1 ? "one_core" : "all_cores").number(),
                 cores = found.at("machine").at("cores").number(),
                 in_use = row.at("threads") == 1 ? 1 : std::min(64.0, cores) / cores;
    CHECK(row.at("share_of_peak").number() == doctest::Approx(row.at("gflops").number() / (peak * in_use)));
    CHECK(row.at("low").number() <= 1);
    CHECK(row.at("high").number() >= 1);
  }
  CHECK(found.dump().find("null") == std::string::npos);  // how JSON shows NaN
  const std::string text = bench_markdown(found);
  CHECK(text.find("| F | train | 1 |") != std::string::npos);
  CHECK(text.find("| F | sample | 64 |") != std::string::npos);
  CHECK(text.find("nan") == std::string::npos);
}

TEST_CASE("the table of a benchmark compares with one thread for each core in use") {
  const auto row = [](const char* work, int threads, double tokens, double share, double low) {
    return Json{{"config", "F"},          {"work", work},  {"threads", threads},
                {"tokens_per_s", tokens}, {"gflops", 2.5}, {"strings_per_s", tokens / 20},
                {"share_of_peak", share}, {"low", low},    {"high", 1.25}};
  };
  const std::vector<Json> rows{row("train", 1, 1000, 0.4, 0.9), row("train", 4, 3000, 0.6, 0.8),
                               row("sample", 4, 3000, 0.6, 0.8)};
  const std::string text =
      bench_markdown({{"machine", Json{{"cores", 2}}},
                      {"sgemm_gflops", Json{{"one_core", 50.0}, {"all_cores", 90.0}}},
                      {"memory_gb_per_s", Json{{"one_core", 8.0}, {"all_cores", 9.0}}},
                      {"rows", rows},
                      {"oracle", Json{{"evaluations_per_s", 12345.0}, {"with_ledger_per_s", 678.0}}},
                      {"peak_memory_mb", 99.0}});
  CAPTURE(text);
  CHECK(text.find("50 on one core, 90 on all GFLOP/s. Memory: 8 on one core, 9 on all GB/s") != text.npos);
  CHECK(text.find("| F | train | 1 | 1,000 | 50 | 2.5 | 40 % | 1.00 | 0.90-1.25 |\n"
                  "| F | train | 4 | 3,000 | 150 | 2.5 | 60 % | 1.50 | 0.80-1.25 |\n"
                  "| F | sample | 4 | 3,000 | 150 | 2.5 | 60 % | - | 0.80-1.25 |\n") != text.npos);
  CHECK(text.find("12,345 evaluations/s, 678 with a ledger on disk. Peak memory: 99 MB") != text.npos);
}

TEST_CASE("a tape tells its observer of every operation and of its backward pass") {
  Tape tape;
  std::string heard;
  tape.observe([&](const char* op, Pass pass, const Tensor& out, std::span<const Tensor> inputs) {
    heard += std::string(op) + (pass == Pass::forward ? " of " + std::to_string(inputs.size()) : " back") +
             " to " + std::to_string(out.size()) + "; ";
  });
  std::vector<real> x{1, 2}, dx(2);
  const Tensor a = tape.leaf({2}, x.data(), dx.data());
  tape.backward(sum(mul(a, a)));
  CHECK(heard == "mul of 2 to 2; sum of 1 to 1; sum back to 1; mul back to 2; ");
}

TEST_CASE("a profile names every operation of a training step and its times add up") {
  BenchSettings s = smallest();
  const auto found = bench_profile(s);
  const auto& ops = found.at("profiles")[0].at("ops");
  double share = 0;
  std::string names;
  for (const auto& row : ops.items()) {
    share += row.at("share").number();
    names += row.at("op").text() + ' ' + row.at("pass").text() + '\n';
    CHECK(row.at("floor_seconds").number() > 0);
  }
  CHECK(share == doctest::Approx(1));
  for (const char* name : {"linear forward", "linear backward", "attention backward", "gelu forward",
                           "layer_norm backward", "cross_entropy forward", "adamw"})
    CHECK(names.find(name) != std::string::npos);
  CHECK(profile_markdown(found).find("| F | linear | backward |") != std::string::npos);
}

TEST_CASE("the table of a profile divides the time of an operation by its floor") {
  const Json op{{"op", "gelu"},   {"pass", "forward"}, {"calls", 1200},
                {"seconds", 3.0}, {"share", 0.25},     {"floor_seconds", 1.5}};
  const Json one{{"config", "F"}, {"ops", std::vector<Json>{op}}};
  const Json found{{"sgemm_gflops", 100.0}, {"memory_gb_per_s", 10.0}, {"profiles", std::vector<Json>{one}}};
  CHECK(profile_markdown(found).find("| F | gelu | forward | 1,200 | 25.0 % | 2.0 |") != std::string::npos);
}

}  // namespace
}  // namespace banel
