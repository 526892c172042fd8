#pragma once
#include <cstddef>

namespace banel {

// What operator new has given to any thread since this was made. One at a time.
class Allocations {
 public:
#ifdef BANEL_COUNT_ALLOCATIONS
  static constexpr bool counted = true;
#else
  static constexpr bool counted = false;  // a sanitizer has an operator new of its own: everything is 0
#endif
  Allocations();
  std::size_t bytes() const;    // in all
  std::size_t largest() const;  // at once
  std::size_t peak() const;     // held at a time, beyond what was held before
};

}  // namespace banel
