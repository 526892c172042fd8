// Counter-based random numbers (Philox4x32-10; Salmon et al. 2011, through the Random123 library).
// A draw is a pure function of (seed, purpose, round, index, position): string 17 of round 3 gets the same
// numbers whatever the batch, the thread or the machine, and a resumed run needs no generator state.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace banel {

class Rng {
 public:
  Rng(std::uint64_t seed, std::string_view purpose, std::uint32_t round = 0, std::uint32_t index = 0);

  std::uint32_t bits();                  // 32 uniform bits
  double uniform();                      // [0, 1), 53 bits
  double normal();                       // N(0, 1), Box-Muller
  std::uint32_t below(std::uint32_t n);  // {0, ..., n-1}, unbiased; n >= 1

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_, block_{};
  int used_ = 4;
};

// A family of generators, one for each index: `stream[i]` is the generator of item i.
struct Stream {
  std::uint64_t seed = 0;
  std::string_view purpose;  // must outlive the stream; a string literal in practice
  std::uint32_t round = 0;
  std::size_t first = 0;  // index of the family's first member: stream.from(n)[i] is stream[n + i]
  Rng operator[](std::size_t index) const {
    return Rng(seed, purpose, round, static_cast<std::uint32_t>(first + index));
  }
  Stream from(std::size_t n) const { return {seed, purpose, round, first + n}; }
};

// A uniformly random order of 0..n-1 (Fisher-Yates).
std::vector<std::size_t> permutation(std::size_t n, Rng& rng);

}  // namespace banel
