#include "tensor/arena.h"

#include <algorithm>
#include <cstdint>

#include "tensor/real.h"

namespace banel {

namespace {
constexpr std::size_t smallest_block = std::size_t{1} << 20;
}  // namespace

void* Arena::allocate(std::size_t bytes) {
  bytes = (bytes + cache_line - 1) / cache_line * cache_line;
  if (blocks_.empty() || used_ + bytes + cache_line > blocks_.back().size) {
    const std::size_t last = blocks_.empty() ? smallest_block : blocks_.back().size;
    const std::size_t size = std::max(2 * last, bytes + cache_line);
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    used_ = 0;
  }
  std::byte* base = blocks_.back().memory.get();
  const std::size_t beyond = reinterpret_cast<std::uintptr_t>(base) % cache_line;
  void* result = base + (cache_line - beyond) % cache_line + used_;
  used_ += bytes;
  return result;
}

void Arena::reset() {
  if (blocks_.size() > 1) {  // one block for all that was needed: the next round allocates nothing
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[total]), total});
  }
  used_ = 0;
}

}  // namespace banel
