#include "tensor/parallel.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "tensor/check.h"
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
    CHECK_THROWS_WITH_AS(parallel_for(20, [&](std::size_t i) {
                           ++ended;
                           if (i == 7) throw std::out_of_range("chunk 7");
                         }),
                         "chunk 7", std::out_of_range);
    return ended.load();
  });
}

TEST_CASE("a loop inside a loop runs all its chunks") {
  check_same_for_all_threads([] {
    std::vector<int> calls(30);
    parallel_for(5, [&](std::size_t i) { parallel_for(6, [&](std::size_t j) { ++calls[6 * i + j]; }); });
    CHECK(calls == std::vector<int>(30, 1));
    return calls;
  });
}

// A request to stop cannot be taken back, so it is made in a child process.
TEST_CASE("after a request to stop no chunk starts and the loop says that it is incomplete") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    set_threads(1);
    request_stop();
    int started = 0;
    try {
      parallel_for(10, [&](std::size_t) { ++started; });
    } catch (const Interrupted&) {
      _exit(started);
    }
    _exit(100);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a number of threads below one is refused") {
  CHECK_THROWS_AS(set_threads(0), UsageError);
  CHECK_THROWS_AS(set_threads(-3), UsageError);
}

}  // namespace
}  // namespace banel
