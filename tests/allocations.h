#pragma once
#include <cstddef>

namespace banel {

// What operator new has given to any thread since this was made. One at a time.
class Allocations {
 public:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr bool counted = false;  // the sanitizer has an operator new of its own: everything is 0
#else
  static constexpr bool counted = true;
#endif
  Allocations();
  std::size_t bytes() const;    // in all
  std::size_t largest() const;  // at once
  std::size_t peak() const;     // held at a time, beyond what was held before
};

}  // namespace banel
