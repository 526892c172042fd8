#include "tensor/parallel.h"

#include <omp.h>
#include <pthread.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "tensor/check.h"

namespace banel {

namespace {
int thread_count = omp_get_num_procs();
std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

// g++'s OpenMP waits forever for threads that a fork did not copy.
std::atomic<bool> threads_lost_by_fork = false;

void watch_for_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { threads_lost_by_fork = true; });
  ENSURE_AS(registered == 0, std::runtime_error, "threads",
            "pthread_atfork failed with error " << registered << "; use one thread");
}

// While it lives, numbers below 1e-38 count as 0 on this thread. A network that has learned makes many of
// them, as gradients of near-certain answers, and arithmetic with them can be far slower.
class FlushDenormals {
#ifdef __SSE__
 public:
  FlushDenormals() { _mm_setcsr(before_ | 0x8040); }  // flush to zero, denormals are zero
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  const unsigned before_ = _mm_getcsr();
#else
 public:
  FlushDenormals() {}
#endif
};

}  // namespace

void set_threads(int n) {
  ENSURE(n >= 1 && n <= 1024, "threads", n << " is outside 1..1024");
  thread_count = n;
}

int threads() { return threads_lost_by_fork ? 1 : thread_count; }

void request_stop() noexcept { stop_requested = true; }

void check_stop() {
  if (stop_requested) throw Interrupted();
}

void run_chunks(std::size_t chunks, void (*body)(const void* data, std::size_t chunk), const void* data,
                Share share) {
  std::exception_ptr error;
  std::atomic<bool> stopped = false;
  const auto run = [&](std::size_t i) {
    if (stop_requested) {
      stopped = true;
      return;
    }
    try {
      const FlushDenormals guard;
      body(data, i);
    } catch (...) {
#pragma omp critical(banel_parallel_error)
      if (!error) error = std::current_exception();
    }
  };
  if (threads() == 1 || chunks <= 1 || omp_in_parallel()) {
    for (std::size_t i = 0; i < chunks; ++i) run(i);
  } else {
    watch_for_forks();
    const bool parts = share == Share::same_parts;
    omp_set_schedule(parts ? omp_sched_static : omp_sched_dynamic, parts ? 0 : 1);
#pragma omp parallel for schedule(runtime) num_threads(thread_count)
    for (std::size_t i = 0; i < chunks; ++i) run(i);
  }
  if (error) std::rethrow_exception(error);
  if (stopped) throw Interrupted();
}

}  // namespace banel
