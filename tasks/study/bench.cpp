#include "tasks/study/bench.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "banel/oracle.h"
#include "nn/likelihood.h"
#include "nn/sample.h"
#include "tasks/base/system.h"
#include "tasks/base/text.h"
#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

constexpr int vocabulary = 13;

// Calls per second of body, called for about so many seconds and at least once.
template <class Body>
double calls_per_second(double seconds, const Body& body) {
  const Stopwatch watch;
  int calls = 0;
  do {
    body();
    ++calls;
  } while (watch.seconds() < seconds);
  return calls / watch.seconds();
}

struct Matrices {
  static constexpr Index size = 1024;
  Reals a = Reals(size * size, 1), b = a, c = a;
  void multiply() { gemm(Transpose::no, Transpose::no, size, size, size, a.data(), b.data(), 0, c.data()); }
};

std::vector<Sequence> bench_texts(const BenchConfig& c) {
  Rng random(1, "bench texts");
  std::vector<Sequence> texts(static_cast<std::size_t>(c.strings));
  for (Sequence& text : texts)
    for (int t = 0; t <= c.network.context; ++t) text.push_back(static_cast<int>(random.below(vocabulary)));
  return texts;
}

// One configuration with its network and texts, ready for a work.
struct Subject {
  const BenchConfig config;
  GPT model{config.network, Rng(1, "bench weights")};
  Trainer trainer{model, {}};
  Batch batch = bench_batch(config);
  std::vector<Sequence> texts = bench_texts(config);

  void call(const std::string& work) {
    if (work == "train") trainer.step(batch, 1e-3);
    if (work == "loglik") log_likelihood(model, texts);
    if (work == "sample") sample(model, texts.size(), {.prompt = {0}}, Stream{1, "bench samples"});
  }
};

struct BenchRow {
  std::shared_ptr<Subject> subject;
  std::string work;
  int threads;
  std::vector<double> calls;  // per second, of each repetition

  Json json(double peak_of_one, double peak_of_all, int cores) const {
    const BenchConfig& c = subject->config;
    const Spread rate = spread(calls);
    const double tokens = rate.median * c.strings * c.network.context,
                 gflops = 1e-9 * tokens * subject->model.flops_per_token() * (work == "train" ? 3 : 1);
    const double peak = threads == 1 ? peak_of_one : peak_of_all * std::min(threads, cores) / cores;
    return {{"config", c.name},
            {"work", work},
            {"threads", threads},
            {"tokens_per_s", tokens},
            {"strings_per_s", rate.median * c.strings},
            {"gflops", gflops},
            {"share_of_peak", gflops / peak},
            {"low", rate.low / rate.median},
            {"high", rate.high / rate.median}};
  }
};

double peak_memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (double kb; word == "VmHWM:" && status >> kb) return kb / 1024;
  return 0;  // not Linux
}

struct TemporaryFile {  // removed on every way out, Ctrl-C included
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("banel-bench-" + std::to_string(::getpid()) + ".jsonl");
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

// Evaluations per second of a judge that reads each attempt with an untrained network of configuration S,
// through an oracle. The ledger makes every batch of 250 durable.
Json oracle_rates(const BenchSettings& s) {
  const BenchConfig& config = bench_configs().front();
  const GPT model(config.network, Rng(1, "bench judge"));
  const Judge judge = [&](std::span<const Attempt> attempts) {
    std::vector<Sequence> read;
    for (const Attempt& x : attempts) read.emplace_back(x.begin(), x.end());
    log_likelihood(model, read);
    return std::vector<Verdict>(attempts.size());
  };
  constexpr std::int64_t batch = 250;
  std::vector<Attempt> attempts;
  Rng random(1, "bench attempts");
  for (std::int64_t i = 0; i < batch; ++i) {
    Attempt& text = attempts.emplace_back();
    for (int t = 0; t <= config.network.context; ++t) text += static_cast<char>(random.below(vocabulary));
  }
  const auto rate = [&](const std::optional<std::filesystem::path>& file) {
    Oracle oracle(judge, std::int64_t{1} << 40, file);
    return batch * calls_per_second(s.seconds, [&] { oracle.evaluate(attempts); });
  };
  const TemporaryFile ledger;
  const double in_memory = rate({}), durable = rate(ledger.path);
  return {{"evaluations_per_s", in_memory}, {"with_ledger_per_s", durable}};
}

}  // namespace

double gemm_rate(double seconds, int cores) {
  set_threads(cores);
  std::vector<Matrices> matrices(static_cast<std::size_t>(cores));
  const auto all = [&] { parallel_for(matrices.size(), [&](std::size_t i) { matrices[i].multiply(); }); };
  all();
  return calls_per_second(seconds, all) * cores * 2e-9 * Matrices::size * Matrices::size * Matrices::size;
}

double bandwidth(double seconds, int cores) {
  set_threads(cores);
  constexpr std::size_t count = 16 << 20;
  std::vector<Reals> a(static_cast<std::size_t>(cores), Reals(count)), b = a, c = a;
  const auto all = [&] {
    parallel_for(a.size(), [&](std::size_t k) {
      for (std::size_t i = 0; i < count; ++i) a[k][i] = b[k][i] + c[k][i];
    });
  };
  all();
  return calls_per_second(seconds, all) * cores * 3e-9 * count * sizeof(real);
}

const std::vector<BenchConfig>& bench_configs() {
  const auto network = [](int context, int d_model, int layers) {
    return GPTConfig{
        .vocabulary = vocabulary, .context = context, .d_model = d_model, .layers = layers, .heads = 4};
  };
  static const std::vector<BenchConfig> all{
      {"S", network(18, 48, 3), 256}, {"M", network(36, 128, 4), 128}, {"F", network(12, 64, 2), 64}};
  return all;
}

std::vector<BenchConfig> chosen(const BenchSettings& s) {
  std::vector<BenchConfig> configs = bench_configs();
  std::erase_if(
      configs, [&](const BenchConfig& c) { return std::ranges::find(s.configs, c.name) == s.configs.end(); });
  return configs;
}

Batch bench_batch(const BenchConfig& c) {
  Batch batch;
  for (Sequence& text : bench_texts(c)) batch.add({.tokens = std::move(text)});
  batch.normalise();
  return batch;
}

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return {(values[(n - 1) / 2] + values[n / 2]) / 2, values.front(), values.back()};
}

Json bench(const BenchSettings& s, ProgressMode mode) {
  const Json machine = system_info();
  const int cores = static_cast<int>(machine.at("cores").integer()), threads_before = threads();
  const double part = s.seconds / s.repetitions;
  std::vector<BenchRow> rows;
  for (const BenchConfig& c : chosen(s))
    for (const std::string& work : s.works) {
      const std::shared_ptr<Subject> subject(
          new Subject{c});  // of its own: one that trains is no more random
      for (const int n : s.threads) rows.push_back({subject, work, n, {}});
    }
  Progress progress("bench", s.repetitions * std::ssize(rows), mode);
  double one = 0, all = 0;  // what the machine can do when nothing disturbs it: the best repetition
  for (int repetition = 0; repetition < s.repetitions; ++repetition) {
    one = std::max(one, gemm_rate(part, 1));
    all = std::max(all, gemm_rate(part, cores));
    for (BenchRow& row : rows) {
      set_threads(row.threads);
      row.subject->call(row.work);  // the caches are this row's again
      row.calls.push_back(calls_per_second(part, [&] { row.subject->call(row.work); }));
      progress.advance();
    }
  }
  progress.finish();
  Json result{{"machine", machine},
              {"sgemm_gflops", {{"one_core", one}, {"all_cores", all}}},
              {"memory_gb_per_s", {{"one_core", bandwidth(part, 1)}, {"all_cores", bandwidth(part, cores)}}},
              {"rows", Json::array()}};
  for (const BenchRow& row : rows) result["rows"].push_back(row.json(one, all, cores));
  set_threads(threads_before);
  result["oracle"] = oracle_rates(s);
  result["peak_memory_mb"] = peak_memory_mb();
  return result;
}

std::string bench_markdown(const Json& b) {
  std::ostringstream out;
  const auto pair = [&](const char* name) {
    return fixed(b.at(name).at("one_core").number(), 0) + " on one core, " +
           fixed(b.at(name).at("all_cores").number(), 0) + " on all";
  };
  out << "sgemm of 1024 x 1024: " << pair("sgemm_gflops") << " GFLOP/s. Memory: " << pair("memory_gb_per_s")
      << " GB/s.\n\n| config | work | threads | tokens/s | strings/s | GFLOP/s | of peak | scaling | spread "
         "|\n"
      << "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  std::map<std::string, double> alone;  // tokens/s of one thread
  const std::int64_t cores = b.at("machine").at("cores").integer();
  for (const Json& row : b.at("rows").items()) {
    const std::string name = row.at("config").text() + ' ' + row.at("work").text();
    const std::int64_t n = row.at("threads").integer();
    const double tokens = row.at("tokens_per_s").number();
    if (n == 1) alone[name] = tokens;
    out << "| " << row.at("config").text() << " | " << row.at("work").text() << " | " << n << " | "
        << grouped(static_cast<std::int64_t>(tokens)) << " | "
        << grouped(static_cast<std::int64_t>(row.at("strings_per_s").number())) << " | "
        << fixed(row.at("gflops").number(), 1) << " | " << fixed(100 * row.at("share_of_peak").number(), 0)
        << " % | "
        << (alone.contains(name) ? fixed(tokens / alone[name] / static_cast<double>(std::min(n, cores)), 2)
                                 : "-")
        << " | " << fixed(row.at("low").number(), 2) << "-" << fixed(row.at("high").number(), 2) << " |\n";
  }
  const auto count = [&](const char* name) {
    return grouped(static_cast<std::int64_t>(b.at("oracle").at(name).number()));
  };
  out << "\nscaling: tokens/s over those of one thread, per core in use. spread: slowest and fastest "
         "repetition over the "
         "median.\nOracle: "
      << count("evaluations_per_s") << " evaluations/s, " << count("with_ledger_per_s")
      << " with a ledger on disk. Peak memory: " << fixed(b.at("peak_memory_mb").number(), 0) << " MB.\n";
  return out.str();
}

}  // namespace banel
