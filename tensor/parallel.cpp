#include "tensor/parallel.h"

#include <omp.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include <atomic>

#include "tensor/check.h"

namespace banel {

namespace {
int thread_count = omp_get_num_procs();
std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

// While it lives, numbers below 1e-38 count as 0 on this thread: a network that has learned makes many of
// them (gradients of near-certain answers), and arithmetic with them can be far slower.
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

void request_stop() noexcept { stop_requested = true; }

void check_stop() {
  if (stop_requested) throw Interrupted();
}

int threads() { return thread_count; }

void run_chunks(std::size_t chunks, void (*body)(const void* data, std::size_t chunk), const void* data,
                Share share) {
  const bool parts = share == Share::same_parts;
  omp_set_schedule(parts ? omp_sched_static : omp_sched_dynamic, parts ? 0 : 1);
  std::exception_ptr error;
  std::atomic<bool> stopped = false;
  const bool alone = thread_count == 1 || chunks <= 1 || omp_in_parallel();
#pragma omp parallel for schedule(runtime) num_threads(thread_count) if (!alone)
  for (std::size_t i = 0; i < chunks; ++i) {
    if (stop_requested) {
      stopped = true;
      continue;
    }
    try {
      const FlushDenormals guard;
      body(data, i);
    } catch (...) {
#pragma omp critical(banel_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
  if (stopped) throw Interrupted();
}

}  // namespace banel
