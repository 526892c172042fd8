// What all fuzz targets share: input that is not valid must be refused with the error for it, and by nothing
// else.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tensor/check.h"

// FUZZ(bytes) { ... }: the body of a target. A failed `require` or any error but InputError is a finding.
#define FUZZ(bytes)                                                                \
  static void fuzz(std::string_view bytes);                                        \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n) { \
    try {                                                                          \
      fuzz({reinterpret_cast<const char*>(data), n});                              \
    } catch (const banel::InputError&) {                                           \
    }                                                                              \
    return 0;                                                                      \
  }                                                                                \
  static void fuzz(std::string_view bytes)

inline void require(bool condition) {
  if (!condition) std::abort();
}

// The path of a file in memory with these bytes, the same one for every input.
inline std::string file_of(std::string_view bytes) {
  static const int file = memfd_create("input", 0);
  require(ftruncate(file, 0) == 0 &&
          pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return "/proc/self/fd/" + std::to_string(file);
}
