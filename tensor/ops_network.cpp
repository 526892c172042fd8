#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/kernels.h"
#include "tensor/ops.h"
#include "tensor/simd.h"

namespace banel {

namespace {

Tensor gather(const char* op, const Tensor& table, std::span<const int> ids) {  // (V,D) -> (N,D)
  ENSURE(table.shape().rank == 2, op,
         "the table has shape " << table.shape() << "; it must be (rows, width)");
  const Index D = table.dim(1);
  Tensor out = table.tape().uninitialised({static_cast<Index>(ids.size()), D});
  for (std::size_t n = 0; n < ids.size(); ++n) {
    ENSURE(ids[n] >= 0 && ids[n] < table.dim(0), op,
           "row " << ids[n] << " is outside 0.." << table.dim(0) - 1);
    std::copy_n(table.data() + ids[n] * D, D, out.data() + static_cast<Index>(n) * D);
  }
  return table.tape().record(op, out, {table}, [table, ids, D](const Tensor& y) {
    for (std::size_t n = 0; n < ids.size(); ++n)
      kernels::accumulate(y.grad() + static_cast<Index>(n) * D, 1, D, 1, table.grad() + ids[n] * D);
  });
}

}  // namespace

Tensor embedding(const Tensor& table, std::span<const int> ids) { return gather("embedding", table, ids); }

Tensor select(const Tensor& x, std::span<const int> rows) { return gather("select", x, rows); }

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias) {
  ENSURE(x.shape().rank == 2 && gain.shape() == Shape({x.dim(1)}) && bias.shape() == gain.shape(),
         "layer_norm",
         "x " << x.shape() << ", gain " << gain.shape() << ", bias " << bias.shape()
              << "; expected (N,D), (D), (D)");
  const Index N = x.dim(0), D = x.dim(1);
  Tensor out = x.tape().uninitialised(x.shape());
  real *mean = x.tape().scratch(N), *rstd = x.tape().scratch(N);
  kernels::layer_norm(x.data(), gain.data(), bias.data(), N, D, out.data(), mean, rstd);
  return x.tape().record("layer_norm", out, {x, gain, bias},
                         [x, gain, bias, mean, rstd, N, D](const Tensor& y) {
                           kernels::layer_norm_backward(x.data(), gain.data(), mean, rstd, y.grad(), N, D,
                                                        x.grad(), gain.grad(), bias.grad());
                         });
}

namespace {

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor* residual) {
  ENSURE(x.shape().rank == 2 && weight.shape().rank == 2 && x.dim(1) == weight.dim(0) &&
             bias.shape() == Shape({weight.dim(1)}),
         "linear",
         "x " << x.shape() << ", weight " << weight.shape() << ", bias " << bias.shape()
              << "; expected (N,K), (K,M), (M)");
  const Index N = x.dim(0), K = x.dim(1), M = weight.dim(1);
  ENSURE(!residual || residual->shape() == Shape({N, M}), "linear",
         "the residual has shape " << residual->shape());
  Tensor out = x.tape().uninitialised({N, M});
  const Tensor add = residual ? *residual : bias;
  const bool has_residual = residual != nullptr;
  kernels::start_rows(bias.data(), has_residual ? add.data() : nullptr, N, M, out.data());
  gemm(Transpose::no, Transpose::no, N, M, K, x.data(), weight.data(), 1, out.data());
  return x.tape().record(
      "linear", out, {x, weight, bias, add}, [x, weight, bias, add, has_residual, N, K, M](const Tensor& y) {
        if (bias.needs_grad()) kernels::sum_rows(y.grad(), N, M, bias.grad());
        if (has_residual && add.needs_grad()) {
          const auto [dx, beta] = add.grad_sum();
          kernels::accumulate(y.grad(), 1, N * M, beta, dx);
        }
        if (weight.needs_grad())
          gemm(Transpose::yes, Transpose::no, K, M, N, x.data(), y.grad(), 1, weight.grad());  // x^T dy
        if (x.needs_grad()) {
          const auto [dx, beta] = x.grad_sum();
          gemm(Transpose::no, Transpose::yes, N, K, M, y.grad(), weight.data(), beta, dx);  // dy W^T
        }
      });
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return linear(x, weight, bias, nullptr);
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  return linear(x, weight, bias, &residual);
}

namespace {

// Strings some of whose rows are those of the string before.
struct Strings {
  std::span<const int> offsets, shared;
  std::size_t count() const { return offsets.size() - 1; }
  Index first(std::size_t b) const { return offsets[b]; }  // row of its own
  Index own(std::size_t b) const { return offsets[b + 1] - offsets[b]; }
  Index from(std::size_t b) const { return shared.empty() ? 0 : shared[b]; }
  Index length(std::size_t b) const { return from(b) + own(b); }
  // visit(t, its row) for every position of string b, from the last to the first.
  template <class Visit>
  void each_row(std::size_t b, Visit visit) const {
    for (Index t = length(b); t > 0; --b)
      for (; t > from(b); --t) visit(t - 1, first(b) + t - 1 - from(b));
  }
};

void check(const Strings& strings, Index rows) {
  const auto& [offsets, shared] = strings;
  ENSURE(!offsets.empty() && offsets.front() == 0 && offsets.back() == rows, "attention",
         "offsets must run from 0 to the number of rows, " << rows);
  ENSURE(shared.empty() || shared.size() == strings.count(), "attention",
         shared.size() << " numbers of shared rows for " << strings.count() << " strings");
  Index before = 0;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    ENSURE(strings.own(b) >= 0 && strings.length(b) <= kernels::max_context, "attention",
           "a string of " << strings.length(b) << " rows; at most " << kernels::max_context);
    ENSURE(strings.from(b) >= 0 && strings.from(b) <= before, "attention",
           "a string shares " << strings.from(b) << " rows of one of " << before);
    before = strings.length(b);
  }
}

}  // namespace

Tensor attention(const Tensor& qkv, int heads, std::span<const int> offsets, std::span<const int> shared) {
  ENSURE(heads >= 1 && qkv.shape().rank == 2 && qkv.dim(1) % (3 * heads) == 0, "attention",
         "qkv " << qkv.shape() << " with " << heads << " heads; expected (N, 3D) with D divisible by heads");
  const Index D = qkv.dim(1) / 3, C = D / heads, stride = 3 * D;
  ENSURE(C <= kernels::max_head, "attention", "heads of width " << C << "; at most " << kernels::max_head);
  const Strings strings{offsets, shared};
  check(strings, qkv.dim(0));
  Index p_size = 0, longest = 0;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    const Index T = strings.length(b);
    p_size += heads * strings.own(b) * simd::round_up(T);
    longest = std::max(longest, T);
  }
  Tensor out = qkv.tape().uninitialised({qkv.dim(0), D});
  real *const probabilities = qkv.tape().scratch(p_size), *const text = qkv.tape().scratch(longest * stride);
  // The rows of string b one after the other: in place, or copied to `text` if some are of other strings.
  const auto rows_of = [=](std::size_t b) -> const real* {
    if (strings.from(b) == 0) return qkv.data() + strings.first(b) * stride;
    strings.each_row(
        b, [=](Index t, Index row) { std::copy_n(qkv.data() + row * stride, stride, text + t * stride); });
    return text;
  };
  // Calls visit(head's first column, first number of p) for every head of string b, p then being behind them.
  const auto each_head = [=](std::size_t b, Index& p, auto visit) {
    const Index size = strings.own(b) * simd::round_up(strings.length(b));
    for (Index c = 0; c < D; c += C, p += size) visit(c, p);
  };
  Index p_end = 0;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    if (strings.own(b) == 0) continue;
    const real* rows = rows_of(b);
    each_head(b, p_end, [&](Index c, Index p) {
      const real* x = rows + c;
      kernels::attention(x, x + D, x + 2 * D, strings.from(b), strings.length(b), C, stride, D,
                         out.data() + strings.first(b) * D + c, probabilities + p);
    });
  }
  return qkv.tape().record("attention", out, {qkv}, [=](const Tensor& y) {
    const bool tree = !strings.shared.empty();  // then the gradients of a string go through dtext to its rows
    const auto [dqkv, beta] = tree ? Tensor::Sum{qkv.grad(), 1} : qkv.grad_sum();
    real* const dtext = qkv.tape().scratch(longest * stride);
    Index p_last = 0;
    for (std::size_t b = 0; b < strings.count(); ++b) {
      if (strings.own(b) == 0) continue;
      const real* rows = rows_of(b);
      real* const drows = tree ? dtext : dqkv + strings.first(b) * stride;
      if (tree) std::fill_n(dtext, strings.length(b) * stride, real{0});
      each_head(b, p_last, [&, beta = beta](Index c, Index p) {
        const real* x = rows + c;
        real* dx = drows + c;
        kernels::attention_backward(x, x + D, x + 2 * D, probabilities + p,
                                    y.grad() + strings.first(b) * D + c, strings.from(b), strings.length(b),
                                    C, stride, D, beta, dx, dx + D, dx + 2 * D);
      });
      if (tree)
        strings.each_row(b, [=, dqkv = dqkv](Index t, Index row) {
          kernels::accumulate(dtext + t * stride, 1, stride, 1, dqkv + row * stride);
        });
    }
  });
}

Tensor cross_entropy(const Tensor& logits, std::span<const int> targets, std::span<const real> weights) {
  ENSURE(
      logits.shape().rank == 2 && logits.dim(0) == static_cast<Index>(targets.size()) &&
          targets.size() == weights.size(),
      "cross_entropy",
      "logits " << logits.shape() << ", " << targets.size() << " targets, " << weights.size() << " weights");
  const Index N = logits.dim(0), V = logits.dim(1), ld = simd::round_up(V);
  real* const probabilities = logits.tape().scratch(N * ld);
  Tensor out = logits.tape().uninitialised({});
  double loss = 0;
  for (Index n = 0; n < N; ++n) {
    const auto i = static_cast<std::size_t>(n);
    ENSURE(targets[i] >= 0 && targets[i] < V, "cross_entropy",
           "target " << targets[i] << " is outside 0.." << V - 1);
    real* p = probabilities + n * ld;
    std::copy_n(logits.data() + n * V, V, p);
    const real score = p[targets[i]], log_sum = kernels::softmax(p, V, p).log_sum();
    loss += static_cast<double>(weights[i] * (log_sum - score));
  }
  out.data()[0] = static_cast<real>(loss);
  return logits.tape().record("cross_entropy", out, {logits}, [=](const Tensor& y) {
    for (Index n = 0; n < N; ++n) {  // dlogits = w (p - onehot(target))
      const auto i = static_cast<std::size_t>(n);
      const real w = y.grad()[0] * weights[i];
      kernels::accumulate(probabilities + n * ld, w, V, 1, logits.grad() + n * V);
      logits.grad()[n * V + targets[i]] -= w;
    }
  });
}

KeyValueCache::KeyValueCache(int slots_, int heads_, int d_model, int context_)
    : slots(slots_), heads(heads_), head_width(d_model / heads_), context(context_) {
  ENSURE(context <= kernels::max_context, "attention_step",
         "a cache of " << context << " tokens; at most " << kernels::max_context);
  numbers.resize(static_cast<std::size_t>(simd::round_up(slots) * (1 + 2 * context) * d_model));
}

void KeyValueCache::copy(int from, int to, int positions) {
  if (from == to) return;
  const Index D = Index{heads} * head_width, block = simd::width * (1 + 2 * context) * D;
  const real* x = numbers.data() + from / simd::width * block + from % simd::width;
  real* y = numbers.data() + to / simd::width * block + to % simd::width;
  for (Index first : {Index{1}, Index{1} + context})  // keys, values
    for (Index i = first * D; i < (first + positions) * D; ++i) y[i * simd::width] = x[i * simd::width];
}

Tensor attention_step(const Tensor& qkv, KeyValueCache& cache, std::span<const int> slots, int position) {
  const Index N = qkv.dim(0), C = cache.head_width, D = C * cache.heads;
  ENSURE(!qkv.tape().recording(), "attention_step", "has no derivative; use a tape made with Record::no");
  ENSURE(qkv.dim(1) == 3 * D && static_cast<Index>(slots.size()) == N, "attention_step",
         "qkv " << qkv.shape() << " for " << slots.size() << " strings of a cache of width " << D);
  ENSURE(position >= 0 && position < cache.context, "attention_step",
         "position " << position << " is outside 0.." << cache.context - 1);
  for (int slot : slots)
    ENSURE(slot >= 0 && slot < cache.slots, "attention_step",
           "slot " << slot << " is outside 0.." << cache.slots - 1);
  Tensor out = qkv.tape().uninitialised({N, D});
  for (Index first = 0; first < cache.slots; first += simd::width) {
    const real* x[simd::width]{};
    real* y[simd::width]{};
    for (Index n = 0; n < N; ++n) {
      const Index lane = slots[static_cast<std::size_t>(n)] - first;
      if (lane < 0 || lane >= simd::width) continue;
      x[lane] = qkv.data() + n * 3 * D;
      y[lane] = out.data() + n * D;
    }
    const bool empty = std::all_of(x, x + simd::width, [](const real* row) { return !row; });
    if (!empty)
      kernels::attention_step(x, cache.heads, position, C, cache.context,
                              cache.numbers.data() + first * (1 + 2 * cache.context) * D, y);
  }
  return qkv.tape().record("attention_step", out, {qkv}, [](const Tensor&) {});
}

}  // namespace banel
