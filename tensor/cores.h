// How many threads can compute at the same time.
#pragma once
#include <optional>
#include <string>

namespace banel {

// The cores of this process: those of the machine, or what OMP_NUM_THREADS and the CPU quota of its control
// group (a container, a batch system) leave of them, at least 1.
int usable_cores();

// The cores that a quota grants, rounded up. It is the text of Linux's cpu.max, microseconds of CPU time and
// those in which they may be used: "50000 100000" is half a core, so 1. Nothing for "max 100000" or
// "-1 100000", which grant all, and for any other text.
std::optional<int> granted_cores(const std::string& quota);

}  // namespace banel
