// The only parallelism of the project. Work is cut into chunks that depend on the problem, never on the
// number of threads, and each chunk writes to its own output: the bits are the same for any number of
// threads.
//
//   std::vector<double> squares(n);
//   parallel_for(n, [&](std::size_t i) { squares[i] = x[i] * x[i]; });
//
// What holds for the libraries banel::tensor and banel::nn:
//   Threads  Calls on different objects (Tape, GPT, Trainer, ...) may run at the same time. Calls on one
//            object may only if all of them take it as const. set_threads() must not run beside any other.
//   fork     If the parent computed on several threads before the fork, the child computes on one, with the
//            same bits: OpenMP's threads do not survive a fork. Do not fork inside parallel_for.
//   Environ  The first matrix product sets OPENBLAS_NUM_THREADS and OPENBLAS_CORETYPE; meanwhile no other
//            thread may read the environment. blas_info() (blas.h) does it at a time of your choice.
//   Signals  Only request_stop() may be called from a signal handler.
//   Errors   What a function throws stands at its declaration; the classes are in check.h.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>

namespace banel {

// The number of threads of parallel_for, 1..1024 (UsageError); at first usable_cores() (cores.h). Where the
// system refuses so many (ulimit -u, ulimit -v, OMP_STACKSIZE), fewer do the work.
void set_threads(int n);
int threads();  // 1 in a child process that computes on one thread

// After request_stop() parallel_for starts no further chunk and throws Interrupted; what it was computing is
// incomplete and must not be used. It cannot be taken back.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};
void request_stop() noexcept;
void check_stop();  // throws Interrupted after request_stop(); for long loops without a parallel_for

// free_first: a chunk goes to the thread that is free first; for chunks of different length.
// same_parts: each thread gets the same chunks in every call, so what it wrote in one step is in its cache in
// the next.
enum class Share { free_first, same_parts };

// parallel_for without the template: a function and its data, so that a training step allocates no memory.
void run_chunks(std::size_t chunks, void (*body)(const void* data, std::size_t chunk), const void* data,
                Share);

// Calls body(0), ..., body(chunks - 1), each once, on any thread and in any order, and returns when all have
// ended. Meanwhile numbers below 1e-38 count as 0. Errors: the first exception of a body, after all chunks
// have ended; Interrupted. Inside another parallel_for the chunks run one after the other.
template <class Body>
void parallel_for(std::size_t chunks, const Body& body, Share share = Share::free_first) {
  run_chunks(
      chunks, [](const void* b, std::size_t i) { (*static_cast<const Body*>(b))(i); }, &body, share);
}

// How long calls report progress: on_progress(done, total) with done rising to total. It is called from any
// thread, but never from two at once. An exception that it throws ends the call and is thrown from there.
using OnProgress = std::function<void(std::size_t done, std::size_t total)>;

class ProgressCount {
 public:
  ProgressCount(const OnProgress& on_progress, std::size_t total)
      : on_progress_(on_progress), total_(total) {}
  void add(std::size_t more) {
    if (!on_progress_ || more == 0) return;
    const std::lock_guard lock(mutex_);
    on_progress_(done_ += more, total_);
  }

 private:
  const OnProgress& on_progress_;
  std::mutex mutex_;
  std::size_t done_ = 0, total_;
};

// Calls body(first, count, workspace) for the groups first..first+count-1 of at most `size` of `items` items.
// A thread makes one workspace with make_workspace() and uses it for all its groups, so its memory stays in
// the cache. After an exception no further group starts. Errors: as parallel_for.
template <class MakeWorkspace, class Body>
void parallel_for_groups(std::size_t items, std::size_t size, MakeWorkspace make_workspace, Body body) {
  const std::size_t groups = (items + size - 1) / size;
  std::atomic<std::size_t> next = 0;
  parallel_for(std::min(groups, static_cast<std::size_t>(threads())), [&](std::size_t) {
    try {
      std::size_t g = next++;
      if (g >= groups) return;
      auto workspace = make_workspace();
      for (; g < groups; g = next++) {
        check_stop();
        body(g * size, std::min(size, items - g * size), workspace);
      }
    } catch (...) {
      next = groups;
      throw;
    }
  });
}

}  // namespace banel
