// The only parallelism of the project: independent chunks of work, chosen by the problem and never by the
// number of threads. Each chunk writes its own output, so the bits are the same for any number of threads.
#pragma once
#include <cstddef>
#include <exception>

namespace banel {

void set_threads(int n);  // threads of parallel_for, >= 1; the default is one per core
int threads();

// After request_stop() (safe in a signal handler) parallel_for starts no further chunk and throws
// Interrupted; what it was computing is incomplete and must not be used. All long computations pass through
// it, and no file is written inside it but by attacks side by side, which pass through their own: nothing is
// half written.
struct Interrupted : std::exception {
  const char* what() const noexcept override { return "interrupted"; }
};
void request_stop() noexcept;
void check_stop();  // throws Interrupted after request_stop(); for long loops without a parallel_for

// How chunks are handed out: each to the thread that is free first, for work of different length, or to every
// thread its part, the same in each call: what a thread wrote in one step is in its cache in the next.
enum class Share { free_first, same_parts };

// What is behind parallel_for: a plain function and its data, so that a training step allocates nothing.
void run_chunks(std::size_t chunks, void (*body)(const void* data, std::size_t chunk), const void* data,
                Share);

// Calls body(0) ... body(chunks-1), each once, with denormal numbers flushed to zero, on any thread and in
// any order. The first exception is rethrown after all chunks ended. Inside another parallel_for the chunks
// run one after the other.
template <class Body>
void parallel_for(std::size_t chunks, const Body& body, Share share = Share::free_first) {
  run_chunks(
      chunks, [](const void* b, std::size_t i) { (*static_cast<const Body*>(b))(i); }, &body, share);
}

}  // namespace banel
