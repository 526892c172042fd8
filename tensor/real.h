#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace banel {
// The one number type of the library. The double build exists for tests only: central differences then
// confirm every gradient to 1e-6 (tests/CMakeLists.txt builds the same sources with BANEL_DOUBLE).
#ifdef BANEL_DOUBLE
using real = double;
#else
using real = float;
#endif

constexpr std::size_t cache_line = 64;  // bytes

// Arrays that begin at a cache line. Of others every vector of 64 bytes lies across two lines, which takes
// some 5 % of a training step and 7 % of sampling (tasks/results/speed.md).
template <class T>
struct AtCacheLine {
  using value_type = T;
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(cache_line)));
  }
  void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t(cache_line)); }
  bool operator==(const AtCacheLine&) const = default;
};
using Reals = std::vector<real, AtCacheLine<real>>;
}  // namespace banel
