#include "tasks/base/system.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tensor/blas.h"
#include "tensor/check.h"
#include "tensor/parallel.h"

namespace banel {

namespace {

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

volatile std::sig_atomic_t signals_seen = 0;

void on_signal(int) {
  if (signals_seen) _exit(130);
  signals_seen = 1;
  request_stop();
}

}  // namespace

nlohmann::ordered_json system_info() {
  const BlasInfo blas = blas_info();
  return {{"banel", BANEL_VERSION},
          {"compiler", __VERSION__},
          {"build", BANEL_BUILD},
          {"cpu", cpu_name()},
          {"cores", std::thread::hardware_concurrency()},
          {"threads", threads()},
          {"blas_library", blas.library},
          {"blas_kernels", blas.core},
          {"blas_kernels_chosen_by",
           blas.core_chosen_here ? "banel, for this CPU" : "OPENBLAS_CORETYPE or the library"},
          {"blas_config", blas.config},
          {"same_bits", "for every run and number of threads with the " + blas.core +
                            " kernels of this library; other kernels, libraries or CPU families may round "
                            "differently"}};
}

namespace {

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// One line on stderr for the exception that is being handled, and its exit code.
int report() {
  const auto fail = [](int code, const char* text) {
    std::cerr << "banel: " << text << '\n';
    return code;
  };
  try {
    throw;
  } catch (const Interrupted&) {
    return fail(130, "interrupted; the same command goes on where it stopped");
  } catch (const UsageError& error) {
    return fail(2, error.what());
  } catch (const InputError& error) {
    return fail(3, error.what());
  } catch (const IoError& error) {
    return fail(4, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(4, error.what());
  } catch (const VerificationError& error) {
    return fail(5, error.what());
  } catch (const BudgetError& error) {
    return fail(6, error.what());
  } catch (const std::bad_alloc&) {
    return fail(1,
                "out of memory; free some or use fewer --threads: the same command goes on where it stopped");
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

}  // namespace

int run_program(const std::function<int()>& program) {
#ifdef __GLIBC__
  // Memory that was given back is kept for the next call: getting caches and activations anew from the system
  // costs as much as a third of the time of sampling a few hundred strings.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
  // Where an exception may not pass, such as a destructor that needs memory (those of JSON values do), the
  // program ends like one that was killed, which every file survives.
  std::set_terminate([] { std::_Exit(std::current_exception() ? report() : 1); });
  try {
    stop_on_signals();
    return program();
  } catch (const std::exception&) {
    return report();
  }
}

}  // namespace banel
