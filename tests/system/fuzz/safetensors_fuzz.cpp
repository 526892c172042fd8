// Whatever is decoded survives a round trip.
#include <cstring>

#include "nn/io/safetensors.h"
#include "tests/system/fuzz/fuzz.h"

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

FUZZ(bytes) {
  const TensorFile file = decode_safetensors(bytes, "fuzz");
  require(same(decode_safetensors(encode_safetensors(file), "again"), file));
}
