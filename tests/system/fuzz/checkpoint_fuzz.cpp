// A network that is decoded has finite numbers only, and no more of them than the file.
#include <cmath>

#include "nn/io/checkpoint.h"
#include "tests/system/fuzz/fuzz.h"

using namespace banel;

FUZZ(bytes) {
  const Checkpoint checkpoint = decode_checkpoint(bytes, "fuzz");
  require(checkpoint.model.parameters.count() * sizeof(float) <= bytes.size());
  for (const real x : checkpoint.model.parameters.values) require(std::isfinite(x));
}
