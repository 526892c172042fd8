#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel::kernels {

using simd::Vec;

namespace {

// A panel is a copy of one head with rows padded to whole vectors, so that the inner loops have no tail.
struct alignas(64) Panel {
  real x[max_context * simd::round_up(max_head)];
};

void pack(const real* rows, Index T, Index C, Index stride, Panel& panel) {  // (T, round_up(C))
  const Index padded = simd::round_up(C);
  for (Index t = 0; t < T; ++t) {
    for (Index c = 0; c < C; ++c) panel.x[t * padded + c] = rows[t * stride + c];
    for (Index c = C; c < padded; ++c) panel.x[t * padded + c] = 0;
  }
}

void pack_transposed(const real* rows, Index T, Index C, Index stride, Panel& panel) {  // (C, round_up(T))
  const Index padded = simd::round_up(T);
  for (Index c = 0; c < C; ++c) {
    for (Index t = 0; t < T; ++t) panel.x[c * padded + t] = rows[t * stride + c];
    for (Index t = T; t < padded; ++t) panel.x[c * padded + t] = 0;
  }
}

// For the queries t .. t+width-1: s[j] = sum over c of keys[j][c] queries[c][t], for the keys j < n.
void dot_queries(const real* keys, Index stride, const real* queries, Index ld, Index n, Index C, real* s) {
  for (Index j = 0; j < n; ++j) {
    Vec total{};
    for (Index c = 0; c < C; ++c) total += keys[j * stride + c] * simd::load(queries + c * ld);
    simd::store(s + j * ld, total);
  }
}

// out[t][c] += sum over j < n of p[j][t] values[j][c], for `count` queries.
void mix_values(const real* p, Index ld, const real* values, Index stride, Index n, Index C, Index count,
                real* out, Index out_stride) {
  for (Index c = 0; c < C; ++c) {
    Vec total{};
    for (Index j = 0; j < n; ++j) total += values[j * stride + c] * simd::load(p + j * ld);
    for (Index t = 0; t < count; ++t) out[t * out_stride + c] += total[t];
  }
}

// rows[j] += sum over t >= j of p[j][t] x[t]
void gather_queries(const real* p, Index ld, const Panel& x, Index T, Index C, real* rows, Index stride) {
  const Index ldx = simd::round_up(C);
  for (Index c = 0; c < C; c += simd::width)
    for (Index j = 0; j < T; ++j) {
      Vec total{};
      for (Index t = j; t < T; ++t) total += p[j * ld + t] * simd::load(x.x + t * ldx + c);
      for (Index i = 0; i < std::min(simd::width, C - c); ++i) rows[j * stride + c + i] += total[i];
    }
}

real score_scale(Index C) { return 1 / std::sqrt(static_cast<real>(C)); }

// In place, for the queries first .. first+width-1: scores of keys j < n to probabilities, causal.
void softmax_queries(real* s, Index ld, Index first, Index n, real scale) {
  Vec query, top = simd::splat(-std::numeric_limits<real>::infinity()), total{};
  for (Index i = 0; i < simd::width; ++i) query[i] = static_cast<real>(first + i);
  for (Index j = 0; j < n; ++j) {
    const Vec score = simd::load(s + j * ld) * scale;
    const Vec seen =
        query >= static_cast<real>(j) ? score : simd::splat(-std::numeric_limits<real>::infinity());
    simd::store(s + j * ld, seen);
    top = simd::max(top, seen);
  }
  for (Index j = 0; j < n; ++j) {
    const Vec e = simd::exp(simd::load(s + j * ld) - top);
    const Vec kept = query >= static_cast<real>(j) ? e : Vec{};
    simd::store(s + j * ld, kept);
    total += kept;
  }
  const Vec inverse = 1 / total;
  for (Index j = 0; j < n; ++j) simd::store(s + j * ld, simd::load(s + j * ld) * inverse);
}

}  // namespace

void attention(const real* q, const real* k, const real* v, Index T, Index C, Index stride, Index D,
               real* out, real* p) {
  const Index ld = simd::round_up(T);
  Panel queries;
  pack_transposed(q, T, C, stride, queries);
  for (Index t = 0; t < T; ++t) std::fill_n(out + t * D, C, real{0});
  for (Index t = 0; t < T; t += simd::width) {  // a vector of queries, and the keys any of them sees
    const Index count = std::min(simd::width, T - t), n = t + count;
    dot_queries(k, stride, queries.x + t, ld, n, C, p + t);         // 1. scores
    softmax_queries(p + t, ld, t, n, score_scale(C));               // 2. probabilities
    mix_values(p + t, ld, v, stride, n, C, count, out + t * D, D);  // 3. mixture
    for (Index j = n; j < T; ++j) simd::store(p + j * ld + t, Vec{});
  }
}

void attention_backward(const real* q, const real* k, const real* v, const real* p, const real* dout, Index T,
                        Index C, Index stride, Index D, real* dq, real* dk, real* dv) {
  const Index ld = simd::round_up(T);
  Panel queries, douts, douts_transposed;  // filled by pack: nothing is read before it is written
  alignas(64) real ds[max_context * max_context];
  pack(q, T, C, stride, queries);
  pack(dout, T, C, D, douts);
  pack_transposed(dout, T, C, D, douts_transposed);
  gather_queries(p, ld, douts, T, C, dv, stride);  // 3. dv[j] += p[j] dout
  for (Index t = 0; t < T; t += simd::width) {
    const Index count = std::min(simd::width, T - t), n = t + count;
    dot_queries(v, stride, douts_transposed.x + t, ld, n, C, ds + t);  //    dp[j] = dout . v[j]
    Vec mean{};                                                        // 2. ds = p (dp - sum(p dp))
    for (Index j = 0; j < n; ++j) mean += simd::load(p + j * ld + t) * simd::load(ds + j * ld + t);
    for (Index j = 0; j < n; ++j)
      simd::store(ds + j * ld + t,
                  simd::load(p + j * ld + t) * (simd::load(ds + j * ld + t) - mean) * score_scale(C));
    mix_values(ds + t, ld, k, stride, n, C, count, dq + t * stride, stride);  // 1. dq += ds[j] k[j]
  }
  gather_queries(ds, ld, queries, T, C, dk, stride);  //    dk[j] += ds[j] q
}

void attention_step(const real* q, const real* k, const real* v, Index t, Index C, Index context,
                    real* cache_k, real* cache_v, real* out) {
  const Index ld = simd::round_up(context), ldv = simd::round_up(C), n = t + 1;
  alignas(64) real p[max_context], mixed[max_head];
  for (Index c = 0; c < C; ++c) cache_k[c * ld + t] = k[c];
  std::copy_n(v, C, cache_v + t * ldv);
  for (Index j = 0; j < n; j += simd::width) {  // 1. scores: here a vector holds neighbouring keys
    Vec total{};
    for (Index c = 0; c < C; ++c) total += q[c] * simd::load(cache_k + c * ld + j);
    simd::store(p + j, score_scale(C) * total);
  }
  softmax(p, n, p);                             // 2. probabilities
  for (Index c = 0; c < C; c += simd::width) {  // 3. mixture
    Vec total{};
    for (Index j = 0; j < n; ++j) total += p[j] * simd::load(cache_v + j * ldv + c);
    simd::store(mixed + c, total);
  }
  std::copy_n(mixed, C, out);
}

}  // namespace banel::kernels
