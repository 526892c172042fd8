// Where the time of a training step goes: `banel bench --profile`.
#pragma once
#include <string>

#include "tasks/study/bench.h"

namespace banel {

// Time (of this thread, not of the wall) of each operation, forward and backward, beside its floor: its
// operations at the speed of sgemm or its bytes at the speed of the memory, whichever takes longer. Forward
// bytes are those of inputs and result, linear layers count 2 N K M operations; backward is twice both.
// Activations that stay in a cache may beat the floor of bytes.
Json bench_profile(const BenchSettings&);
std::string profile_markdown(const Json&);

}  // namespace banel
