#include "tensor/kernels/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/simd.h"
#include "tensor/rng.h"
#include "tests/support/plain_attention.h"

namespace banel {
namespace {

constexpr real infinity = std::numeric_limits<real>::infinity();

TEST_CASE("the vector exponential is within 2e-7 of the standard one and always finite and positive") {
  for (double x = -86.9; x < 87.9; x += 0.0037) {
    const auto found = static_cast<double>(simd::exp(simd::splat(static_cast<real>(x)))[3]);
    REQUIRE(std::abs(found / std::exp(static_cast<double>(static_cast<real>(x))) - 1) < 2e-7);
  }
  for (real x : {-infinity, -1e30f, -200.0f, 200.0f, 1e30f, infinity}) {
    const real y = simd::exp(simd::splat(x))[0];
    CHECK(std::isfinite(y));
    CHECK(y > 0);
  }
  CHECK(simd::exp(simd::splat(0))[0] == 1);
  CHECK(std::isnan(simd::exp(simd::splat(std::numeric_limits<real>::quiet_NaN()))[5]));
}

TEST_CASE("a transposed matrix has each number in its place and zeros up to the next whole vector") {
  for (Index R : {1, 5, 8, 16, 17, 33})
    for (Index C : {1, 3, 12, 16, 40}) {
      CAPTURE(R);
      CAPTURE(C);
      const Index stride = C + 2, ld = simd::round_up(R);
      std::vector<real> x(static_cast<std::size_t>(R * stride)), y(static_cast<std::size_t>(C * ld), -1);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<real>(i + 1);
      kernels::transpose(x.data(), R, C, stride, y.data(), ld);
      bool right = true;
      for (Index c = 0; c < C; ++c)
        for (Index r = 0; r < ld; ++r) {
          const real expected = r < R ? x[static_cast<std::size_t>(r * stride + c)] : 0;
          right = right && y[static_cast<std::size_t>(c * ld + r)] == expected;
        }
      CHECK(right);
    }
}

TEST_CASE("softmax rows sum to one and keep their order for logits of any size") {
  Rng rng(1, "softmax");
  for (Index n : {1, 2, 13, 15, 16, 17, 31, 32, 33, 100})
    for (real size : {0.0f, 1.0f, 50.0f, 1e4f, 1e30f}) {
      std::vector<real> x(static_cast<std::size_t>(simd::round_up(n))), p(x.size());
      for (Index i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = size * static_cast<real>(rng.normal());
      const std::vector<real> logits = x;
      const real log_sum = kernels::softmax(x.data(), n, p.data()).log_sum();
      double total = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        CHECK(p[i] >= 0);
        if (i >= static_cast<std::size_t>(n)) CHECK(p[i] == 0);
        total += static_cast<double>(p[i]);
      }
      INFO("n = " << n << ", size = " << size);
      CHECK(total == doctest::Approx(1).epsilon(1e-6));
      const auto last = logits.begin() + n;
      CHECK(std::max_element(p.begin(), p.begin() + n) - p.begin() ==
            std::max_element(logits.begin(), last) - logits.begin());
      double exact = 0, top = static_cast<double>(*std::max_element(logits.begin(), last));
      for (auto l = logits.begin(); l != last; ++l) exact += std::exp(static_cast<double>(*l) - top);
      CHECK(static_cast<double>(log_sum) == doctest::Approx(top + std::log(exact)).epsilon(1e-6));
      kernels::softmax(x.data(), n, x.data());  // in place
      CHECK(x == p);
    }
}

TEST_CASE("softmax of a row with NaN or infinity is not finite") {
  for (real bad : {std::numeric_limits<real>::quiet_NaN(), infinity})
    for (std::size_t place : {0u, 5u, 16u}) {
      std::vector<real> x(32, 1), p(32);
      x[place] = bad;
      const real log_sum = kernels::softmax(x.data(), 17, p.data()).log_sum();
      CHECK(!(std::isfinite(log_sum) &&
              std::all_of(p.begin(), p.end(), [](real v) { return std::isfinite(v); })));
    }
}

TEST_CASE("gelu has its limits and its known values in every lane and tail") {
  for (Index n : {1, 15, 16, 17, 40}) {
    const auto size = static_cast<std::size_t>(n);
    std::vector<real> x(size), y(size, infinity), slope(size, infinity);
    for (std::size_t i = 0; i < size; ++i) x[i] = static_cast<real>(i) - 7;
    kernels::gelu(x.data(), n, y.data(), slope.data());
    for (std::size_t i = 0; i < size; ++i) {
      const double v = static_cast<double>(x[i]),
                   u = std::sqrt(2 / std::acos(-1.0)) * (v + 0.044715 * v * v * v);
      CHECK(static_cast<double>(y[i]) == doctest::Approx(0.5 * v * (1 + std::tanh(u))).epsilon(1e-5));
      CHECK(std::isfinite(slope[i]));
    }
  }
  std::vector<real> x = {-1e4f, 1e4f}, y(2), slope(2);
  kernels::gelu(x.data(), 2, y.data(), slope.data());
  CHECK(std::abs(y[0]) < 1e-30f);
  CHECK(y[1] == 1e4f);
  CHECK(std::abs(slope[0]) < 1e-20f);
  CHECK(slope[1] == 1);
}

TEST_CASE("attention is causal: changing a later token changes no earlier row") {
  Rng rng(2, "attention");
  for (const auto& sizes : std::vector<std::pair<Index, Index>>{{2, 1}, {17, 5}, {40, 16}, {128, 64}}) {
    const Index T = sizes.first, C = sizes.second;
    const auto rows = static_cast<std::size_t>(T), width = static_cast<std::size_t>(C);
    std::vector<real> qkv(rows * 3 * width), before(rows * width), after(rows * width),
        p(rows * static_cast<std::size_t>(simd::round_up(T)));
    for (real& x : qkv) x = static_cast<real>(rng.normal());
    const auto run = [&](std::vector<real>& out) {
      kernels::attention(qkv.data(), qkv.data() + C, qkv.data() + 2 * C, 0, T, C, 3 * C, C, out.data(),
                         p.data());
    };
    run(before);
    const std::size_t changed = rows / 2;
    for (std::size_t i = changed * 3 * width; i < qkv.size(); ++i)
      qkv[i] = static_cast<real>(100 * rng.normal());
    run(after);
    INFO(T << " tokens, width " << C);
    CHECK(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(changed * width),
                     after.begin()));
    CHECK(before != after);
  }
}

// The largest difference of the rows from..T-1 (of the kernel, `stride` apart) from those of the plain loops
// (T,C).
double largest_difference(const std::vector<real>& found, Index stride, const std::vector<double>& expected,
                          Index from, Index T, Index C) {
  double largest = 0;
  for (Index t = from; t < T; ++t)
    for (Index c = 0; c < C; ++c) {
      const real x = found[static_cast<std::size_t>((t - from) * stride + c)];
      largest =
          std::max(largest, std::abs(static_cast<double>(x) - expected[static_cast<std::size_t>(t * C + c)]));
    }
  return largest;
}

TEST_CASE(
    "attention and its backward pass agree with plain loops for whole strings and for their last rows") {
  Rng rng(3, "attention");
  struct Size {
    Index T, C, from;
  };
  for (const Size& size :
       {Size{1, 1, 0}, {2, 1, 1}, {5, 3, 0}, {17, 8, 3}, {33, 16, 16}, {40, 20, 39}, {128, 64, 0}}) {
    const Index T = size.T, C = size.C, from = size.from;
    const Index stride = 3 * C, rows = T - from;
    CAPTURE(T);
    CAPTURE(C);
    CAPTURE(from);
    const auto n = [](Index i) { return static_cast<std::size_t>(i); };
    std::vector<real> qkv(n(T * stride)), dqkv(qkv.size()), out(n(rows * C)), dout(out.size());
    std::vector<real> p(n(rows * simd::round_up(T)));
    for (auto* x : {&qkv, &dout})
      for (real& value : *x) value = static_cast<real>(rng.normal());
    kernels::attention(qkv.data(), qkv.data() + C, qkv.data() + 2 * C, from, T, C, stride, C, out.data(),
                       p.data());
    kernels::attention_backward(qkv.data(), qkv.data() + C, qkv.data() + 2 * C, p.data(), dout.data(), from,
                                T, C, stride, C, dqkv.data(), dqkv.data() + C, dqkv.data() + 2 * C);

    const std::vector<double> zeros(n(T * C));
    std::vector<double> x[3] = {zeros, zeros, zeros}, dx[3] = {zeros, zeros, zeros}, plain = zeros,
                        dplain = zeros;
    std::vector<double> plain_p(n(T * T));
    for (Index t = 0; t < T; ++t)
      for (Index c = 0; c < C; ++c) {
        for (Index part = 0; part < 3; ++part)
          x[part][n(t * C + c)] = static_cast<double>(qkv[n(t * stride + part * C + c)]);
        if (t >= from) dplain[n(t * C + c)] = static_cast<double>(dout[n((t - from) * C + c)]);
      }
    const int length = static_cast<int>(T), width = static_cast<int>(C);
    plain_attention(x[0].data(), x[1].data(), x[2].data(), length, width, plain_p.data(), plain.data());
    plain_attention_backward(x[0].data(), x[1].data(), x[2].data(), plain_p.data(), dplain.data(), length,
                             width, dx[0].data(), dx[1].data(), dx[2].data());
    CHECK(largest_difference(out, C, plain, from, T, C) < 1e-5);
    for (Index part = 0; part < 3; ++part) {
      CAPTURE(part);
      const std::vector<real> found(dqkv.begin() + part * C, dqkv.end());
      CHECK(largest_difference(found, stride, dx[part], 0, T, C) < 1e-4);
    }
  }
}

}  // namespace
}  // namespace banel
