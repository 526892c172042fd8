// A network that is decoded has finite numbers only, and no more of them than the file.
#include <cmath>

#include "tests/system/fuzz/fuzz.h"
#include "nn/io/checkpoint.h"

using namespace banel;

FUZZ(bytes) {
  const Checkpoint checkpoint = decode_checkpoint(bytes, "fuzz");
  require(checkpoint.model.parameters.count() * sizeof(float) <= bytes.size());
  for (const real x : checkpoint.model.parameters.values) require(std::isfinite(x));
}
