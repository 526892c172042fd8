#include "allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<std::size_t> total = 0, largest_one = 0, held = 0, most_held = 0, held_before = 0;

[[maybe_unused]] static void raise_to(std::atomic<std::size_t>& maximum, std::size_t value) {
  for (std::size_t old = maximum; old < value && !maximum.compare_exchange_weak(old, value);) continue;
}

#ifdef BANEL_COUNT_ALLOCATIONS
static void* counted(void* p, std::size_t bytes) {
  if (!p) throw std::bad_alloc();
  total += bytes;
  raise_to(largest_one, bytes);
  raise_to(most_held, held += ::malloc_usable_size(p));
  return p;
}
void* operator new(std::size_t bytes) { return counted(std::malloc(bytes ? bytes : 1), bytes); }
void* operator new(std::size_t bytes, std::align_val_t at) {
  const auto line = static_cast<std::size_t>(at);
  return counted(std::aligned_alloc(line, (bytes / line + 1) * line), bytes);
}
void operator delete(void* p) noexcept {
  if (p) held -= ::malloc_usable_size(p);
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
void operator delete(void* p, std::align_val_t) noexcept { operator delete(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { operator delete(p); }
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
