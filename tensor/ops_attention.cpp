#include <algorithm>

#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"
#include "tensor/ops.h"

namespace banel {

namespace {

// The strings of attention(): string b has length(b) positions. Those before from(b) are rows of string b-1,
// the others are own(b) rows from row first(b) on.
struct Strings {
  std::span<const int> offsets, shared;
  std::size_t count() const { return offsets.size() - 1; }
  Index from(std::size_t b) const { return shared.empty() ? 0 : shared[b]; }
  Index first(std::size_t b) const { return offsets[b]; }
  Index own(std::size_t b) const { return offsets[b + 1] - offsets[b]; }
  Index length(std::size_t b) const { return from(b) + own(b); }
  // Size of the probabilities of one head.
  Index p_size(std::size_t b) const { return own(b) * simd::round_up(length(b)); }
  // visit(t, row) for every position t of string b, from the last to the first.
  template <class Visit>
  void each_row(std::size_t b, Visit visit) const {
    for (Index t = length(b); t > 0; --b)
      for (; t > from(b); --t) visit(t - 1, first(b) + t - 1 - from(b));
  }
};

void check(const Strings& strings, Index rows) {
  const auto& [offsets, shared] = strings;
  ENSURE(!offsets.empty() && offsets.front() == 0 && offsets.back() == rows, "attention",
         "offsets must begin with 0 and end with the number of rows, " << rows);
  ENSURE(
      shared.empty() || shared.size() == strings.count(), "attention",
      shared.size() << " counts of shared rows for " << strings.count() << " strings; expected one for each");
  Index before = 0;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    ENSURE(strings.own(b) >= 0 && strings.length(b) <= kernels::max_context, "attention",
           "a string of " << strings.length(b) << " rows; at most " << kernels::max_context);
    ENSURE(strings.from(b) >= 0 && strings.from(b) <= before, "attention",
           "a string shares " << strings.from(b) << " rows with one of " << before << "; at most these");
    before = strings.length(b);
  }
}

}  // namespace

Tensor attention(const Tensor& qkv, int heads, std::span<const int> offsets, std::span<const int> shared) {
  ENSURE(heads >= 1 && qkv.shape().rank == 2 && qkv.dim(1) % (3 * heads) == 0, "attention",
         "qkv " << qkv.shape() << " with " << heads << " heads; expected (N,3D) with D divisible by heads");
  const Index D = qkv.dim(1) / 3, C = D / heads, stride = 3 * D;
  ENSURE(C <= kernels::max_head, "attention", "heads of width " << C << "; at most " << kernels::max_head);
  const Strings strings{offsets, shared};
  check(strings, qkv.dim(0));
  Index p_size = 0, longest = 0;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    p_size += heads * strings.p_size(b);
    longest = std::max(longest, strings.length(b));
  }
  Tensor out = qkv.tape().uninitialised({qkv.dim(0), D});
  // x holds the rows of one string at a time, gathered from its own and the shared ones.
  real *const probabilities = qkv.tape().scratch(p_size), *const x = qkv.tape().scratch(longest * stride);
  const auto gather = [=](std::size_t b) {
    strings.each_row(
        b, [=](Index t, Index row) { std::copy_n(qkv.data() + row * stride, stride, x + t * stride); });
  };
  real* p = probabilities;
  for (std::size_t b = 0; b < strings.count(); ++b) {
    gather(b);
    for (Index c = 0; c < D; c += C, p += strings.p_size(b))
      kernels::attention(x + c, x + c + D, x + c + 2 * D, strings.from(b), strings.length(b), C, stride, D,
                         out.data() + strings.first(b) * D + c, p);
  }
  return qkv.tape().record("attention", out, {qkv}, [=](const Tensor& y) {
    real* const dx = qkv.tape().scratch(longest * stride);
    const real* q = probabilities;
    for (std::size_t b = 0; b < strings.count(); ++b) {
      gather(b);
      std::fill_n(dx, strings.length(b) * stride, real{0});
      for (Index c = 0; c < D; c += C, q += strings.p_size(b))
        kernels::attention_backward(x + c, x + c + D, x + c + 2 * D, q, y.grad() + strings.first(b) * D + c,
                                    strings.from(b), strings.length(b), C, stride, D, dx + c, dx + c + D,
                                    dx + c + 2 * D);
      strings.each_row(b, [=](Index t, Index row) {
        kernels::accumulate(dx + t * stride, 1, stride, 1, qkv.grad() + row * stride);
      });
    }
  });
}

KeyValueCache::KeyValueCache(int slots_, int heads_, int d_model, int context_)
    : slots(slots_), heads(heads_), head_width(heads_ > 0 ? d_model / heads_ : 0), context(context_) {
  ENSURE(slots >= 0 && heads >= 1 && d_model == heads * head_width, "attention_step",
         "a cache of " << slots << " slots for " << heads << " heads of width " << d_model
                       << "; expected at least one head, which divides the width");
  ENSURE(context >= 1 && context <= kernels::max_context, "attention_step",
         "a cache for " << context << " tokens; give 1.." << kernels::max_context);
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
  ENSURE(!qkv.tape().recording(), "attention_step", "it has no derivative; use a tape made with Record::no");
  ENSURE(qkv.dim(1) == 3 * D && static_cast<Index>(slots.size()) == N, "attention_step",
         "qkv " << qkv.shape() << " for " << slots.size() << " strings in a cache of width D = " << D
                << "; expected one row of 3D for each");
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
      ENSURE(!x[lane], "attention_step", "slot " << slots[static_cast<std::size_t>(n)] << " is named twice");
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
