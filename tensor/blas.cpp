// OpenBLAS is loaded when the first product is computed, not linked, for one reason: which kernels it uses is
// decided while it loads. Debian's 0.3.21 does not recognise newer CPUs and falls back to its oldest kernels
// there (a Sapphire Rapids core ran at 33 instead of 150 GFLOP/s), so we name the kernel family first.
#include "tensor/blas.h"

#include <cblas.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tensor/check.h"
#include "tensor/kernels.h"
#include "tensor/simd.h"

namespace banel {

namespace {

#ifdef BANEL_DOUBLE
using Gemm = decltype(&cblas_dgemm);
constexpr const char* gemm_name = "cblas_dgemm";
#else
using Gemm = decltype(&cblas_sgemm);
constexpr const char* gemm_name = "cblas_sgemm";
#endif

const char*
best_core() {  // the newest kernel family of OpenBLAS 0.3.21 that this CPU can run; nullptr: let it choose
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

struct Library {
  void* handle = nullptr;
  Gemm gemm = nullptr;
  bool core_chosen_here = false, small_kernels = false;

  Library() {
    setenv("OPENBLAS_NUM_THREADS", "1", 1);  // parallelism is ours: see parallel.h
    if (const char* core = best_core(); core && !std::getenv("OPENBLAS_CORETYPE"))
      core_chosen_here = setenv("OPENBLAS_CORETYPE", core, 0) == 0;
    for (const char* file : {"libopenblas.so.0", "libopenblas.so"})
      if (!handle) handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    ENSURE_AS(handle, IoError, "OpenBLAS", dlerror() << "; install the package libopenblas0");
    gemm = symbol<Gemm>(gemm_name);
    small_kernels = std::strcmp(symbol<char* (*)()>("openblas_get_corename")(), "SkylakeX") == 0;
  }

  template <class Function>
  Function symbol(const char* name) const {
    void* address = dlsym(handle, name);
    ENSURE_AS(address, IoError, "OpenBLAS",
              "the library has no function " << name << "; install the package libopenblas0");
    return reinterpret_cast<Function>(address);
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

// OpenBLAS's kernels for AVX-512 read the operands where they are in products of up to 10^6 multiplications,
// and copy them first in larger ones. A larger product in blocks of that size is up to 1.2 times as fast, if
// they have some rows, and those of b, where it is used as it is stored, are not far apart. No rows: it would
// not be faster, or the kernels are others. No sum is split, which keeps the bits.
struct Block {
  Index rows, columns;
};
Block block_in_place(Index n, Index k, bool both_as_stored) {
  constexpr Index most = 1'000'000, step = 16, narrow = 128, far_apart = 256;
  if (!library().small_kernels || k == 0 || (both_as_stored && n >= far_apart)) return {0, n};
  const Index columns = both_as_stored || most / (n * k) >= min_gemm_rows ? n : std::min(n, narrow);
  const Index rows = most / (columns * k) / step * step;
  return {rows < min_gemm_rows ? 0 : rows, columns};
}

}  // namespace

void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, const real* a, const real* b, real beta,
          real* c) {
  if (m == 0 || n == 0) return;
  const auto blas = [](Index i) { return static_cast<int>(i); };
  Block block = block_in_place(n, k, ta == Transpose::no && tb == Transpose::no);
  Index ld = tb == Transpose::yes ? k : n;
  if (tb == Transpose::yes && block.rows > 0 &&
      m >= min_gemm_rows) {  // faster, copy and all, than reading b across
    thread_local Reals upright;
    ld = simd::round_up(n) +
         simd::width;  // rows a power of two apart would meet in the same part of the cache
    upright.resize(static_cast<std::size_t>(k * ld));
    kernels::transpose(b, n, k, k, upright.data(), ld);
    b = upright.data(), tb = Transpose::no;
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
  return info;
}

}  // namespace banel
