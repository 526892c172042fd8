// What all fuzz targets share: input that is not valid must be refused with the error for it, and by nothing else.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tensor/check.h"

// FUZZ(bytes) { ... }: the body of a target. A failed `require` or any error but InputError is a finding.
#define FUZZ(bytes)                                                               \
  static void fuzz(std::string_view bytes);                                       \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n) { \
    try {                                                                         \
      fuzz({reinterpret_cast<const char*>(data), n});                             \
    } catch (const banel::InputError&) {                                          \
    }                                                                             \
    return 0;                                                                     \
  }                                                                               \
  static void fuzz(std::string_view bytes)

inline void require(bool condition) {
  if (!condition) std::abort();
}
