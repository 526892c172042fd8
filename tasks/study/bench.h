// How fast this build is on this machine, against what the machine can do: `banel bench`.
#pragma once
#include <string>
#include <vector>

#include "nn/gpt.h"
#include "nn/io/json.h"
#include "nn/train.h"
#include "tasks/base/progress.h"

namespace banel {

struct BenchConfig {
  std::string name;
  GPTConfig network;
  int strings = 0;  // of a batch, each of network.context tokens
};

// S: a small target (d 48, 3 layers, 4 heads, 256 strings of 18 tokens), M: a larger one (d 128, 4 layers, 4
// heads, 128 strings of 36), F: a failure model (d 64, 2 layers, 4 heads, 64 strings of 12).
const std::vector<BenchConfig>& bench_configs();

struct BenchSettings {
  std::vector<std::string> configs;  // names of bench_configs()
  std::vector<std::string> works;    // train, loglik, sample
  std::vector<int> threads;          // each >= 1
  double seconds = 0.5;              // per measurement, in `repetitions` parts
  int repetitions = 5;
};

// The model's operations for one token are 2 for each weight outside embeddings, layer norms and biases in a
// forward pass (GPT::flops_per_token), 6 in a training step. What attention adds is not counted. Samples are
// of an untrained network, which writes nearly uniform strings: what few of these share is counted for each.

std::vector<BenchConfig> chosen(const BenchSettings&);  // those of bench_configs() that it names

// The middle of some repetitions and how far they spread; each is the mean of many calls.
struct Spread {
  double median = 0, low = 0, high = 0;
};
Spread spread(std::vector<double> values);  // precondition: at least one

// GFLOP/s of a large square product, and GB/s of a = b + c over arrays larger than the caches, on each of so
// many cores at once, measured for about so many seconds. Both set the number of threads.
double gemm_rate(double seconds, int cores);
double bandwidth(double seconds, int cores);

// A batch of random texts of full length.
Batch bench_batch(const BenchConfig&);

// Everything the command prints, as JSON: machine, peaks, one row for each configuration, work and thread
// count. Repetitions of all rows take turns, so that what disturbs the machine for a while disturbs all of
// them.
Json bench(const BenchSettings&, ProgressMode);

std::string bench_markdown(const Json&);

}  // namespace banel
