#pragma once
#include <doctest/doctest.h>

#include "tensor/parallel.h"

namespace banel {

// Calls work() with each number of threads and checks that all results are equal to the first, bit for bit.
template <class Work>
void check_same_for_all_threads(Work work) {
  const int before = threads();
  set_threads(1);
  const auto expected = work();
  for (int n : {2, 3, 4, 8, 1}) {
    set_threads(n);
    INFO(n << " threads");
    CHECK((work() == expected));
  }
  set_threads(before);
}

}  // namespace banel
