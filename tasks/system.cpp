#include "tasks/system.h"

#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tensor/blas.h"
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

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace banel
