#include "tensor/arena.h"

#include <algorithm>
#include <cstdint>

#include "tensor/real.h"

namespace banel {

namespace {
constexpr std::size_t half_of_first_block = std::size_t{1}
                                            << 20;  // bytes; each block is twice the one before
}  // namespace

void* Arena::allocate(std::size_t bytes) {
  bytes = (bytes + cache_line - 1) / cache_line * cache_line;
  if (blocks_.empty() || used_ + bytes + cache_line > blocks_.back().size) {
    const std::size_t last = blocks_.empty() ? half_of_first_block : blocks_.back().size;
    const std::size_t size = std::max(2 * last, bytes + cache_line);
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[size]), size});
    used_ = 0;
  }
  std::byte* base = blocks_.back().memory.get();
  const std::size_t past_line = reinterpret_cast<std::uintptr_t>(base) % cache_line;
  void* result = base + (cache_line - past_line) % cache_line + used_;
  used_ += bytes;
  return result;
}

void Arena::reset() {
  if (blocks_.size() > 1) {  // replaced by one that has room for all, so that the next round needs no second
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    blocks_.clear();
    blocks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[total]), total});
  }
  used_ = 0;
}

}  // namespace banel
