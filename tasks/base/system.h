// The frame around a program: the machine it runs on, signals, standard streams, exit codes.
//
//   int main() {
//     return banel::run_program([] { return std::cout << banel::system_info().dump(2) << '\n', 0; });
//   }
#pragma once
#include <functional>

#include "nn/io/json.h"

namespace banel {

// Version, compiler and build flags of the program; CPU, cores and threads; the file, kernels and
// configuration of the OpenBLAS library in use; and which runs have the same bits.
Json system_info();

// Runs the program and returns its exit code, for main to return.
// - An exception becomes one line on stderr and the exit code of its class (tensor/check.h).
// - The first SIGINT (Ctrl-C), SIGTERM, SIGHUP (the terminal was closed) or SIGXCPU (ulimit -t) stops the
//   work at a safe point (tensor/parallel.h), the second stops it at once; both give exit code 130. A SIGHUP
//   that is ignored at the start, as under nohup, stays ignored.
// - A write to stdout that fails, because the disk is full or the reader has gone, ends the program with
//   exit code 4; so does any text for a stdout that was closed. SIGPIPE and SIGXFSZ are ignored, so that
//   failed writes come back as errors.
// - A descriptor 0, 1 or 2 that is closed is first opened on /dev/null, in the direction that makes its use
//   fail. Otherwise the first file the program opens would get that number, and messages would land in it.
// - Under a limit of the stack below 1 MiB (ulimit -s) it runs on a thread with a larger one.
int run_program(const std::function<int()>& program);

}  // namespace banel
