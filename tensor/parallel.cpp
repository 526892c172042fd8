#include "tensor/parallel.h"

#include <omp.h>
#include <pthread.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "tensor/check.h"
#include "tensor/cores.h"

namespace banel {

namespace {
int thread_count = usable_cores();
std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set it");

// g++'s OpenMP waits forever for threads that a fork did not copy.
std::atomic<bool> threads_lost_by_fork = false;

void watch_for_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { threads_lost_by_fork = true; });
  ENSURE_AS(registered == 0, std::runtime_error, "threads",
            "pthread_atfork failed with error " << registered << "; use one thread");
}

// The bytes of stack that OMP_STACKSIZE ("64k", "2 M") gives each thread; 0 if it says nothing.
std::size_t stack_of_threads() {
  const char* text = std::getenv("OMP_STACKSIZE");
  if (!text) text = std::getenv("GOMP_STACKSIZE");
  if (!text) return 0;
  char* end = nullptr;
  const auto number = static_cast<std::size_t>(std::strtoull(text, &end, 10));
  while (*end == ' ') ++end;
  switch (*end) {
    case 'b':
    case 'B':
      return number;
    case 'm':
    case 'M':
      return number << 20;
    case 'g':
    case 'G':
      return number << 30;
    default:
      return number << 10;
  }
}

// How many threads of `wanted` the system lets run at the same time, this one included.
int startable(int wanted) {
  constexpr std::size_t least_stack = 512 << 10;  // with less, a thread could crash
  const std::size_t stack = stack_of_threads();
  if (stack > 0 && stack < least_stack) return 1;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack > 0) pthread_attr_setstacksize(&attributes, stack);
  std::vector<pthread_t> started;
  started.reserve(static_cast<std::size_t>(wanted));
  std::mutex together;
  {
    const std::scoped_lock hold(together);
    const auto wait = [](void* until) -> void* {
      const std::scoped_lock turn(*static_cast<std::mutex*>(until));
      return nullptr;
    };
    pthread_t thread{};
    while (std::ssize(started) + 1 < wanted && pthread_create(&thread, &attributes, wait, &together) == 0)
      started.push_back(thread);
  }
  for (const pthread_t thread : started) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return 1 + static_cast<int>(started.size());
}

// OpenMP ends the program if the system refuses it a thread, so each number of threads is first tried.
int usable_threads() {
  static std::mutex turn;
  static int tried = 1, usable = 1;
  const std::scoped_lock alone(turn);
  if (thread_count > tried) usable = startable(tried = thread_count);
  return std::min(thread_count, usable);
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
#elif defined(__aarch64__)
 public:
  FlushDenormals() { set(before_ | 1 << 24); }  // FZ: both of operands and of results
  ~FlushDenormals() { set(before_); }

 private:
  static std::uint64_t get() {
    std::uint64_t control = 0;
    asm volatile("mrs %0, fpcr" : "=r"(control) : : "memory");
    return control;
  }
  static void set(std::uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control) : "memory"); }
  const std::uint64_t before_ = get();
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
#pragma omp parallel for schedule(runtime) num_threads(usable_threads())
    for (std::size_t i = 0; i < chunks; ++i) run(i);
  }
  if (error) std::rethrow_exception(error);
  if (stopped) throw Interrupted();
}

}  // namespace banel
