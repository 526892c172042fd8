#include "tensor/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tensor/check.h"
#include "tensor/cores.h"
#include "tests/support/in_child.h"
#include "tests/support/with_threads.h"

namespace banel {
namespace {

TEST_CASE("every chunk runs once for any number of chunks and threads") {
  for (std::size_t chunks : {0u, 1u, 2u, 7u, 100u})
    check_same_for_all_threads([&] {
      std::vector<int> calls(chunks);
      parallel_for(chunks, [&](std::size_t i) { ++calls[i]; });
      CHECK(calls == std::vector<int>(chunks, 1));
      return calls;
    });
}

TEST_CASE("an exception of a chunk is thrown again after all chunks ended") {
  check_same_for_all_threads([] {
    std::atomic<int> ended = 0;
    CHECK_THROWS_WITH_AS(parallel_for(20,
                                      [&](std::size_t i) {
                                        ++ended;
                                        if (i == 7) throw std::out_of_range("chunk 7");
                                      }),
                         "chunk 7", std::out_of_range);
    return ended.load();
  });
}

TEST_CASE("of several exceptions on one thread the first one is thrown again") {
  const int before = threads();
  set_threads(1);
  CHECK_THROWS_WITH(
      parallel_for(5, [](std::size_t i) { throw std::out_of_range("chunk " + std::to_string(i)); }),
      "chunk 0");
  set_threads(before);
}

TEST_CASE("a loop inside a loop runs all its chunks") {
  check_same_for_all_threads([] {
    std::vector<int> calls(30);
    parallel_for(5, [&](std::size_t i) { parallel_for(6, [&](std::size_t j) { ++calls[6 * i + j]; }); });
    CHECK(calls == std::vector<int>(30, 1));
    return calls;
  });
}

#if defined(__SSE__) || defined(__aarch64__)
TEST_CASE("numbers below the normal ones count as zero in a loop and not after it") {
  constexpr float normal = std::numeric_limits<float>::min();
  // Volatile, so that no compiler multiplies them.
  volatile float least = normal, quarter = 0.25f, below = normal / 4, eight = 8;
  check_same_for_all_threads([&] {
    std::vector<float> products(40, 1);
    parallel_for(20, [&](std::size_t i) {
      products[2 * i] = least * quarter;    // a result
      products[2 * i + 1] = below * eight;  // an operand
    });
    CHECK(products == std::vector<float>(40, 0));
    CHECK(least * quarter == normal / 4);
    CHECK(below * eight == 2 * normal);
    return products;
  });
}
#endif

TEST_CASE("after a request to stop no chunk starts and the loop says that it is incomplete") {
  CHECK(in_child([] {
          set_threads(1);
          request_stop();
          int started = 0;
          try {
            parallel_for(10, [&](std::size_t) { ++started; });
          } catch (const Interrupted&) {
            return started;
          }
          return 100;
        }) == 0);
}

TEST_CASE("a quota grants its cores rounded up and a text that is no quota grants all") {
  CHECK(granted_cores("50000 100000") == 1);
  CHECK(granted_cores("100000 100000") == 1);
  CHECK(granted_cores("150000 100000") == 2);
  CHECK(granted_cores("1600000 100000") == 16);
  for (const char* all : {"max 100000", "-1 100000", "0 100000", "100000 0", "100000", " ", "", "x 1"}) {
    CAPTURE(all);
    CHECK(!granted_cores(all));
  }
  CHECK(usable_cores() >= 1);
}

TEST_CASE("a child process of a parent with threads runs every chunk once on one thread") {
  const int before = threads();
  set_threads(4);
  std::vector<int> calls(100);
  parallel_for(calls.size(), [&](std::size_t i) { ++calls[i]; });
  CHECK(in_child([&] {
          if (threads() != 1) return 100;
          for (std::size_t run = 0; run < 3; ++run)
            parallel_for(calls.size(), [&](std::size_t i) { ++calls[i]; });
          return calls == std::vector<int>(100, 4) ? 0 : 1;
        }) == 0);
  set_threads(before);
}

TEST_CASE("groups cover every item once and progress rises to the total without two calls at once") {
  for (std::size_t items : {0u, 1u, 5u, 64u, 100u})
    check_same_for_all_threads([&] {
      std::vector<int> calls(items);
      std::vector<std::size_t> reported;
      const OnProgress on_progress = [&](std::size_t done, std::size_t total) {
        CHECK(total == items);
        reported.push_back(done);
      };
      ProgressCount progress(on_progress, items);
      parallel_for_groups(
          items, 5, [] { return 0; },
          [&](std::size_t first, std::size_t count, int& groups_of_this_thread) {
            ++groups_of_this_thread;
            for (std::size_t i = first; i < first + count; ++i) ++calls[i];
            progress.add(count);
          });
      CHECK(calls == std::vector<int>(items, 1));
      CHECK(std::is_sorted(reported.begin(), reported.end()));
      CHECK((reported.empty() ? 0 : reported.back()) == items);
      return calls;
    });
}

TEST_CASE("an exception of a progress report ends the call") {
  const int before = threads();
  for (int n : {1, 2}) {
    set_threads(n);
    const OnProgress on_progress = [](std::size_t, std::size_t) { throw std::out_of_range("enough"); };
    ProgressCount progress(on_progress, 1000);
    std::atomic<int> groups = 0;
    const auto body = [&](std::size_t, std::size_t count, int&) {
      ++groups;
      progress.add(count);
    };
    CHECK_THROWS_WITH_AS(parallel_for_groups(
                             1000, 1, [] { return 0; }, body),
                         "enough", std::out_of_range);
    CHECK(groups <= n);
  }
  set_threads(before);
}

TEST_CASE("a number of threads below one is refused") {
  CHECK_THROWS_AS(set_threads(0), UsageError);
  CHECK_THROWS_AS(set_threads(-3), UsageError);
}

}  // namespace
}  // namespace banel
