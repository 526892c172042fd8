// Any bytes are either refused with InputError or a value that is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "nn/json.h"
#include "tensor/check.h"

using namespace banel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Json value = parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (parse_json(value.dump(), "again") != value) std::abort();
  } catch (const InputError&) {  // refused by name: what malformed input deserves
  }
  return 0;
}
