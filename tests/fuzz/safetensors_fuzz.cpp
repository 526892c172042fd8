// libFuzzer target: any bytes are either refused with InputError or decode to a file that survives a round
// trip.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "nn/safetensors.h"
#include "tensor/check.h"

using namespace banel;

static bool same(const TensorFile& a, const TensorFile& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    const NamedTensor &x = a.tensors[i], &y = b.tensors[i];
    if (x.name != y.name || x.shape != y.shape || x.values.size() != y.values.size()) return false;
    for (std::size_t j = 0; j < x.values.size(); ++j)  // bit for bit, so that NaN equals itself
      if (std::memcmp(&x.values[j], &y.values[j], sizeof(float)) != 0) return false;
  }
  return true;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const TensorFile file = decode_safetensors(bytes, "fuzz");
    if (!same(decode_safetensors(encode_safetensors(file), "again"), file)) std::abort();
  } catch (const InputError&) {  // refused by name: what malformed input deserves
  }
  return 0;
}
