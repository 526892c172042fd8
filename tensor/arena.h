// Memory that is handed out piece by piece and taken back all at once. After the first step of a training run
// it is one block that is large enough for every later step, so that these allocate nothing.
//
//   Arena arena;
//   void* p = arena.allocate(1000);
//   arena.reset();  // p may be handed out again
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace banel {

class Arena {
 public:
  void* allocate(std::size_t bytes);  // uninitialised, begins at a cache line, valid until reset()
  void reset();

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // bytes used in the last block
};

}  // namespace banel
