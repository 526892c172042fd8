// OpenBLAS is not linked but loaded for the first product, because it chooses its kernels while it loads.
// Version 0.3.21 does not know newer CPUs and falls back to its oldest kernels there (on a Sapphire Rapids
// core 33 GFLOP/s instead of 150), so we set OPENBLAS_CORETYPE first.
#include "tensor/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <set>
#include <vector>

#include "tensor/check.h"
#include "tensor/kernels/kernels.h"
#include "tensor/kernels/simd.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

#ifdef BANEL_DOUBLE
using Gemm = decltype(&cblas_dgemm);
constexpr const char* gemm_name = "cblas_dgemm";
#else
using Gemm = decltype(&cblas_sgemm);
constexpr const char* gemm_name = "cblas_sgemm";
#endif

// The newest family of kernels of OpenBLAS 0.3.21 that this CPU can run; nullptr: let OpenBLAS choose.
const char* best_core() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BANEL_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BANEL_SANITIZED
#endif
#endif

// Its functions call each other, not those of another OpenBLAS that the host has loaded before.
#if defined(BANEL_SANITIZED) || !defined(RTLD_DEEPBIND)
constexpr int own_symbols = 0;  // sanitizers refuse it
#else
constexpr int own_symbols = RTLD_DEEPBIND;
#endif

struct Library {
  void* handle = nullptr;
  Gemm gemm = nullptr;
  bool core_chosen_here = false, has_small_kernels = false, serial = false;

  Library() {
    setenv("OPENBLAS_NUM_THREADS", "1", 1);  // all parallelism is that of parallel.h
    if (const char* core = best_core(); core && !std::getenv("OPENBLAS_CORETYPE"))
      core_chosen_here = setenv("OPENBLAS_CORETYPE", core, 0) == 0;
    std::string error;
    for (const char* file : {"libopenblas.so.0", "libopenblas.so"})
      if (!handle && !(handle = dlopen(file, RTLD_NOW | RTLD_LOCAL | own_symbols)) && error.empty())
        error = dlerror();
    ENSURE_AS(handle, IoError, "OpenBLAS",
              error << "; install the package libopenblas0, or raise the limits of memory and open files "
                       "(ulimit -v, ulimit -n)");
    gemm = symbol<Gemm>(gemm_name);
    const std::string core = symbol<char* (*)()>("openblas_get_corename")();
    core_chosen_here = core_chosen_here && core == best_core();  // the host may have loaded it before
    has_small_kernels = core == "SkylakeX";
    serial = symbol<int (*)()>("openblas_get_parallel")() == 0;
    ENSURE_AS(!std::strstr(symbol<char* (*)()>("openblas_get_config")(), "USE64BITINT"), IoError, "OpenBLAS",
              "this library counts in 64 bits; install the package libopenblas0-pthread");
  }

  template <class Function>
  Function optional_symbol(const char* name) const {  // nullptr if there is none
    return reinterpret_cast<Function>(dlsym(handle, name));
  }

  template <class Function>
  Function symbol(const char* name) const {
    const auto function = optional_symbol<Function>(name);
    ENSURE_AS(function, IoError, "OpenBLAS",
              "the library has no function " << name << "; install the package libopenblas0");
    return function;
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

// OpenBLAS keeps a buffer for each product that runs at the same time, and asks for one for ever if the
// system has no memory left for it (ulimit -v). So every thread that multiplies holds a Buffer, which sees to
// one more of them or throws std::bad_alloc. The first one sees to those of all threads, as far as there is
// memory: once others multiply, one of them could take what was left while a buffer is made. Not to those of
// hundreds: OpenBLAS has so many buffers only (Debian's: 256), and most of so many threads never multiply.
class Buffer {
 public:
  Buffer() {
    const std::lock_guard lock(mutex_);
    const auto take = library().optional_symbol<void* (*)(int)>("blas_memory_alloc");
    const auto give_back = library().optional_symbol<void (*)(void*)>("blas_memory_free");
    if (take && give_back) {
      std::vector<void*> taken;  // at the same time, so that they differ
      constexpr int most_at_once = 64;
      const std::size_t wanted =
          std::max(users_ + 1, static_cast<std::size_t>(std::min(threads(), most_at_once)));
      while (made_.size() < wanted && is_memory_left()) {
        taken.push_back(take(0));
        made_.insert(taken.back());
      }
      for (void* buffer : taken) give_back(buffer);
      if (made_.size() <= users_) throw std::bad_alloc();
    }
    ++users_;
  }
  ~Buffer() {
    const std::lock_guard lock(mutex_);
    --users_;
  }

  // To be held during a product: a serial OpenBLAS computes one at a time.
  std::unique_lock<std::mutex> turn() const {
    return library().serial ? std::unique_lock(mutex_) : std::unique_lock<std::mutex>();
  }

 private:
  static bool is_memory_left() {
    constexpr std::size_t bytes = 136 << 20;  // OpenBLAS asks for 128 MiB and a page or two
    void* const probe = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED) return false;
    munmap(probe, bytes);
    return true;
  }

  inline static std::mutex mutex_;
  inline static std::set<void*> made_;
  inline static std::size_t users_ = 0;
};

// OpenBLAS's AVX-512 kernels read the operands in place for products of up to 10^6 multiplications and copy
// them for larger ones. So a large product is up to 1.2 times as fast in blocks of C of that size, if a block
// has enough rows and B is not read with a long stride. 0 rows: blocks do not pay. Only C is cut, no sum, so
// the bits stay.
struct Block {
  Index rows, columns;
};
Block small_kernel_block(Index n, Index k, bool neither_transposed) {
  constexpr Index max_multiplications = 1'000'000, row_step = 16, narrow = 128, long_stride = 256;
  if (!library().has_small_kernels || k == 0 || (neither_transposed && n >= long_stride)) return {0, n};
  const bool full_width = neither_transposed || max_multiplications / (n * k) >= min_gemm_rows;
  const Index columns = full_width ? n : std::min(n, narrow);
  const Index rows = max_multiplications / (columns * k) / row_step * row_step;
  return {rows < min_gemm_rows ? 0 : rows, columns};
}

}  // namespace

void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, const real* a, const real* b, real beta,
          real* c) {
  if (m == 0 || n == 0) return;
  thread_local const Buffer mine;
  const auto turn = mine.turn();
  const auto blas = [](Index i) { return static_cast<int>(i); };
  Block block = small_kernel_block(n, k, ta == Transpose::no && tb == Transpose::no);
  Index ld = tb == Transpose::yes ? k : n;
  if (tb == Transpose::yes && block.rows > 0 && m >= min_gemm_rows) {  // a transposed copy of B pays
    thread_local Reals transposed;
    ld = simd::round_up(n) + simd::width;  // rows a power of two apart would compete for the same cache lines
    transposed.resize(static_cast<std::size_t>(k * ld));
    kernels::transpose(b, n, k, k, transposed.data(), ld);
    b = transposed.data(), tb = Transpose::no;
  }
  if (block.rows == 0 || tb == Transpose::yes) block = {m, n};
  for (Index j = 0; j < n; j += block.columns)
    for (Index i = 0; i < m; i += block.rows)
      library().gemm(CblasRowMajor, ta == Transpose::yes ? CblasTrans : CblasNoTrans,
                     tb == Transpose::yes ? CblasTrans : CblasNoTrans, blas(std::min(block.rows, m - i)),
                     blas(std::min(block.columns, n - j)), blas(k), 1, a + i * (ta == Transpose::yes ? 1 : k),
                     blas(ta == Transpose::yes ? m : k), b + j, blas(ld), beta, c + i * n + j, blas(n));
}

BlasInfo blas_info() {
  BlasInfo info;
  Dl_info where{};
  if (dladdr(reinterpret_cast<void*>(library().gemm), &where) && where.dli_fname)
    info.library = where.dli_fname;
  info.config = library().symbol<char* (*)()>("openblas_get_config")();
  info.core = library().symbol<char* (*)()>("openblas_get_corename")();
  info.core_chosen_here = library().core_chosen_here;
  info.serial = library().serial;
  return info;
}

}  // namespace banel
