// Random numbers from a counter (Philox4x32-10, Salmon et al. 2011; by the library Random123). A number is a
// function of (seed, purpose, round, index, position) and of nothing else: string 17 of round 3 gets the same
// numbers in any batch, thread or machine, and a run that is resumed needs no state of a generator.
//
//   Rng rng(7, "dropout");
//   double u = rng.uniform();
//   Stream strings{7, "sample", 3};    // seed 7, round 3
//   Rng of_string_17 = strings[17];
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace banel {

class Rng {
 public:
  Rng(std::uint64_t seed, std::string_view purpose, std::uint32_t round = 0, std::uint32_t index = 0);

  std::uint32_t bits();  // 32 uniform bits
  double uniform();      // uniform in [0, 1), 53 bits
  double normal();       // N(0, 1), by Box & Muller (1958)
  std::uint32_t below(
      std::uint32_t n);  // uniform in 0..n-1, without bias (Lemire 2019); precondition: n >= 1

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_, block_{};
  int used_ = 4;
};

// One generator for each item: stream[i] is that of item i, and stream.from(n)[i] is stream[n + i].
struct Stream {
  std::uint64_t seed = 0;
  std::string_view purpose;  // must outlive the stream: use a string literal
  std::uint32_t round = 0;
  std::size_t first = 0;  // index of the generator stream[0]
  Rng operator[](std::size_t index) const {
    return Rng(seed, purpose, round, static_cast<std::uint32_t>(first + index));
  }
  Stream from(std::size_t n) const { return {seed, purpose, round, first + n}; }
};

// 0..n-1 in a uniformly random order (Fisher & Yates). Precondition: n < 2^32.
std::vector<std::size_t> permutation(std::size_t n, Rng& rng);

}  // namespace banel
