// Causal attention of one head in plain loops: what the kernels of tensor/kernels/attention.cpp compute, to
// read before them and to hold them to. q, k, v, out and their gradients are (T,C) arrays, p is (T,T).
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

namespace banel {

// out[t] = sum over j <= t of p[t][j] v[j],  p[t] = softmax over j <= t of (q[t] . k[j] / sqrt(C))
inline void plain_attention(const double* q, const double* k, const double* v, int T, int C, double* p,
                            double* out) {
  std::fill_n(out, T * C, 0.0);
  for (int t = 0; t < T; ++t) {
    double sum = 0;
    for (int j = 0; j <= t; ++j) {
      double score = 0;
      for (int c = 0; c < C; ++c) score += q[t * C + c] * k[j * C + c];
      sum += p[t * T + j] = std::exp(score / std::sqrt(C));
    }
    for (int j = 0; j <= t; ++j) p[t * T + j] /= sum;
    for (int j = 0; j <= t; ++j)
      for (int c = 0; c < C; ++c) out[t * C + c] += p[t * T + j] * v[j * C + c];
  }
}

// Adds to dq, dk and dv, given dout and the p of the forward pass.
inline void plain_attention_backward(const double* q, const double* k, const double* v, const double* p,
                                     const double* dout, int T, int C, double* dq, double* dk, double* dv) {
  for (int t = 0; t < T; ++t) {
    std::vector<double> dp(static_cast<std::size_t>(t) + 1);
    double mean = 0;
    for (int j = 0; j <= t; ++j) {
      double& d = dp[static_cast<std::size_t>(j)];
      for (int c = 0; c < C; ++c) d += dout[t * C + c] * v[j * C + c];
      for (int c = 0; c < C; ++c) dv[j * C + c] += p[t * T + j] * dout[t * C + c];
      mean += p[t * T + j] * d;
    }
    for (int j = 0; j <= t; ++j) {
      const double dscore = p[t * T + j] * (dp[static_cast<std::size_t>(j)] - mean) / std::sqrt(C);
      for (int c = 0; c < C; ++c) dq[t * C + c] += dscore * k[j * C + c];
      for (int c = 0; c < C; ++c) dk[j * C + c] += dscore * q[t * C + c];
    }
  }
}

}  // namespace banel
