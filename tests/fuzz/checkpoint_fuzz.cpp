// Any bytes are either refused with InputError or are a network whose numbers are all finite and all in the file.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "nn/checkpoint.h"
#include "tensor/check.h"

using namespace banel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Checkpoint checkpoint = decode_checkpoint({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (checkpoint.model.parameters.count() * sizeof(float) > size) std::abort();
    for (const real x : checkpoint.model.parameters.values)
      if (!std::isfinite(x)) std::abort();
  } catch (const InputError&) {  // refused by name: what malformed input deserves
  }
  return 0;
}
