// OpenBLAS is loaded when the first product is computed, not linked, for one reason: which kernels it uses is
// decided while it loads. Debian's 0.3.21 does not recognise newer CPUs and falls back to its oldest kernels
// there (a Sapphire Rapids core ran at 33 instead of 150 GFLOP/s), so we name the kernel family first.
#include "tensor/blas.h"

#include <cblas.h>
#include <dlfcn.h>

#include <cstdlib>

#include "tensor/check.h"

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
  bool core_chosen_here = false;

  Library() {
    setenv("OPENBLAS_NUM_THREADS", "1", 1);  // parallelism is ours: see parallel.h
    if (const char* core = best_core(); core && !std::getenv("OPENBLAS_CORETYPE"))
      core_chosen_here = setenv("OPENBLAS_CORETYPE", core, 0) == 0;
    for (const char* file : {"libopenblas.so.0", "libopenblas.so"})
      if (!handle) handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    ENSURE_AS(handle, IoError, "OpenBLAS", dlerror() << "; install the package libopenblas0");
    gemm = symbol<Gemm>(gemm_name);
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

}  // namespace

void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, const real* a, const real* b, real beta,
          real* c) {
  if (m == 0 || n == 0) return;
  const auto blas = [](Index i) { return static_cast<int>(i); };
  library().gemm(CblasRowMajor, ta == Transpose::yes ? CblasTrans : CblasNoTrans,
                 tb == Transpose::yes ? CblasTrans : CblasNoTrans, blas(m), blas(n), blas(k), 1, a,
                 blas(ta == Transpose::yes ? m : k), b, blas(tb == Transpose::yes ? k : n), beta, c, blas(n));
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
