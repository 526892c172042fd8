// What the program is and where it runs.
#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>

namespace banel {

// version, compiler, build flags, CPU, cores, threads, OpenBLAS file, its kernels and its own description.
nlohmann::ordered_json system_info();

// Runs a program to its exit code. Ctrl-C and SIGTERM end the work in hand at a safe point (see parallel.h),
// the second one ends at once, exit 130 in both cases. What is thrown becomes one line on stderr and the exit
// code of its class.
int run_program(const std::function<int()>& program);

}  // namespace banel
