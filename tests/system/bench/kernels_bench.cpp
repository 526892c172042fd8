// Kernels and matrix products in the shapes of `banel bench`, one thread, by Google Benchmark:
//   cmake --build build/native --target kernels_bench && build/native/tests/kernels_bench
//   --benchmark_format=json
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

#include "tensor/blas.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"

namespace banel {
namespace {

using Numbers = std::vector<real>;
Numbers numbers(Index n) { return Numbers(static_cast<std::size_t>(n), real(0.5)); }

void flops(benchmark::State& state, double per_call) {
  state.counters["flops"] = benchmark::Counter(per_call, benchmark::Counter::kIsIterationInvariantRate);
}
void bytes(benchmark::State& state, Index numbers_per_call) {
  state.SetBytesProcessed(state.iterations() * numbers_per_call * static_cast<Index>(sizeof(real)));
}

template <Transpose ta, Transpose tb>
void product(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), k = state.range(2);
  const Numbers a = numbers(m * k), b = numbers(k * n);
  Numbers c = numbers(m * n);
  for (auto _ : state) gemm(ta, tb, m, n, k, a.data(), b.data(), 0, c.data());
  flops(state, 2.0 * static_cast<double>(m * n * k));
}
// The layers of a network: outputs and inputs of qkv, attention_out, into and out of the MLP; the rows of a
// shard.
template <class Args>
void each_layer(Args args) {
  for (const Index d : {48, 64, 128})
    for (const auto& [outputs, inputs] : {std::pair{3 * d, d}, {d, d}, {4 * d, d}, {d, 4 * d}})
      args(Index{128}, outputs, inputs);
}
using Benchmark = benchmark::internal::Benchmark;
void forward(Benchmark* b) {
  each_layer([=](Index rows, Index outputs, Index inputs) { b->Args({rows, outputs, inputs}); });
}
void input_gradient(Benchmark* b) {
  each_layer([=](Index rows, Index outputs, Index inputs) { b->Args({rows, inputs, outputs}); });
}
void weight_gradient(Benchmark* b) {
  each_layer([=](Index rows, Index outputs, Index inputs) { b->Args({inputs, outputs, rows}); });
}
BENCHMARK(product<Transpose::no, Transpose::no>)->Name("gemm x W")->Apply(forward);
BENCHMARK(product<Transpose::no, Transpose::yes>)->Name("gemm dy W^T")->Apply(input_gradient);
BENCHMARK(product<Transpose::yes, Transpose::no>)->Name("gemm x^T dy")->Apply(weight_gradient);

void gelu(benchmark::State& state) {
  const Index n = state.range(0);
  const Numbers x = numbers(n);
  Numbers y = x, slope = x;
  for (auto _ : state) kernels::gelu(x.data(), n, y.data(), slope.data());
  bytes(state, 3 * n);
}
BENCHMARK(gelu)->Arg(128 * 192)->Arg(128 * 512);

void layer_norm(benchmark::State& state) {
  const Index N = 128, D = state.range(0);
  const Numbers x = numbers(N * D), gain = numbers(D);
  Numbers y = x, mean = numbers(N), rstd = mean;
  for (auto _ : state)
    kernels::layer_norm(x.data(), gain.data(), gain.data(), N, D, y.data(), mean.data(), rstd.data());
  bytes(state, 2 * N * D);
}
BENCHMARK(layer_norm)->Arg(48)->Arg(64)->Arg(128);

void layer_norm_backward(benchmark::State& state) {
  const Index N = 128, D = state.range(0);
  const Numbers x = numbers(N * D), dy = x, gain = numbers(D), mean = numbers(N), rstd = mean;
  Numbers dx = x, dgain = gain, dbias = gain;
  for (auto _ : state)
    kernels::layer_norm_backward(x.data(), gain.data(), mean.data(), rstd.data(), dy.data(), N, D, dx.data(),
                                 dgain.data(), dbias.data());
  bytes(state, 4 * N * D);
}
BENCHMARK(layer_norm_backward)->Arg(48)->Arg(64)->Arg(128);

// kernel(x, n, p) on each of N rows of n numbers: the vocabulary, or the keys of a query.
template <class Kernel>
void each_row(benchmark::State& state, Kernel kernel) {
  const Index N = 128, n = state.range(0), ld = simd::round_up(n);
  const Numbers x = numbers(N * ld);
  Numbers p = x;
  for (auto _ : state)
    for (Index r = 0; r < N; ++r) kernel(x.data() + r * ld, n, p.data() + r * ld);
  state.SetItemsProcessed(state.iterations() * N);
}
void softmax(benchmark::State& state) {
  each_row(state,
           [](const real* x, Index n, real* p) { benchmark::DoNotOptimize(kernels::softmax(x, n, p)); });
}
BENCHMARK(softmax)->Arg(12)->Arg(18)->Arg(36);
void softmax_backward(benchmark::State& state) {
  each_row(state, [](const real* p, Index n, real* dp) { kernels::softmax_backward(p, n, 1e-3f, dp); });
}
BENCHMARK(softmax_backward)->Arg(12)->Arg(18)->Arg(36);

// One head of a string of T tokens: forward, then forward and backward.
void attention(benchmark::State& state) {
  const Index T = state.range(0), C = state.range(1), stride = 3 * C;
  const bool backward = state.range(2) != 0;
  const Numbers qkv = numbers(T * stride), dout = numbers(T * C);
  Numbers out = dout, p = numbers(T * simd::round_up(T)), dqkv = qkv;
  for (auto _ : state) {
    const real* x = qkv.data();
    kernels::attention(x, x + C, x + 2 * C, 0, T, C, stride, C, out.data(), p.data());
    real* dx = dqkv.data();
    if (backward)
      kernels::attention_backward(x, x + C, x + 2 * C, p.data(), dout.data(), 0, T, C, stride, C, dx, dx + C,
                                  dx + 2 * C);
  }
  flops(state, static_cast<double>(2 * T * (T + 1) * C * (backward ? 3 : 1)));  // causal: half of all pairs
}
BENCHMARK(attention)
    ->Args({18, 12, 0})
    ->Args({18, 12, 1})
    ->Args({36, 32, 0})
    ->Args({36, 32, 1})
    ->Args({12, 16, 0})
    ->Args({12, 16, 1});

}  // namespace
}  // namespace banel

BENCHMARK_MAIN();
