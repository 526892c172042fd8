// The number type of the library, and arrays of it.
//
//   Reals x(100, 1);  // a vector whose data begin at a cache line
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace banel {
// float; double only in tests, which build the same sources with BANEL_DOUBLE to check every gradient to
// 1e-6.
#ifdef BANEL_DOUBLE
using real = double;
#else
using real = float;
#endif

constexpr std::size_t cache_line = 64;  // bytes

// An allocator whose arrays begin at a cache line. In other arrays every vector of 64 bytes lies across two
// lines, which costs some 5 % of a training step and 7 % of sampling.
template <class T>
struct AtCacheLine {
  using value_type = T;
  AtCacheLine() = default;
  template <class U>
  AtCacheLine(const AtCacheLine<U>&) {}  // NOLINT(google-explicit-constructor): containers convert allocators
  // The first line in what operator new gives; the address of the whole is kept just before it.
  T* allocate(std::size_t n) {
    void* const whole = ::operator new(n * sizeof(T) + cache_line);
    void* const line =
        static_cast<std::byte*>(whole) + cache_line - reinterpret_cast<std::uintptr_t>(whole) % cache_line;
    static_cast<void**>(line)[-1] = whole;
    return static_cast<T*>(line);
  }
  void deallocate(T* line, std::size_t) { ::operator delete(reinterpret_cast<void**>(line)[-1]); }
  bool operator==(const AtCacheLine&) const = default;
};
static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= sizeof(void*), "room for a pointer before the line");
using Reals = std::vector<real, AtCacheLine<real>>;
}  // namespace banel
