#include "tasks/study/bench_profile.h"

#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

#include "nn/adamw.h"
#include "tasks/base/text.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

struct Spent {
  std::int64_t calls = 0;
  double seconds = 0, flops = 0, bytes = 0;
};

// Times between the tape's reports; what happens around an operation counts for it.
class Profile {
 public:
  void start() { last_ = watch_.seconds(); }
  void operator()(const char* op, Pass pass, const Tensor& out, std::span<const Tensor> inputs) {
    Spent& cost = costs_[{op, pass}];
    add(cost);
    if (pass == Pass::backward) return;
    auto numbers = static_cast<double>(out.size());
    for (const Tensor& input : inputs) numbers += static_cast<double>(input.size());
    cost.bytes += numbers * sizeof(real);
    if (std::string(op) == "linear") cost.flops += 2 * static_cast<double>(out.size() * inputs[0].dim(1));
  }
  void add(const std::string& name, double bytes) {
    Spent& cost = costs_[{name, Pass::forward}];
    add(cost);
    cost.bytes += bytes;
  }

  Json json(double gflops, double gb_per_s) {
    double total = 0;
    for (const auto& [key, cost] : costs_) total += cost.seconds;
    Json rows = Json::array();
    for (const auto& [key, cost] : costs_) {
      const auto& [op, pass] = key;
      const Spent& forward = costs_[{op, Pass::forward}];
      const double times = pass == Pass::backward ? 2 : 1;
      const double floor = times * std::max(1e-9 * forward.flops / gflops, 1e-9 * forward.bytes / gb_per_s);
      rows.push_back({{"op", op},
                      {"pass", pass == Pass::backward ? "backward" : "forward"},
                      {"calls", cost.calls},
                      {"seconds", cost.seconds},
                      {"share", cost.seconds / total},
                      {"floor_seconds", floor}});
    }
    std::ranges::sort(rows.items(), std::greater(), [](const Json& row) { return row.at("share").number(); });
    return rows;
  }

 private:
  void add(Spent& cost) {
    const double now = watch_.seconds();
    cost.seconds += now - last_;
    last_ = now;
    ++cost.calls;
  }

  ThreadStopwatch watch_;
  double last_ = 0;
  std::map<std::pair<std::string, Pass>, Spent> costs_;
};

// Training steps as Trainer makes them, by hand, so that every part can be timed.
Json profile(const BenchConfig& c, double seconds, double gflops, double gb_per_s) {
  GPT model(c.network, Rng(1, "bench weights"));
  AdamW optimizer(model.parameters, {});
  const Batch batch = bench_batch(c);
  Reals gradients(model.parameters.values.size());
  const auto parameter_bytes = static_cast<double>(gradients.size() * sizeof(real));
  std::vector<std::size_t> order;
  sort_strings(batch, order);
  Shard shard;
  Profile measured;
  Tape tape;
  tape.observe(std::ref(measured));
  const ThreadStopwatch watch;
  for (int step = 0; step < 2 || watch.seconds() < seconds; ++step) {
    if (step <= 1) measured = Profile();  // the first step warms up
    measured.start();
    std::fill(gradients.begin(), gradients.end(), real{0});
    measured.add("gradients to zero", parameter_bytes);
    for (std::span<const std::size_t> strings = order; !strings.empty();) {
      strings = strings.subspan(next_shard(batch, strings, shard));
      tape.reset();
      const Weights weights(tape, model.parameters, gradients.data());
      tape.backward(next_token_loss(model, weights, shard));
    }
    measured.start();
    optimizer.advance();
    optimizer.update(model.parameters, gradients.data(), 1, 1e-3, 0, gradients.size());
    measured.add("adamw", 8 * parameter_bytes);  // reads w m v gradient decay, writes w m v
  }
  return {{"config", c.name}, {"ops", measured.json(gflops, gb_per_s)}};
}

}  // namespace

Json bench_profile(const BenchSettings& s) {
  const int before = threads();
  const double gflops = gemm_rate(s.seconds, 1), gb_per_s = bandwidth(s.seconds, 1);
  Json result{{"sgemm_gflops", gflops}, {"memory_gb_per_s", gb_per_s}, {"profiles", Json::array()}};
  for (const BenchConfig& c : chosen(s))
    result["profiles"].push_back(profile(c, s.seconds, gflops, gb_per_s));
  set_threads(before);
  return result;
}

std::string profile_markdown(const Json& p) {
  std::ostringstream out;
  out << "One thread; sgemm " << fixed(p.at("sgemm_gflops").number(), 0) << " GFLOP/s, memory "
      << fixed(p.at("memory_gb_per_s").number(), 0)
      << " GB/s.\n\n| config | op | pass | calls | share of time | times its floor |\n| --- | --- | --- | "
         "--- | --- | --- |\n";
  for (const Json& one : p.at("profiles").items())
    for (const Json& row : one.at("ops").items()) {
      const double floor = row.at("floor_seconds").number();
      out << "| " << one.at("config").text() << " | " << row.at("op").text() << " | " << row.at("pass").text()
          << " | " << grouped(row.at("calls").integer()) << " | " << fixed(100 * row.at("share").number(), 1)
          << " % | " << (floor > 0 ? fixed(row.at("seconds").number() / floor, 1) : "-") << " |\n";
    }
  return out.str();
}

}  // namespace banel
