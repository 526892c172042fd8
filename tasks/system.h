// What the program is and where it runs.
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace banel {

// version, compiler, build flags, CPU, cores, threads, OpenBLAS file, its kernels and its own description.
nlohmann::ordered_json system_info();

// Ctrl-C and SIGTERM end the work in hand at a safe point (see parallel.h); the second signal ends at once,
// exit 130.
void stop_on_signals();

}  // namespace banel
