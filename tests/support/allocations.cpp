#include "tests/support/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<std::size_t> total = 0, largest_one = 0, held = 0, most_held = 0, held_before = 0;

[[maybe_unused]] static void raise_to(std::atomic<std::size_t>& maximum, std::size_t value) {
  for (std::size_t old = maximum; old < value && !maximum.compare_exchange_weak(old, value);) continue;
}

#ifdef BANEL_COUNT_ALLOCATIONS
void* operator new(std::size_t bytes) {
  void* const p = std::malloc(bytes ? bytes : 1);
  if (!p) throw std::bad_alloc();
  total += bytes;
  raise_to(largest_one, bytes);
  raise_to(most_held, held += ::malloc_usable_size(p));
  return p;
}
void operator delete(void* p) noexcept {
  if (p) held -= ::malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
#endif

namespace banel {

Allocations::Allocations() {
  total = largest_one = 0;
  held_before = most_held = held.load();
}
std::size_t Allocations::bytes() const { return total; }
std::size_t Allocations::largest() const { return largest_one; }
std::size_t Allocations::peak() const { return most_held - held_before; }

}  // namespace banel
